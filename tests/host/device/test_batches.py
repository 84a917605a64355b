"""Many samples, and currents for a while: the same on the golden model and on a board."""

import numpy as np
import pytest
from designs import CONFIG, DESIGN, learning_config, make_design
from fake_board import FakeBoard

import spikeloom
from spikeloom import LIF, Network, Poisson
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl.contract.errors import InputError
from spikeloom.link.link import Link


def open_device(kind, design=DESIGN):
    if kind == "golden":
        return GoldenDevice(design)
    board = Board(Link(FakeBoard(design.config, window=2048, appetite=10_000)), design)
    board.load()
    return board


def samples_for(count=4, steps=12, seed=0):
    return np.random.default_rng(seed).random((count, steps, CONFIG.axons)) < 0.4


def test_faults_33_samples_are_independent_runs():
    device, single = GoldenDevice(DESIGN), GoldenDevice(DESIGN)
    device.run(samples_for()[0])  # leaves a state that no sample may see
    for each in (device, single):
        each.monitor([2, 5])
        each.monitor([1], "i_exc")
    for raster, run in zip(samples_for(), device.run_batch(samples_for()), strict=True):
        single.reset()
        alone = single.run(raster)
        assert np.array_equal(run.spikes, alone.spikes)
        assert run.monitored.raw.keys() == alone.monitored.raw.keys()
        for label, values in alone.monitored.raw.items():
            assert np.array_equal(run.monitored.raw[label], values)
        assert (run.start, run.populations, run.dt) == (0, alone.populations, alone.dt)
        assert run.spikes.any()
    assert device.step == 0
    assert not device.read("v").any()


@pytest.mark.parametrize("case", ["pair", None])
def test_faults_33_a_board_and_the_model_give_the_same_batches(case, monkeypatch):
    design = make_design(learning_config(case)) if case else DESIGN
    if case is None:
        monkeypatch.setattr("spikeloom.device.device.Device._run_batch", None)
    golden = GoldenDevice(design)
    runs = golden.run_batch(samples_for()) if case is None else None
    monkeypatch.undo()
    board = GoldenDevice(design)
    board._run_batch = lambda rasters: super(GoldenDevice, board)._run_batch(rasters)
    found = board.run_batch(samples_for())
    for one, other in zip(runs or golden.run_batch(samples_for()), found, strict=True):
        assert np.array_equal(one.spikes, other.spikes)
    assert np.array_equal(golden.read("weights"), board.read("weights"))
    assert (golden.read("weights") != design.image.weights).any() == (case is not None)


def test_samples_come_by_input_name_and_as_sources():
    device = GoldenDevice(DESIGN)
    raster = samples_for()[..., :4]
    by_name = device.run_batch({"in": raster})
    each = device.run_batch([{"in": rows} for rows in raster])
    for one, other in zip(by_name, each, strict=True):
        assert np.array_equal(one.spikes, other.spikes)
    drawn = device.run_batch([{"in": Poisson(300.0, seed=k)} for k in range(3)], steps=20)
    assert [run.steps for run in drawn] == [20] * 3
    lengths = device.run_batch([np.ones((3, 9)), np.ones((5, 9))])
    assert [run.steps for run in lengths] == [3, 5]
    assert device.run_batch([]) == []


@pytest.mark.parametrize(
    ("samples", "match"),
    [
        (5, "samples is 5"),
        ({"in": np.ones((3, 4))}, r"in \(3, 4\)"),
        ({}, "no input"),
        ([np.ones((3, 9)), np.ones((3, 8))], "sample 1: spikes has shape"),
        ({"eye": np.ones((2, 3, 4))}, "sample 0: no input population 'eye'"),
    ],
)
def test_what_are_no_samples_is_refused(samples, match):
    with pytest.raises(InputError, match=match):
        GoldenDevice(DESIGN).run_batch(samples)


@pytest.mark.parametrize("kind", ["golden", "board"])
def test_faults_33_a_constant_current_lasts_as_long_as_its_block(kind):
    net = Network()
    cells = net.population("cells", 3, LIF(tau_mem=20e-3, bias=[0.01, 0.0, 0.0]))
    other = net.population("other", 2, LIF(tau_mem=20e-3))
    net.connect(net.input("eye", 1), cells, 0.5)
    net.connect(cells, other, 0.1)
    device = open_device(kind, spikeloom.compile(net))
    before = device.read("bias")
    with device.current("cells", [0.0, 0.2, 0.3]):
        assert np.asarray(device.parameters.bias["cells"]) == pytest.approx(
            [0.01, 0.2, 0.3], abs=0.01
        )
        assert not np.any(device.parameters.bias["other"])
        if kind == "golden":
            fired = device.run(steps=100)["cells"].sum(axis=0)
            assert fired[0] == 0
            assert 0 < fired[1] < fired[2]
    assert np.array_equal(device.read("bias"), before)
    with pytest.raises(RuntimeError), device.current("cells", 0.1):
        raise RuntimeError
    assert np.array_equal(device.read("bias"), before)
    with pytest.raises(InputError, match="'x'"), device.current("cells", "x"):
        pass


def test_without_a_bias_a_current_says_what_would_do():
    net = Network()
    net.connect(net.input("eye", 1), net.population("cells", 2, LIF(tau_mem=20e-3)), 0.5)
    device = GoldenDevice(spikeloom.compile(net))
    with pytest.raises(InputError, match=r"no bias.*Regular\(inf\)"), device.current("cells", 0.1):
        pass
