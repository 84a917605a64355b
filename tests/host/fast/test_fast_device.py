"""`fast:` answers as `golden:` does, through every call of a device; and what it does without Numba."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from designs import CONFIG, DESIGN, LEARNING, learning_config, make_design
from placements import random_placement

import spikeloom
from spikeloom.diagnosis.bisect import bisect
from spikeloom.display import progress
from spikeloom.fast import FastDevice, opening
from spikeloom.hdl.contract.errors import FallbackWarning, InputError, WrongBoardError
from spikeloom.hdl.contract.neurons import NEURONS
from spikeloom.hdl.contract.neurons.lif import LIF

DESIGNS = {"none": DESIGN} | {case: make_design(learning_config(case)) for case in LEARNING}


@pytest.fixture(params=DESIGNS)
def design(request):
    return DESIGNS[request.param]


@pytest.fixture
def pair(design):
    """The golden and the fast model of a design."""
    with spikeloom.open("golden:", design) as golden, spikeloom.open("fast:", design) as fast:
        assert isinstance(fast, FastDevice)
        yield golden, fast


def raster(steps=30, seed=0, axons=CONFIG.axons):
    return np.random.default_rng(seed).random((steps, axons)) < 0.3


def assert_same_run(ours, theirs):
    assert np.array_equal(ours.spikes, theirs.spikes)
    assert ours.start == theirs.start
    assert ours.monitored.raw.keys() == theirs.monitored.raw.keys()
    for label, values in theirs.monitored.raw.items():
        assert np.array_equal(ours.monitored.raw[label], values), label


def assert_same_contents(golden, fast):
    for name in golden.store.contents:
        assert np.array_equal(fast.read(name), golden.read(name)), name
    assert fast.counters() == golden.counters()
    assert fast.snapshot() == golden.snapshot()


def test_runs_with_monitors(pair):
    states = [c for c in pair[0].store.contents.values() if c.kind == "state"]
    for content in [c for c in states if c.owner != "synapse"][:6]:
        for device in pair:
            device.monitor([1], content.name)
    for seed in range(3):
        golden, fast = (device.run(raster(seed=seed), 40) for device in pair)
        assert golden.spikes.any()
        assert_same_run(fast, golden)
    assert_same_contents(*pair)


def test_what_is_written_between_runs(pair):
    rng = np.random.default_rng(5)
    golden, fast = pair
    for name, content in golden.store.contents.items():
        rows = slice(0, max(1, content.shape[0] // 2)) if content.shape else slice(None)
        if content.equal:
            rows = slice(None)
        high = min(content.high, content.low + 20)
        values = rng.integers(content.low, high, () if content.equal else content.shape_of(rows))
        for device in pair:
            device.write(name, values, rows)
        assert np.array_equal(fast.read(name), golden.read(name)), name
        assert_same_run(*(device.run(raster(6)) for device in (fast, golden)))
        assert_same_contents(golden, fast)


def test_streams_and_frames_of_weights(pair):
    parts = [list(device.stream(raster(50), every=7)) for device in pair]
    for golden, fast in zip(*parts, strict=True):
        assert_same_run(fast, golden)
    frames = [list(device.watch_weights(raster(20), every=5)) for device in pair]
    for golden, fast in zip(*frames, strict=True):
        assert np.array_equal(fast.weights, golden.weights)


@pytest.mark.parametrize("lengths", [(12, 12, 12, 12), (3, 8, 0)])
def test_batches(pair, lengths):
    samples = [raster(steps, seed) for seed, steps in enumerate(lengths)]
    golden, fast = pair
    for device in pair:
        device.run(raster(5))
        device.monitor([0, 3])
    for ours, theirs in zip(fast.run_batch(samples), golden.run_batch(samples), strict=True):
        assert_same_run(ours, theirs)
    assert_same_contents(golden, fast)


def test_snapshots_go_from_one_to_the_other(pair):
    golden, fast = pair
    golden.run(raster(17))
    fast.restore(golden.snapshot())
    assert_same_run(fast.run(raster(9, 1)), golden.run(raster(9, 1)))
    fast.run(raster(4, 2))
    golden.restore(fast.snapshot())
    assert_same_run(fast.run(raster(9, 3)), golden.run(raster(9, 3)))


def test_live_runs(pair):
    golden, fast = (device.run_live(raster(4), tick_seconds=1e-4) for device in pair)
    assert np.array_equal(fast.spikes, golden.spikes)


def test_loading_and_reset(pair, design):
    golden, fast = pair
    for device in pair:
        device.run(raster())
        device.reset()
    assert_same_contents(golden, fast)
    for device in pair:
        device.run(raster())
        device.load(make_design(design.config, seed=1))
    assert_same_contents(golden, fast)
    assert_same_run(fast.run(raster()), golden.run(raster()))
    with pytest.raises(WrongBoardError, match="another core"):
        fast.load(make_design(dataclasses.replace(design.config, weight_bits=7)))


def test_spikes_that_are_not_reported_are_not_seen(design):
    report = np.arange(design.config.neurons) % 2 == 0
    image = dataclasses.replace(design.image, report=report)
    silent = dataclasses.replace(design, image=image)
    runs = [spikeloom.open(where, silent).run(raster()) for where in ("golden:", "fast:")]
    assert_same_run(*runs)
    assert not runs[1].spikes[:, ~report].any()


def test_a_network_on_many_cores_is_one(design):
    placement = random_placement(design.image, np.random.default_rng(0), 4)
    placed = dataclasses.replace(design, placement=placement)
    one, four = spikeloom.open("golden:", design), spikeloom.open("fast:", placed)
    assert_same_run(four.run(raster()), one.run(raster()))


def test_nothing_differs_to_bisect(pair):
    assert bisect(*pair, raster(100)).step is None


def test_it_says_what_it_is(pair):
    _, fast = pair
    assert repr(fast).startswith("<fast model of ")
    info = fast.info()
    assert (info["port"], info["identity"]["build"]) == ("fast:", "fast model")
    with pytest.raises(InputError, match="the fast model has no clock and no link"):
        fast.counters()["cycles"]


def test_a_model_that_it_does_not_have_runs_on_the_golden_model(monkeypatch):
    own = dataclasses.replace(LIF, name="own")
    monkeypatch.setattr(NEURONS, "_parts", {**NEURONS._parts, "own": own})
    design = make_design(dataclasses.replace(CONFIG, neuron_model="own"))
    with pytest.warns(FallbackWarning, match="does not have the neuron model 'own': the golden"):
        device = spikeloom.open("fast:", design)
    assert device.info()["port"] == "golden:"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.1, ""), (14.2, "compiled, once for all designs: 14 s")]
)
def test_a_long_compilation_is_reported_on_a_terminal(seconds, said, monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    clock = [0.0]
    monkeypatch.setattr(opening, "prepare", lambda: clock.append(clock[-1] + seconds))
    monkeypatch.setattr(opening.time, "monotonic", lambda: clock[-1])
    opening.open_fast(DESIGN)
    assert said in capsys.readouterr().err.replace("\n", " ")


def test_without_numba_it_says_what_to_install():
    script = (
        "import sys; sys.modules['numba'] = None\n"
        "import numpy as np, spikeloom\n"
        "from spikeloom.hdl import CoreConfig, Image\n"
        "from spikeloom.hdl.contract.errors import MissingToolError\n"
        "config = CoreConfig(neurons=1, axons=1)\n"
        "design = spikeloom.Design(config, Image(config, np.ones((1, 1), dtype=int)))\n"
        "spikeloom.open('golden:', design).run(steps=1)\n"
        "try: spikeloom.open('fast:', design)\n"
        "except MissingToolError as error: print(error)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "pip install 'spikeloom[fast]'" in shown.stdout
