"""What a device holds, in the network's unit and by the names that its user gave."""

import re
import warnings

import numpy as np
import pytest
from designs import CONFIG, DESIGN, learning_config, make_design
from fake_board import FakeBoard
from hypothesis import given
from hypothesis import strategies as st

import spikeloom
from spikeloom import IF, LIF, Network, PairSTDP, RoundingWarning
from spikeloom.design.design import Design
from spikeloom.design.units import conversion
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl import ImageError
from spikeloom.hdl.contract.errors import InputError
from spikeloom.link.link import Link

UNITS = Design(
    CONFIG, DESIGN.image, {"eye": slice(0, 4)}, {"cells": slice(2, 6), "out": slice(6, 11)},
    scale=np.arange(1.0, 12.0), dt=2e-3,
)  # fmt: skip


def open_device(kind, design=UNITS):
    if kind == "golden":
        return GoldenDevice(design)
    board = Board(Link(FakeBoard(design.config, window=2048, appetite=10_000)), design)
    board.load()
    return board


@pytest.fixture(params=("golden", "board"))
def device(request):
    return open_device(request.param)


def recurrent():
    """A network with an input, two populations and a projection between them."""
    net = Network()
    eye, cells = net.input("eye", 3), net.population("cells", 4, LIF(tau_mem=20e-3))
    out = net.population("out", 2, IF(v_threshold=2.0))
    net.connect(eye, cells, np.linspace(0.1, 1.2, 12).reshape(3, 4))
    to_out = np.array([[0.5, 1.0], [0, 0], [0.25, -1.0], [0.75, 0]])
    net.connect(cells, out, to_out)
    return spikeloom.compile(net, monitors=4), to_out


def test_faults_11_assigning_writes_in_the_networks_unit(device):
    device.weights[0, 3] = 2.0
    assert device.read("weights")[0, 3] == 8
    assert device.weights[0, 3] == 2.0
    device.parameters.v_threshold[3] = 20.0
    assert device.read("v_threshold")[3] == 80
    device.states.v = np.ones(11)
    assert device.read("v").tolist() == list(range(1, 12))
    device.parameters.refractory = 4e-3
    assert device.read("refractory").tolist() == [2] * 11
    device.parameters.d_mem = 20e-3
    assert np.allclose(device.parameters.d_mem, 20e-3, rtol=1e-3)
    device.parameters.d_mem[0] = np.inf
    assert device.read("d_mem")[0] == 0
    assert re.search("refractory +4 ms +2 +in 0…15", repr(device.parameters))
    with pytest.warns(RoundingWarning, match="rounds to 0"):
        device.weights *= 0.5
    assert device.weights.dtype == np.float64
    assert device.weights.raw.dtype == np.int64


def test_faults_11_tenths_are_rounded_to_the_nearest_and_not_to_0():
    net = Network()
    eye, cells = net.input("eye", 4), net.population("cells", 2, LIF(tau_mem=20e-3))
    net.connect(eye, cells, np.full((4, 2), 0.4))
    device = GoldenDevice(spikeloom.compile(net))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        device.weights[0, 0] = 0.1
        device.weights["eye", "cells"][1] = [0.2, 0.3]
    unit = device.weights[0, 1] / device.read("weights")[0, 1]
    assert device.weights[0, 0] == pytest.approx(0.1, abs=unit / 2)
    assert device.weights[1].tolist() == pytest.approx([0.2, 0.3], abs=unit / 2)


@given(st.sampled_from(("weights", "v_threshold", "v", "i_exc")), st.data())
def test_what_is_assigned_is_the_nearest_that_the_core_holds(name, data):
    device = GoldenDevice(UNITS)
    view = device.weights if name == "weights" else {**device.parameters, **device.states}[name]
    low, high = view.bounds
    wanted = data.draw(st.floats(low, high))
    neuron = data.draw(st.integers(0, 10))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*does not fit")
        warnings.filterwarnings("ignore", message=".*rounds to 0")
        view[..., neuron] = wanted
    unit = 1 / UNITS.scale[neuron]
    assert np.all(np.abs(np.asarray(view)[..., neuron] - wanted) <= unit / 2 * (1 + 1e-9))


def test_faults_11_what_is_lost_is_said_once(device):
    with pytest.warns(RoundingWarning) as said:
        device.weights[1] = 1e3
    assert len(said) == 1
    assert "11 of 11 values does not fit: weights[1, 0] = 1000 is held as 15" in str(
        said[0].message
    )
    assert said[0].filename == __file__
    assert (device.read("weights")[1] == 15).all()
    with pytest.warns(RoundingWarning, match=r"1 of 1 values rounds to 0: weights\[0, 0\] = 0.1"):
        device.weights[0, 0] = 0.1
    with pytest.warns(RoundingWarning, match="d_mem.* = 1000 is held as 8.19"):
        device.parameters.d_mem[0] = 1000.0
    with pytest.warns(RoundingWarning, match="refractory"):
        device.parameters.refractory = 1.0


@pytest.mark.parametrize(
    ("assign", "error", "match"),
    [
        (lambda d: setattr(d.parameters, "v_threshold", np.nan), InputError, "v_threshold.*nan"),
        (lambda d: setattr(d.parameters, "v_threshold", np.inf), InputError, "give finite"),
        (lambda d: setattr(d.parameters, "v_threshold", "much"), InputError, "'much'"),
        (lambda d: setattr(d.parameters, "v_threshold", 1j), InputError, "1j"),
        (lambda d: setattr(d.parameters, "v_threshold", [1, 2]), ImageError, r"\(2,\)"),
        (lambda d: setattr(d.parameters, "v_threshold", [[1], [1, 2]]), InputError, "give numbers"),
        (lambda d: setattr(d.parameters, "d_mem", -1.0), InputError, "at least 0"),
        (lambda d: d.weights.__setitem__(0, np.ma.masked_array([1.0], [True])), InputError, "mask"),
        (lambda d: d.weights.__setitem__(..., d.weights.raw), InputError, "assign to .raw"),
        (lambda d: d.weights.__setitem__(("ear", 0), 1), InputError, "'ear'.*'eye', 'cells', 'out'"),
        (lambda d: d.weights[0].__setitem__("cells", 1), InputError, "as a whole"),
        (lambda d: d.weights.__setitem__(("eye", ..., 0), 1), InputError, "as a whole"),
        (lambda d: d.weights.__setitem__(("eye", None), 1), InputError, "without"),
        (lambda d: d.states.v.__setitem__("eye", 1), InputError, "no population 'eye'"),
    ],
)  # fmt: skip
def test_what_is_no_number_of_the_unit_is_refused_whole(device, assign, error, match):
    before = [device.read(name) for name in ("weights", "v_threshold", "d_mem", "v")]
    with pytest.raises(error, match=match):
        assign(device)
    after = [device.read(name) for name in ("weights", "v_threshold", "d_mem", "v")]
    np.testing.assert_equal(after, before)


@pytest.mark.parametrize("kind", ["golden", "board"])
def test_faults_12_everything_is_indexed_by_population(kind):
    design, to_out = recurrent()
    device = open_device(kind, design)
    unit = 2.0**design.config.weight_shift / design.scale.min()
    assert device.weights["eye", "cells"].shape == (3, 4)
    assert np.allclose(
        device.weights["eye", "cells"], np.linspace(0.1, 1.2, 12).reshape(3, 4), atol=unit
    )
    assert np.allclose(device.weights["cells", "out"], to_out, atol=unit)
    assert not np.any(device.weights["eye", "out"])
    device.weights["cells", "out"][0] = [-0.5, 0.5]
    assert np.allclose(device.weights["cells", "out"][0], [-0.5, 0.5], atol=unit)
    device.weights["cells", "out"].raw[0, 1] = 3
    assert device.read("weights")[3, 5] == 3
    device.weights["eye"] = 0.3
    assert np.allclose(device.weights[:3], 0.3, atol=unit)
    device.weights[2, "cells"] = 0.5
    assert np.allclose(device.weights["eye", "cells"][2], 0.5, atol=unit)
    device.parameters.v_threshold["cells"] = 0.75
    assert np.allclose(device.parameters.v_threshold["cells"], 0.75, atol=unit)
    assert np.allclose(device.parameters.v_threshold["out"], 2.0, atol=unit)
    device.states.v["out"] = [0.5, 1.0]
    assert np.allclose(device.states.v, [0, 0, 0, 0, 0.5, 1.0], atol=unit)
    with pytest.raises(ImageError, match="no synapse leaves them"):
        device.weights["cells", "out"] = 0.5


def test_faults_11_monitors_and_frames_are_in_the_networks_unit(device):
    device.monitor("cells")
    device.monitor([3], "i_exc")
    run = device.run(np.ones((9, CONFIG.axons)))
    assert list(run.monitored) == ["v[2]", "v[3]", "v[4]", "v[5]", "i_exc[3]"]
    for label, raw in run.monitored.raw.items():
        neuron = int(re.search(r"\d+", label)[0])
        assert raw.dtype == np.int64
        assert np.array_equal(run.monitored[label], raw / UNITS.scale[neuron])
    assert run.monitored["v[3]"][-1] == device.states.v[3]
    (first, *_) = device.watch_weights(steps=2, every=1)
    assert np.array_equal(first.raw, device.read("weights"))
    assert np.array_equal(first.weights, first.raw / UNITS.scale)
    assert np.array_equal(first["eye", "cells"], first.weights[:4, 2:6])
    with pytest.raises(InputError, match="two names"):
        first["eye"]


def test_faults_11_parameters_of_a_rule_are_in_the_networks_unit():
    rule = PairSTDP(tau_plus=20e-3, tau_minus=30e-3, a_plus=0.01, a_minus=0.012, w_max=0.8)
    net = Network(learning=rule)
    eye, cells = net.input("eye", 4), net.population("cells", 2, LIF(tau_mem=20e-3))
    net.connect(eye, cells, np.full((4, 2), 0.4), plastic=True)
    design = spikeloom.compile(net, weight_bits=12)
    device = GoldenDevice(design)
    assert device.learning.w_max == pytest.approx(0.8, rel=1e-3)
    assert device.learning.x_inc == pytest.approx(0.01, rel=0.02)
    assert device.learning.y_inc == pytest.approx(0.012 * np.exp(-1 / 30), rel=0.02)
    assert device.learning.d_y == pytest.approx(30e-3, rel=0.01)
    assert device.learning.enabled == device.learning.raw.enabled == 1
    device.learning.w_max = 0.5
    assert device.read("w_max") == round(0.5 * design.scale[0] / 2**design.config.weight_shift)
    with pytest.warns(RoundingWarning, match="x_inc"):
        device.learning.x_inc = 50.0
    device.learning.raw.x_inc = 3
    assert device.read("x_inc") == 3
    assert device.learning.effective_from == {"w_max": 0, "x_inc": 0}
    # A spike of the source makes its trace what one of the target then adds to the weight.
    device.load(design)
    device.run({"eye": np.eye(1, 4)})
    assert device.states.x["eye"][0] == pytest.approx(device.learning.x_inc)


@pytest.mark.parametrize(
    "case", ["pair", "soft", "rectangular", "symmetric", "three_factor", "sdsp"]
)
def test_every_number_of_every_rule_is_shown_and_comes_back(case):
    design = make_design(learning_config(case))
    device = GoldenDevice(design)
    assert "not shown" not in repr(device.learning) + repr(device.states) + repr(device.parameters)
    for name, integer in design.image.learning.items():
        device.learning[name] = device.learning[name]
        assert device.read(name) == integer
    for view in device.states.values():
        low, high = view.raw.bounds
        view.raw[...] = held = np.random.default_rng(1).integers(
            low, high, view.shape, endpoint=True
        )
        view[...] = np.asarray(view)
        assert np.array_equal(view.raw, held)


def test_a_rule_whose_neurons_have_different_scales_has_integers_alone():
    plain = make_design(learning_config("pair"))
    design = Design(plain.config, plain.image, scale=np.arange(1.0, 12.0))
    device = GoldenDevice(design)
    with pytest.raises(InputError, match=r"scales from 1 to 11.*use \.raw"):
        _ = device.learning.w_max
    assert device.learning.raw.w_max == plain.image.learning["w_max"]


def test_what_has_no_unit_is_integers_in_both():
    device = GoldenDevice(make_design(learning_config("sdsp")))
    assert conversion(device.design, "up") is None
    assert device.states.up.dtype == np.int64
    device.plastic = 0
    assert not device.read("plastic").any()
    assert device.plastic.unit == ""
