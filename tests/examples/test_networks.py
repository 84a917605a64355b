"""The examples of docs/explanation/networks.md: what each shows holds, on golden model and twin."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.compiler.compile import compile
from spikeloom.compiler.place import report
from spikeloom.diagnosis.lockstep import Differences

FOLDER = Path(__file__).parents[2] / "examples"
NAMES = ("random_delays", "small_world", "reservoir", "motion")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"examples_{name}", FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


random_delays, small_world, reservoir, motion = map(load, NAMES)


def check(name: str, result: dict[str, float]) -> None:
    """What the example claims."""
    if name == "random_delays":
        assert result["mixed"] < 0.3
        assert result["equal"] > 2 * result["mixed"]
    elif name == "small_world":
        assert result["with the touch"] > 0.15
        assert result["against it"] < 0.05
    elif name == "reservoir":
        assert result["this"] > 0.9
        assert result["last"] > 0.85
        assert result["differ?"] > 0.6
    else:
        assert result == {"recognised": 1, "without delays": pytest.approx(0, abs=0.125)}


QUICK = {
    "random_delays": {"steps": 300},
    "small_world": {"laps": 4},
    "reservoir": {"patterns": 120},
    "motion": {"repeats": 1},
}


@pytest.mark.parametrize("name", NAMES)
def test_on_the_golden_model(name, tmp_path):
    picture = tmp_path / "new" / "picture.png"
    check(name, globals()[name].main("golden:", picture, **QUICK[name]))
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.slow
def test_a_small_world_goes_on_by_itself_faster_than_it_was_shown(tmp_path):
    result = small_world.main(out=tmp_path / "picture.png")
    assert result["speed"] > 2 * small_world.NEURONS / small_world.LAP


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", NAMES)
def test_on_the_twin_without_any_difference(name, tmp_path, capsys):
    check(name, globals()[name].main("twin:", tmp_path / "picture.png"))
    assert ", 0 differences" in capsys.readouterr().out


def test_a_difference_ends_with_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(Differences, "total", 1)
    with pytest.raises(typer.Exit) as ended:
        motion.main(out=tmp_path / "picture.png", repeats=1)
    assert ended.value.exit_code == 1


@pytest.mark.parametrize("name", NAMES)
def test_cores_are_no_larger_than_those_that_are_built(name):
    module = globals()[name]
    placed = report(compile(module.describe(), cores=module.CORES))
    assert placed.neurons <= 64
    assert placed.axons <= 256
    assert placed.columns * placed.rows == module.CORES


def test_delays_of_1_to_16_steps_between_neurons_of_all_cores():
    design = compile(random_delays.describe(), cores=8)
    image = design.image
    recurrent = image.delays[8:][image.weights[8:] != 0]
    assert set(recurrent) == set(range(16))
    assert set(design.placement.neuron_core) == set(range(8))


def test_a_small_world_is_clustered_and_mostly_stays_at_home():
    world, design = small_world.WORLD, compile(small_world.describe(), cores=8)
    assert small_world.nx.average_clustering(world) > 0.4
    assert small_world.nx.average_shortest_path_length(world) < 4
    assert small_world.staying(design, np.ones(small_world.NEURONS)) > 0.75
    away = small_world.reach(design)
    assert np.mean(np.abs(away) <= small_world.NEIGHBOURS // 2) == pytest.approx(0.9, abs=0.02)


@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
def test_a_read_out_reads_what_is_there_and_of_other_patterns_nothing(seed):
    rng = np.random.default_rng(seed)
    shown = rng.integers(0, 2, 400)
    spikes = rng.random((400, reservoir.PATTERN, 3)) < 0.1
    spikes[:, :, 0] = False
    spikes[:, 5, 0] = shown
    flat = spikes.reshape(-1, 3)
    assert reservoir.read_out(flat, shown) > 0.9
    assert reservoir.read_out(flat, rng.integers(0, 2, 400)) < 0.75


@settings(max_examples=15)
@given(group=st.integers(0, motion.GROUPS - 1), seed=st.integers(0, 1000))
def test_events_meet_after_the_delays_of_their_direction_and_of_no_other(group, seed):
    events = motion.watch(motion.PREFERRED[group], np.random.default_rng(seed))
    step, pixel = np.nonzero(events)
    delays = motion.describe().projections[0].delays[:, :: motion.EACH]
    arrival = step[:, None] + delays[pixel]
    most = [np.bincount(arrival[:, k]).max() for k in range(motion.GROUPS)]
    assert np.argmax(most) == group
    assert most[group] > 1.5 * np.delete(most, group).max()
