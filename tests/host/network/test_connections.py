"""Every form in which synapses are given makes the matrix that it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import spikeloom
from spikeloom import IF, LIF, Network, PairSTDP
from spikeloom.hdl.contract.errors import InputError

RULE = PairSTDP(tau_plus=20e-3, tau_minus=20e-3, a_plus=0.01, a_minus=0.01, w_max=1.0)


def made(sources=3, targets=4, **options):
    net = Network(**options)
    return net, net.input("eye", sources), net.population("cells", targets, LIF(tau_mem=20e-3))


def connected(*args, sources=3, targets=4, **options):
    net, eye, cells = made(sources, targets)
    return net.connect(eye, cells, *args, **options)


def test_faults_33_a_number_is_for_all():
    assert np.array_equal(connected(0.5).weights, np.full((3, 4), 0.5))
    assert np.array_equal(connected(np.float32(2)).weights, np.full((3, 4), 2.0))


def test_faults_33_one_to_one():
    for arguments in (("one_to_one",), {"weight": 0.5}), ((spikeloom.one_to_one(0.5),), {}):
        given, options = arguments
        assert np.array_equal(connected(*given, targets=3, **options).weights, 0.5 * np.eye(3))
    with pytest.raises(InputError, match=r"one size.*3 and 4"):
        connected("one_to_one", weight=0.5)
    with pytest.raises(InputError, match="needs the weight"):
        connected("one_to_one", targets=3)
    with pytest.raises(InputError, match="weight is for"):
        connected(0.5, weight=1.0)
    with pytest.raises(InputError, match=r"'all_to_all'.*one_to_one"):
        connected("all_to_all")


def test_faults_33_random_connections_are_those_of_their_seed():
    def drawn(p=0.3, seed=1, **more):
        pattern = spikeloom.random_connections(p, 0.5, seed=seed, **more)
        return connected(pattern, sources=60, targets=60).weights

    assert np.array_equal(drawn(), drawn())
    assert not np.array_equal(drawn(), drawn(seed=2))
    assert np.mean(drawn() != 0) == pytest.approx(0.3, abs=0.05)
    assert not drawn(p=0.0).any()
    assert drawn(p=1.0).all()
    assert not np.diagonal(drawn(p=1.0, to_itself=False)).any()
    between = spikeloom.random_connections(1.0, (0.2, 0.4), seed=3).synapses(30, 30)[0]
    assert between.min() >= 0.2
    assert between.max() <= 0.4
    assert np.ptp(between) > 0.15


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"p": 1.5}, "p is 1.5"), ({"p": np.nan}, "p is nan"), ({"p": "x"}, "p is 'x'"),
        ({"weight": np.inf}, "weight is inf"), ({"weight": (2, 1)}, "pair"), ({"weight": (1,)}, "pair"),
        ({"seed": -1}, "seed is -1"), ({"seed": 0.5}, "seed is 0.5"), ({"seed": True}, "seed is True"),
    ],
)  # fmt: skip
def test_random_connections_that_make_no_sense(arguments, match):
    with pytest.raises(InputError, match=match):
        spikeloom.random_connections(**{"p": 0.5, "weight": 1.0, "seed": 1, **arguments})


matrices = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.floats(-2, 2)),
    unique_by=lambda row: row[:2], min_size=1,
)  # fmt: skip


@given(matrices, st.sampled_from(["coo", "csr", "csc", "lil", "array", "tuples", "post_pre"]))
def test_faults_33_sparse_matrices_and_triples_are_matrices(rows, form):
    i, j, w = (np.array(column) for column in zip(*rows, strict=True))
    dense = np.zeros((3, 4))
    dense[i, j] = w
    matrix = sparse.coo_matrix((w, (i, j)), shape=(3, 4))
    if form == "tuples":
        found = connected(rows)
    elif form == "post_pre":
        found = connected(weights_post_pre=matrix.T.tocsr())
    elif form == "array":
        found = connected(sparse.coo_array(matrix))
    else:
        found = connected(matrix.asformat(form))
    assert np.array_equal(found.weights, dense)


def test_entries_of_a_sparse_matrix_add_up_as_scipy_has_them():
    matrix = sparse.coo_matrix(([0.5, 0.25], ([1, 1], [2, 2])), shape=(3, 4))
    assert connected(matrix).weights[1, 2] == 0.75


def test_tuples_have_delays():
    found = connected([(0, 1, 0.5, 3e-3), (2, 3, -1.0, 0.0)])
    assert found.delays[0, 1] == 3
    assert found.delays.sum() == 3
    net, _, cells = made()
    out = net.population("out", 2, IF())
    assert net.connect(cells, out, [(0, 1, 0.5, 3e-3)]).delays[0, 1] == 2
    with pytest.raises(InputError, match="delays of their own"):
        connected([(0, 1, 0.5, 3e-3)], delay=1e-3)


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([(3, 0, 0.5)], r"\(3, 0, 0.5\).*eye has neurons 0…2"),
        ([(0, 4, 0.5)], "cells has neurons 0…3"),
        ([(-1, 0, 0.5)], "0…2"),
        ([(0.5, 0.5, 0.5)], "a matrix is an array or a list of lists"),
        ([(True, 0, 0.5)], "0…2"),
        ([(0, 0, np.nan)], "weight is nan"),
        ([(0, 0, "x")], "weight is 'x'"),
        ([(0, 0, 0.5), (0, 0, 0.25)], "from 0 to 0 is there twice"),
        ([(0, 0)], "2 numbers; give tuples"),
        ([(0, 0, 0.5), (0, 1, 0.5, 1e-3)], "3, 4 numbers"),
        ([(0, 0, 0.5, None)], "give seconds"),
    ],
)
def test_tuples_that_are_no_synapses(rows, match):
    with pytest.raises(InputError, match=match):
        connected(rows)


def test_faults_33_every_message_about_a_shape_names_the_orientation():
    with pytest.raises(
        InputError,
        match=r"shape \(4, 3\); from eye \(3\) to cells \(4\) give \(3, 4\), \(source, target\), "
        "pre × post: a row for each source. They fit the other way round.*weights_post_pre",
    ):
        connected(np.ones((4, 3)))
    with pytest.raises(InputError, match=r"give \(4, 3\), \(target, source\), post × pre"):
        connected(weights_post_pre=np.ones((3, 4)))
    for wrong in (np.ones(4), np.ones((3, 5)), [[1], [1, 2]], sparse.coo_matrix(np.ones((4, 3)))):
        with pytest.raises(InputError, match="pre × post"):
            connected(wrong)


def test_faults_33_a_square_matrix_may_be_given_post_by_pre():
    matrix = np.arange(9.0).reshape(3, 3)
    assert np.array_equal(connected(matrix, targets=3).weights, matrix)
    net, eye, cells = made(3, 3, learning=RULE)
    learns, delay = matrix > 4, matrix * 1e-3
    found = net.connect(eye, cells, weights_post_pre=matrix, plastic=learns, delay=delay)
    assert np.array_equal(found.weights, matrix.T)
    assert np.array_equal(found.plastic, learns.T)
    assert np.array_equal(found.delays, matrix.T.astype(int))
    for wrong in ({}, {"weights": matrix, "weights_post_pre": matrix}):
        with pytest.raises(InputError, match="one of the two"):
            net.connect(eye, cells, **wrong)


@pytest.mark.parametrize(
    "form",
    [
        [(0, 1, 0.5), (2, 3, 0.0)],
        sparse.coo_matrix(([0.5, 0.0], ([0, 2], [1, 3])), shape=(3, 4)),
    ],
)
def test_plastic_stands_for_the_synapses_that_there_are(form):
    net, eye, cells = made(learning=RULE)
    found = net.connect(eye, cells, form, plastic=True)
    assert np.argwhere(found.plastic).tolist() == [[0, 1], [2, 3]]
    assert net.connect(eye, cells, np.zeros((3, 4)), plastic=True).plastic.all()


def test_faults_33_a_rule_needs_its_largest_weight_alone():
    rule = PairSTDP(w_max=2.0)
    assert (rule.tau_plus, rule.tau_minus) == (0.02, 0.02)
    assert (rule.a_plus, rule.a_minus) == pytest.approx((0.02, 0.021))
    soft = PairSTDP(w_max=2.0, bounds="soft", a_minus=0.02)
    assert (soft.a_plus, soft.a_minus) == (0.01, 0.02)
    net, eye, cells = made(learning=rule)
    net.connect(eye, cells, 0.5, plastic=True)
    assert spikeloom.compile(net).config.learning.rule == "pair"
    for wrong in ({"w_max": "x"}, {"w_max": 1.0, "a_plus": "x"}):
        with pytest.raises(InputError):
            PairSTDP(**wrong)
