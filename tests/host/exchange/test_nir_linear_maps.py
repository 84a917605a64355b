"""Linear nodes as matrices are what plain loops over outputs and kernels give."""

import nir
import nir_reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom import ForeignNetworkError
from spikeloom.exchange.nir.linear_maps import linear_map, output_shape
from spikeloom.exchange.nir.raw import Node, raw_graph
from spikeloom.exchange.sparse import Sparse

few = settings(max_examples=60, deadline=None)


def node_of(item):
    graph = raw_graph(item)
    return graph.nodes["node"]


def check(item, shape, want=None, seed=0):
    """The node's map of a random input is what the loops give, in shape and values."""
    x = np.random.default_rng(seed).normal(size=shape)
    node = node_of(item)
    got = linear_map(node, shape)
    want = nir_reference.linear(item, x) if want is None else want(x)
    assert output_shape(node, shape) == want.shape
    assert got.matrix.shape == (want.size, x.size)
    assert np.allclose(got.matrix.applied(x.ravel()) + got.bias, want.ravel())
    assert np.allclose(got.matrix.dense() @ x.ravel() + got.bias, want.ravel())


@st.composite
def convolutions(draw, dimensions=2):
    groups = draw(st.integers(1, 3))
    outputs, inputs = groups * draw(st.integers(1, 2)), draw(st.integers(1, 2))
    kernel = [draw(st.integers(1, 3)) for _ in range(dimensions)]
    dilation = [draw(st.integers(1, 2)) for _ in range(dimensions)]
    stride = [draw(st.integers(1, 3)) for _ in range(dimensions)]
    padding = [draw(st.integers(0, 2)) for _ in range(dimensions)]
    area = [
        max(1, d * (k - 1) + 1 - 2 * p) + draw(st.integers(0, 4))
        for d, k, p in zip(dilation, kernel, padding, strict=True)
    ]
    r = np.random.default_rng(draw(st.integers(0, 99)))
    weight = r.normal(size=(outputs, inputs, *kernel)) * (
        r.random((outputs, inputs, *kernel)) < 0.8
    )
    return (
        (inputs * groups, *area),
        weight,
        stride,
        padding,
        dilation,
        groups,
        r.normal(size=outputs),
    )


@few
@given(convolutions())
def test_convolutions_in_two_dimensions(case):
    shape, weight, stride, padding, dilation, groups, bias = case
    check(
        nir.Conv2d(None, weight, tuple(stride), tuple(padding), tuple(dilation), groups, bias),
        shape,
    )


@few
@given(convolutions(1))
def test_convolutions_in_one_dimension(case):
    shape, weight, stride, padding, dilation, groups, bias = case
    check(nir.Conv1d(None, weight, stride[0], padding[0], dilation[0], groups, bias), shape)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dilation", [1, 2])
def test_padding_by_name_is_pytorchs(kernel, dilation):
    weight, shape = np.arange(1.0, kernel + 1).reshape(1, 1, kernel), (1, 9)
    total = dilation * (kernel - 1)

    def same(x):
        full = np.pad(x[0], (total // 2, total - total // 2))
        taps = [weight[0, 0, k] * full[k * dilation : k * dilation + 9] for k in range(kernel)]
        return np.sum(taps, axis=0)[None]

    check(nir.Conv1d(9, weight, 1, "same", dilation, 1, np.zeros(1)), shape, same)
    valid = nir.Conv1d(9, weight, 1, 0, dilation, 1, np.zeros(1))
    if total < 9:
        check(nir.Conv1d(9, weight, 1, "valid", dilation, 1, np.zeros(1)), shape,
              lambda x: nir_reference.linear(valid, x))  # fmt: skip


@few
@given(
    st.sampled_from([nir.SumPool2d, nir.AvgPool2d]), st.tuples(*[st.integers(1, 3)] * 2),
    st.tuples(*[st.integers(1, 3)] * 2), st.tuples(*[st.integers(0, 1)] * 2),
    st.tuples(st.integers(1, 3), st.integers(3, 6), st.integers(3, 6)),
)  # fmt: skip
def test_pools(kind, kernel, stride, padding, shape):
    check(kind(np.array(kernel), np.array(stride), np.array(padding)), shape)


def test_a_pool_with_single_numbers():
    check(nir.SumPool2d(np.array(2), np.array(2), np.array(0)), (2, 4, 4))


def test_affine_linear_and_scale():
    r = np.random.default_rng(1)
    check(nir.Affine(r.normal(size=(4, 3)), r.normal(size=4)), (3,))
    check(nir.Linear(r.normal(size=(4, 3))), (3,))
    check(nir.Scale(r.normal(size=(2, 3))), (2, 3))
    batch = r.normal(size=(2, 4, 3))
    check(nir.Linear(batch), (2, 3), lambda x: np.einsum("boi,bi->bo", batch, x))


@pytest.mark.parametrize(
    ("start", "end", "shape"),
    [
        (0, -1, (24,)),
        (1, -1, (2, 12)),
        (0, 1, (6, 4)),
        (1, 2, (2, 12)),
        (-2, -1, (2, 12)),
        (3, 5, (24,)),
    ],
)
def test_flatten_keeps_the_order(start, end, shape):
    node = Node("flat", "Flatten", {"start_dim": np.array(start), "end_dim": np.array(end)})
    assert output_shape(node, (2, 3, 4)) == shape
    assert np.array_equal(linear_map(node, (2, 3, 4)).matrix.dense(), np.eye(24))


def test_too_many_synapses_are_refused_before_they_are_made():
    weight = np.ones((64, 64, 9, 9))
    node = node_of(nir.Conv2d((64, 64), weight, 1, 4, 1, 1, np.zeros(64)))
    with pytest.raises(ForeignNetworkError, match="would be 1358954496 synapses"):
        linear_map(node, (64, 64, 64))


@few
@given(st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_products_and_sums_of_sparse_matrices(seed, p, q):
    r = np.random.default_rng(seed)
    n, k, m = r.integers(1, 9, 3)
    a = r.normal(size=(n, k)) * (r.random((n, k)) < p)
    b = r.normal(size=(k, m)) * (r.random((k, m)) < q)
    left, right = Sparse.of(a), Sparse.of(b)
    assert np.allclose((left @ right).dense(), a @ b)
    assert np.allclose((left + left.scaled(np.arange(n) - 1.0)).dense(), a * np.arange(n)[:, None])
    keep = r.random(n) < 0.5
    assert np.array_equal(left.at_rows(keep).dense(), a * keep[:, None])
    # With several entries at one place.
    doubled = Sparse(left.shape, *(np.tile(x, 9) for x in (left.rows, left.columns, left.values)))
    assert np.allclose((doubled @ right).dense(), 9 * a @ b)
