"""Input rasters, and the golden model as a device."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.design.design import Design
from spikeloom.design.input_raster import input_raster
from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl import CoreConfig, Image, ImageError
from spikeloom.hdl.contract.errors import InputError, WrongBoardError
from spikeloom.sim import GoldenCore


def make_design(seed=0, **options):
    """8 axons in two inputs, 6 neurons in two populations, neuron 5 not reported."""
    config = CoreConfig(neurons=6, axons=8, **{"parameters": "per_neuron", **options})
    rng = np.random.default_rng(seed)
    parameters = {"v_threshold": 60, "d_mem": 400, "refractory": 1}
    if config.synapse == "exponential":
        parameters["d_syn"] = 1000
    return Design(
        config,
        Image(
            config,
            rng.integers(-40, 80, (8, 6)),
            parameters,
            routes=[6, 7, -1, -1, -1, -1],
            report=[1, 1, 1, 1, 1, 0],
        ),
        inputs={"left": slice(0, 3), "right": slice(3, 6)},
        populations={"hidden": slice(0, 2), "out": slice(2, 6)},
    )


@pytest.fixture
def device():
    with GoldenDevice(make_design()) as opened:
        yield opened


rasters = (
    st.integers(0, 6)
    .flatmap(
        lambda steps: st.lists(
            st.lists(st.booleans(), min_size=8, max_size=8), min_size=steps, max_size=steps
        )
    )
    .map(lambda rows: np.array(rows, dtype=bool).reshape(-1, 8))
)


@given(rasters, st.sampled_from([bool, np.uint8, int, float]), st.integers(0, 3))
def test_array_is_the_raster_then_silence(raster, dtype, more):
    design = make_design()
    assert np.array_equal(input_raster(design, raster.astype(dtype)), raster)
    longer = input_raster(design, raster.astype(dtype), len(raster) + more)
    assert longer.dtype == bool
    assert longer.shape == (len(raster) + more, 8)
    assert np.array_equal(longer[: len(raster)], raster)
    assert not longer[len(raster) :].any()


@given(rasters)
def test_named_inputs_land_on_their_axons(raster):
    parts = {"right": raster[:, 3:6], "left": raster[:, :3].astype(int).tolist()}
    if len(raster) == 0:
        parts["left"] = np.zeros((0, 3))
    given_by_name = input_raster(make_design(), parts)
    assert np.array_equal(given_by_name[:, :6], raster[:, :6])
    assert not given_by_name[:, 6:].any()


def test_no_input_is_silence():
    assert not input_raster(make_design(), None, 4).any()
    assert input_raster(make_design(), {}, steps=np.int64(4)).shape == (4, 8)


@pytest.mark.parametrize(
    ("spikes", "steps", "message"),
    [
        (None, None, "give steps"),
        (None, -1, "steps is -1"),
        (None, 2.5, "steps is 2.5"),
        (np.zeros((5, 7)), None, r"\(5, 7\); give \(steps, 8\)"),
        (np.zeros(8), None, r"\(8,\); give \(steps, 8\)"),
        ([[1, 0], [1]], None, "unequal length"),
        (np.zeros((5, 8), complex), None, "dtype complex128"),
        (np.full((1, 8), "a"), None, "dtype <U1"),
        (np.eye(8) * 2, None, r"spikes\[0, 0\] is 2.0; give 0 or 1"),
        (np.full((2, 8), np.nan), None, "is nan"),
        (np.zeros((5, 8)), 4, "at least 5"),
        ({"top": np.zeros((5, 3))}, None, "'top'.*'left', 'right'"),
        ({"left": np.zeros((5, 4))}, None, r"spikes\['left'\].*\(5, 4\); give \(steps, 3\)"),
        ({"left": np.zeros((5, 3)), "right": np.zeros((4, 3))}, None, "4, 5 steps"),
    ],
)
def test_bad_input_says_what_would_work(spikes, steps, message):
    with pytest.raises(InputError, match=message):
        input_raster(make_design(), spikes, steps)


def test_design_without_named_inputs_says_so():
    design = make_design()
    design.inputs = {}
    with pytest.raises(InputError, match="one array for all axons"):
        input_raster(design, {"left": np.zeros((5, 3))})


@given(rasters)
def test_run_is_the_core_s_run_of_reported_neurons(raster):
    design = make_design()
    device, core = GoldenDevice(design), GoldenCore(design.image)
    run = device.run(raster, len(raster) + 2)
    expected = core.run(np.vstack([raster, np.zeros((2, 8))]))
    assert run.start == 0
    assert device.step == run.steps == len(raster) + 2
    assert np.array_equal(run.spikes[:, :5], expected[:, :5])
    assert not run.spikes[:, 5].any()
    assert np.array_equal(run["out"], run.spikes[:, 2:6])
    assert device.counters()["spikes"] == expected.sum()


def test_unreported_neuron_does_fire_and_count(device):
    device.write("v_threshold", [32767] * 5 + [0])
    run = device.run(np.ones((20, 8)))
    assert not run.spikes.any()
    assert device.counters()["spikes"] > 0


def test_runs_continue_and_reset_begins_again(device):
    raster = np.random.default_rng(1).random((12, 8)) < 0.4
    whole = device.run(raster)
    device.reset()
    assert device.step == 0
    first, second = device.run(raster[:5]), device.run(raster[5:])
    assert (first.start, second.start) == (0, 5)
    assert np.array_equal(np.vstack([first.spikes, second.spikes]), whole.spikes)
    assert whole.spikes.any()


def test_monitor_reports_the_state_after_every_step(device):
    device.monitor([4, 1])
    device.monitor(range(2), "i")
    raster = np.random.default_rng(2).random((6, 8)) < 0.5
    run = device.run(raster)
    assert list(run.monitored) == ["v[4]", "v[1]", "i[0]", "i[1]"]
    device.reset()
    for t in range(6):
        device.run(raster[t : t + 1])
        assert run.monitored["v[4]"][t] == device.read("v")[4]
        assert run.monitored["i[1]"][t] == device.read("i")[1]
    assert run.monitored["i[1]"].any()
    device.monitor([])
    assert list(device.run(None, 1).monitored) == ["i[0]", "i[1]"]


def test_writes_take_effect_and_load_restores(device):
    weights = device.read("weights")
    device.write("weights", np.zeros((8, 6), dtype=int))
    device.write("bias", [1, 2, 3, 4, 5, 6])
    assert not device.read("weights").any()
    assert device.read("bias").tolist() == [1, 2, 3, 4, 5, 6]
    device.run(np.ones((1, 8)))
    assert device.read("v").tolist() == [1, 2, 3, 4, 5, 6]
    device.reset()
    assert not device.read("weights").any()
    device.run(None, 3)
    device.load()
    assert device.step == 0
    assert not device.read("v").any()
    assert np.array_equal(device.read("weights"), weights)
    assert not device.read("bias").any()


def test_load_of_another_design(device):
    other = make_design(seed=1)
    device.load(other)
    assert np.array_equal(device.read("weights"), other.image.weights)
    foreign = make_design(synapse="delta")
    with pytest.raises(WrongBoardError, match=r"synapse = 'delta' \(here 'exponential'\)"):
        device.load(foreign)
    assert device.design is other


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda d: d.read("u"), InputError, "'u'.*v, i, ref"),
        (lambda d: d.monitor([0], "u"), InputError, "'u'.*v, i, ref"),
        (lambda d: d.monitor([0, 6]), InputError, "no neuron 6.*0…5"),
        (lambda d: d.monitor([-1]), InputError, "no neuron -1"),
        (lambda d: d.monitor(["out"]), InputError, "list of integers"),
        (lambda d: d.read("tau"), InputError, "'tau'.*v_threshold, v_reset, bias"),
        (lambda d: d.write("tau", 1), InputError, "'tau'.*d_mem, d_syn, refractory"),
        (lambda d: d.write("refractory", 16), ImageError, "outside 0…15"),
        (lambda d: d.write("bias", [1, 2]), ImageError, r"\(2,\).*\(6,\)"),
        (lambda d: d.write("weights", np.full((8, 6), 128)), ImageError, "outside -128…127"),
        (lambda d: d.write("weights", np.zeros((8, 6))), ImageError, "float64"),
        (lambda d: d.run(np.zeros((2, 9))), InputError, r"\(2, 9\)"),
    ],
)
def test_mistakes_are_refused_and_change_nothing(device, call, error, message):
    before = device.read("weights"), device.read("bias"), device.counters()
    with pytest.raises(error, match=message):
        call(device)
    after = device.read("weights"), device.read("bias"), device.counters()
    np.testing.assert_equal(after, before)
    assert device.run(None, 1).monitored == {}


def test_monitor_slots_are_those_of_the_hardware():
    device = GoldenDevice(make_design(monitors=3))
    device.monitor([0, 1])
    with pytest.raises(InputError, match="4 values to monitor, but the core has 3 slots"):
        device.monitor([0, 1], "i")
    assert list(device.run(None, 1).monitored) == ["v[0]", "v[1]"]


def test_what_is_read_is_a_copy(device):
    device.read("weights")[:] = 0
    device.read("bias")[:] = 99
    device.read("v")[:] = 99
    assert device.read("weights").any()
    assert not device.read("bias").any()
    assert not device.read("v").any()
