"""Views of weights, parameters and states: what a NumPy array would do, on every device."""

import operator
import re

import numpy as np
import pytest
from designs import CONFIG, DESIGN, learning_config, make_design
from fake_board import FakeBoard
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeloom.design.design import Design
from spikeloom.device.array_view import ArrayView
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, Image, ImageError
from spikeloom.hdl.contract.errors import InputError, LinkError
from spikeloom.link.link import Link


def open_device(kind, design=DESIGN):
    if kind == "golden":
        return GoldenDevice(design)
    fake = FakeBoard(design.config, window=2048, appetite=10_000)
    board = Board(Link(fake), design)
    board.fake = fake
    board.load()
    return board


KINDS = ("golden", "board")
DEVICES = {kind: open_device(kind) for kind in KINDS}
VIEWS = ["weights", "v_threshold", "d_mem", "v", "i_exc"]


@pytest.fixture(params=KINDS)
def device(request):
    return open_device(request.param)


def view_of(device, name):
    if name == "weights":
        return device.weights.raw
    return (device.parameters if name in device.parameters else device.states)[name].raw


def read_back(device, name):
    if name == "weights":
        return device.read("weights")
    if name in device.parameters:
        return device.read(name)
    return device.read(name)


def indices(shape):
    """Everything that NumPy takes as an index, more or less."""
    whole = hnp.arrays(bool, shape)
    first = hnp.arrays(bool, shape[:1])
    return st.one_of(
        hnp.basic_indices(shape, allow_newaxis=True, max_dims=4),
        hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=3, max_side=5)),
        whole,
        first,
        st.tuples(first, hnp.basic_indices(shape[1:])) if shape[1:] else first,
        st.lists(st.integers(-shape[0], shape[0] - 1), min_size=1),
    )


def values_for(view, shape):
    """Numbers that fit, in a shape that broadcasts to this one."""
    low, high = view.bounds
    number = st.integers(low, high)
    smaller = st.tuples(*(st.sampled_from([1, size]) for size in shape))
    arrays = smaller.flatmap(lambda s: hnp.arrays(np.int64, s, elements=number))
    narrow = hnp.arrays(np.int8, shape, elements=st.integers(max(low, -3), min(high, 3)))
    lists = arrays.map(lambda a: a.tolist() if a.size else a)
    return st.one_of(number, arrays, lists, narrow)


def index_into(array, index):
    """What NumPy gives, unless it refuses."""
    try:
        return array[index]
    except IndexError:
        assume(False)


@given(st.sampled_from(KINDS), st.sampled_from(VIEWS), st.data())
def test_reading_is_as_of_an_array(kind, name, data):
    device = DEVICES[kind]
    view, array = view_of(device, name), read_back(device, name)
    for _ in range(3):
        index = data.draw(indices(array.shape))
        expected, got = index_into(array, index), view[index]
        assert np.shape(got) == expected.shape
        assert np.array_equal(got, expected)
        assert isinstance(got, ArrayView | np.ndarray) == isinstance(expected, np.ndarray)
        if not isinstance(got, ArrayView) or not got.ndim or not got.size:
            break
        view, array = got, expected


@given(st.sampled_from(KINDS), st.sampled_from(VIEWS), st.data())
def test_assigning_is_as_to_an_array(kind, name, data):
    device = DEVICES[kind]
    view, array = view_of(device, name), read_back(device, name)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(indices(array.shape))
        values = data.draw(values_for(view, index_into(array, index).shape))
        view[index] = values
        array[index] = values
    assert np.array_equal(read_back(device, name), array)
    assert view.effective_from in (None, device.step)


@given(st.sampled_from(KINDS), st.sampled_from(VIEWS), st.data())
def test_parts_of_a_view_write_through_like_those_of_an_array(kind, name, data):
    device = DEVICES[kind]
    array = read_back(device, name)
    part, expected = view_of(device, name), array
    for _ in range(2):
        index = data.draw(hnp.basic_indices(expected.shape, allow_newaxis=True, max_dims=4))
        assume(isinstance(expected[index], np.ndarray) and expected[index].size)
        part, expected = part[index], expected[index]
    if data.draw(st.booleans()):
        part, expected = part.T, expected.T
    index = data.draw(indices(expected.shape) if expected.ndim else st.just(()))
    index_into(expected, index)
    value = data.draw(st.integers(*part.bounds))
    in_place = data.draw(st.sampled_from([operator.iand, operator.ifloordiv, None]))
    if in_place is None:
        part[index] = value
        expected[index] = value
    else:
        operand = data.draw(st.integers(1, 3))
        part[index] = in_place(part[index], operand)
        expected[index] = in_place(expected[index], operand)
    assert np.array_equal(read_back(device, name), array)


@given(
    st.sampled_from(KINDS),
    st.sampled_from(VIEWS),
    st.sampled_from([np.add, np.subtract, np.multiply, np.less, np.equal, np.maximum]),
    st.one_of(st.integers(-9, 9), st.floats(-2, 2)),
)
def test_arithmetic_is_as_with_an_array(kind, name, function, other):
    device = DEVICES[kind]
    view, array = view_of(device, name), read_back(device, name)
    for ours, theirs in (
        (function(view, other), function(array, other)),
        (function(other, view), function(other, array)),
        (function(view, array), function(array, array)),
        (view == other, array == other),
        (-view, -array),
        (view.T @ view, array.T @ array),
        (np.where(view > 3, view, other), np.where(array > 3, array, other)),
        (view.sum(axis=0), array.sum(axis=0)),
        (np.add.reduce(view), np.add.reduce(array)),
        (np.concatenate([view, array]), np.concatenate([array, array])),
        (view.reshape(-1)[::2], array.reshape(-1)[::2]),
    ):
        assert np.array_equal(ours, theirs)
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype
    assert (view.shape, view.ndim, view.size, len(view)) == (
        array.shape, array.ndim, array.size, len(array),
    )  # fmt: skip
    assert (view.max(), view.mean(), view.tolist()) == (array.max(), array.mean(), array.tolist())
    assert [np.asarray(row).tolist() for row in view] == array.tolist()
    assert array.max() in view
    assert array.max() + 1 not in view


def test_in_place_operators_write(device):
    weights = device.read("weights")
    device.weights.raw //= 2
    device.weights.raw[3, 2:5] += 1
    device.weights.raw[weights > 4] *= 0
    np.negative(device.weights.raw[0], out=device.weights.raw[1])
    np.add.at(device.weights.raw, (2, [1, 1, 4]), 1)
    weights_now = weights // 2
    weights_now[3, 2:5] += 1
    weights_now[weights > 4] *= 0
    weights_now[1] = -weights_now[0]
    np.add.at(weights_now, (2, [1, 1, 4]), 1)
    assert (device.read("weights") == weights_now).all()


def test_what_changes_nothing_is_not_silently_lost(device):
    with pytest.raises(AttributeError, match=r"no 'fill'; assign to view\[...\]"):
        device.weights.raw.fill(0)
    with pytest.raises((TypeError, AttributeError)):
        np.put(device.weights.raw, [0], [1])
    with pytest.raises(ValueError, match="without a copy"):
        np.array(device.weights.raw, copy=False)
    copy = device.weights.raw.copy()
    copy[:] = 0
    assert device.read("weights").any()


@pytest.mark.parametrize(
    ("assign", "match"),
    [
        (lambda d: d.weights.raw.__setitem__((..., 3), 16), r"weights\[0, 3\] would be 16.*-16…15 \(9 such"),
        (lambda d: d.weights.raw.__setitem__((2, [4, 5]), [3, -17]), r"weights\[2, 5\] would be -17"),
        (lambda d: setattr(d, "weights", np.zeros((11, 9), int)), r"shape \(11, 9\).*\(9, 11\)"),
        (lambda d: d.weights.raw.__setitem__(0, 1.5), "integers.*float64.*round"),
        (lambda d: d.weights.raw.__setitem__(0, 10**30), "integers"),
        (lambda d: d.weights.raw.T[3].__setitem__(slice(None), 99), r"weights\[0, 3\] would be 99"),
        (lambda d: setattr(d.parameters.raw, "d_mem", 4097), r"d_mem\[0\] would be 4097.*0…4096"),
        (lambda d: d.parameters.raw.__setitem__("v_reset", [1, 2]), r"shape \(2,\).*\(11,\)"),
        (lambda d: d.states.raw.v.__setitem__(3, 40_000), r"v\[3\] would be 40000.*-32768…32767"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_whole(device, assign, match):
    before = [read_back(device, name) for name in VIEWS]
    if isinstance(device, Board):
        device.fake.requests.clear()
    with pytest.raises(ImageError, match=match):
        assign(device)
    np.testing.assert_equal([read_back(device, name) for name in VIEWS], before)
    if isinstance(device, Board):
        requests = device.fake.requests
        assert not [request for request in requests if request.startswith("WRITE")]


def test_only_rows_that_change_are_written():
    board = open_device("board")
    fake = board.fake
    rows = DESIGN.config.layout.synapse_fields["weight"].words_per_row
    first = board.store.map.synapse_row(0)
    weights = board.read("weights")
    weights[[2, 3, 7], 5] = [1, 2, 3]
    weights[7, 5] = board.read("weights")[7, 5]
    fake.requests.clear()
    board.weights.raw = weights
    stride = board.store.map.synapse_row(1) - first
    assert fake.requests == [
        f"READ {first:#x} {9 * rows}",
        f"WRITE {first + 2 * stride:#x} {2 * rows}",
    ]
    fake.requests.clear()
    board.parameters.raw.v_threshold[4] += 1
    at = board.store.map.parameter("v_threshold", 4)
    assert set(fake.requests) == {f"READ {at:#x} 1", f"WRITE {at:#x} 1"}
    fake.requests.clear()
    board.weights = board.weights
    board.weights.raw = board.weights.raw
    assert fake.requests == []


def test_a_write_says_from_which_step_it_is_in_effect(device):
    threshold = device.parameters.raw.v_threshold
    assert threshold.effective_from is None
    device.run(steps=7)
    threshold[3] = 1000
    assert threshold.effective_from == 7
    assert device.parameters.raw["v_threshold"][3:].effective_from == 7
    assert "from step 7 on" in repr(threshold)
    assert re.search("v_threshold.*from step 7", repr(device.parameters))
    assert device.write("weights", device.read("weights")) == 7
    assert device.write("v_reset", 0) == device.write("v", 0) == 7
    assert device.write("arrivals", 0) == 7


def test_a_threshold_changed_between_two_steps_is_in_effect_from_the_next(device):
    spikes = np.random.default_rng(2).random((40, CONFIG.axons)) < 0.4
    device.parameters.raw.v_threshold = 32767
    assert not device.run(spikes).spikes.any()
    device.parameters.raw.v_threshold[0] = -5
    assert device.run(spikes).spikes[:, 0].any()


# Names


def test_names_are_keys_and_attributes(device):
    parameters = device.parameters
    assert list(parameters) == [f.name for f in CONFIG.layout.parameters]
    assert parameters.v_threshold is parameters["v_threshold"]
    assert {"v_threshold", "d_mem"} <= set(dir(parameters))
    assert "v" in device.states
    assert "u" not in device.states
    assert parameters.get("tau") is None
    assert "v_threshold" in repr(parameters)
    for call in (lambda: parameters["v_treshold"], lambda: parameters.__setitem__("v_treshold", 1)):
        with pytest.raises(
            InputError, match=r"no parameter 'v_treshold'.*did you mean 'v_threshold'"
        ):
            call()
    with pytest.raises(AttributeError, match="did you mean 'v_threshold'"):
        parameters.v_treshold = 3
    with pytest.raises(AttributeError, match="no state 'u'"):
        device.states.u  # noqa: B018


def test_shared_parameters_are_one_number():
    config = CoreConfig(neurons=5, axons=3, parameters="shared")
    design = make_design(config)
    for kind in KINDS:
        device = open_device(kind, design)
        device.parameters.raw.v_threshold = 77
        assert device.read("v_threshold").tolist() == [77] * 5
        with pytest.raises(ImageError, match=r"shared by all neurons.*parameters='per_neuron'"):
            device.parameters.raw.v_threshold[3] = 5
        assert device.parameters.raw.v_threshold.tolist() == [77] * 5


def test_learning_parameters_are_numbers_by_name():
    design = make_design(learning_config("pair"))
    for kind in KINDS:
        device = open_device(kind, design)
        device.run(steps=3)
        device.learning.enabled = 0
        assert device.learning["enabled"] == device.read("enabled") == 0
        assert device.learning.effective_from == {"enabled": 3}
        assert re.search("enabled +0 +from step 3", repr(device.learning))
        with pytest.raises(ImageError, match="enabled"):
            device.learning.enabled = 2
        with pytest.raises(InputError, match="no learning parameter 'enable'"):
            device.learning["enable"] = 1
        device.states.raw.x[4] = 9
        assert device.read("x")[4] == 9
    assert "no learning parameter" in repr(open_device("golden").learning)


@pytest.mark.parametrize("kind", KINDS)
def test_states_of_synapses_have_two_axes(kind):
    device = open_device(kind, make_design(learning_config("three_factor")))
    device.states.raw.eligibility[2, 5:] = -3
    expected = np.zeros((9, 11), dtype=int)
    expected[2, 5:] = -3
    assert (device.read("eligibility") == expected).all()


# What goes wrong


def test_a_broken_line_leaves_a_view_that_works_again():
    board = open_device("board")
    fake = board.fake
    fake.to_host = lambda data: b""
    with pytest.raises(LinkError):
        board.weights.raw[0] = 3
    assert "not connected" in repr(board.weights.raw)
    assert "not connected" in board.weights.raw._repr_html_()
    fake.to_host = bytes
    board.weights.raw[0] = 3
    assert (board.read("weights")[0] == 3).all()


def test_large_views_show_and_read_only_their_edges():
    config = CoreConfig(neurons=40, axons=60, weight_bits=8)
    image = Image(config, np.arange(2400).reshape(60, 40) % 100)
    board = open_device("board", Design(config, image))
    fake = board.fake
    fake.requests.clear()
    text = repr(board.weights.raw)
    read = sum(int(request.split()[2]) for request in fake.requests)
    assert read == 6 * config.layout.synapse_fields["weight"].words_per_row
    assert text.splitlines()[1:] == str(image.weights).splitlines()
