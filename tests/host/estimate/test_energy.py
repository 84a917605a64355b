"""Energy is a range, follows what was counted, and says where it is from."""

import json

import numpy as np
import pytest

import spikeloom
from spikeloom.estimate import energy_figures as figures
from spikeloom.estimate.energy import sum_counted
from spikeloom.estimate.energy_figures import FAMILIES, Range
from spikeloom.hdl.contract.errors import InputError

STEPS = 50


@pytest.fixture(scope="module")
def design():
    network = spikeloom.Network()
    eye = network.input("eye", 8)
    cells = network.population("cells", 8, spikeloom.LIF(tau_mem=20e-3))
    network.connect(eye, cells, np.where(np.eye(8), 1.2, 0.0))
    return spikeloom.compile(network, weight_bits=8, state_bits=16)


@pytest.fixture(scope="module")
def run(design):
    return spikeloom.open("golden:", design).run(spikeloom.Regular(100), steps=STEPS)


def counted(**changes):
    return {"steps": 10, "synaptic_operations": 80, "spikes": 3, "weight_updates": 0, **changes}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_energy_is_a_range_with_its_sources(design, run, family):
    found = spikeloom.energy(design, run, family=family)
    for part in (found.dynamic, found.static, found.static_w, *(i.each for i in found.items)):
        assert 0 < part.low < part.high
        assert not hasattr(part, "__float__")
    assert not hasattr(found, "__float__")
    assert found.error > 1
    assert found.sources
    assert all(item.sources for item in found.items)
    assert set(FAMILIES[family].static_source.split()) <= set(" ".join(found.sources).split())
    assert "…" in repr(found)
    assert "estimated" in repr(found)
    json.dumps(found.to_dict())


def test_models_count_each_run_for_itself(design):
    device = spikeloom.open("golden:", design)
    first, second = (device.run(spikeloom.Regular(100), steps=STEPS) for _ in range(2))
    total = device.counters()
    for name in ("steps", "synaptic_operations", "spikes"):
        assert first.counted[name] + second.counted[name] == total[name]
    assert first.counted["steps"] == STEPS
    batch = device.run_batch([spikeloom.Regular(100), spikeloom.Regular(20)], STEPS)
    assert batch[0].counted == first.counted
    assert batch[1].counted["synaptic_operations"] < batch[0].counted["synaptic_operations"]


def test_the_fast_model_counts_the_same(design, run):
    pytest.importorskip("numba")
    device = spikeloom.open("fast:", design)
    assert device.run(spikeloom.Regular(100), steps=STEPS).counted == run.counted
    batch = device.run_batch([spikeloom.Regular(100)] * 2, STEPS)
    assert [one.counted for one in batch] == [run.counted] * 2


@pytest.mark.parametrize("name", ["synaptic_operations", "spikes", "steps", "weight_updates"])
def test_more_of_anything_takes_more(design, name):
    less = spikeloom.energy(design, counted()).dynamic
    more = spikeloom.energy(design, counted(**{name: 1000})).dynamic
    assert more.low > less.low
    assert more.high > less.high


def test_runs_add_up(design):
    one, other = counted(), counted(synaptic_operations=500)
    both = spikeloom.energy(design, [one, other]).dynamic
    apart = spikeloom.energy(design, one).dynamic + spikeloom.energy(design, other).dynamic
    assert both.low == pytest.approx(apart.low)
    assert both.high == pytest.approx(apart.high)


def test_static_energy_is_apart_and_goes_with_time(design):
    short, long = (spikeloom.energy(design, counted(), seconds=s) for s in (1.0, 3.0))
    assert long.static.low == pytest.approx(3 * short.static.low)
    assert (long.dynamic.low, long.dynamic.high) == (short.dynamic.low, short.dynamic.high)
    fast = spikeloom.energy(design, counted(), clock_hz=1e6)
    assert fast.seconds == pytest.approx(fast.cycles / 1e6)


def test_the_terms_of_neurobench(design, run):
    terms = spikeloom.energy(design, run).neurobench
    assert terms["synaptic_operations"] == run.counted["synaptic_operations"]
    assert terms["connection_sparsity"] == pytest.approx(1 - 8 / 64)
    assert terms["synaptic_operations_effective"] == pytest.approx(
        run.counted["synaptic_operations"] / 8
    )
    assert terms["synaptic_operations_dense"] == STEPS * 64
    assert terms["activation_sparsity"] == pytest.approx(1 - run.spikes.sum() / (STEPS * 8))
    assert terms["footprint_bytes"] >= 64


def test_the_elements_follow_from_what_was_published():
    """Figures of docs/explanation/energy.md, computed here by hand."""
    up5k = FAMILIES["ice40"]
    assert pytest.approx(0.198e-12, rel=0.01) == figures.ACTIVE_CELL_J
    assert pytest.approx(0.0144e-12, rel=0.01) == figures.QUIET_CELL_J
    assert pytest.approx(53.0e-12, rel=0.01) == figures.CLOCK_TREE_J * 5280
    assert up5k.logic_bit.low == pytest.approx(0.1e-12 / 32 * 12 * (1.2 / 0.9) ** 2)
    assert up5k.memory_bit.low == pytest.approx(0.278e-12, rel=0.01)
    assert up5k.memory_bit.high == pytest.approx(14 * up5k.memory_bit.low)
    assert up5k.static_w.low == pytest.approx(104e-6, rel=0.01)
    idle = up5k.cycle(0)
    assert idle.high == pytest.approx(53.0e-12 * (1.2 / 1.219) ** 2, rel=0.01)


def test_ranges_are_shown_with_a_prefix():
    assert Range(1.5e-9, 2.5e-8).text("J") == "1.5…25 nJ"
    assert Range(0.0, 0.0).text("J") == "0…0 pJ"
    assert Range(0.5, 2).text("W") == "0.5…2 W"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"family": "asic"}, "known are ice40"),
        ({"clock_hz": 0}, "clock"),
        ({"seconds": -1}, "seconds"),
    ],
)
def test_settings_are_checked(design, settings, message):
    with pytest.raises(InputError, match=message):
        spikeloom.energy(design, counted(), **settings)


def test_a_run_without_counts_is_refused(design, run, tmp_path):
    run.save(tmp_path / "run.npz")
    loaded = spikeloom.Run.load(tmp_path / "run.npz")
    with pytest.raises(InputError, match=r"device\.counters"):
        spikeloom.energy(design, loaded)
    with pytest.raises(InputError, match="no steps"):
        sum_counted([counted(steps=0)])
