"""Two golden models, one of them wrong from some step on: the search finds step and state."""

import json
import math
import sys

import numpy as np
import pytest
from designs import LEARNING, learning_config, make_design
from fake_board import FakeBoard
from hypothesis import given, settings
from hypothesis import strategies as st

import spikeloom
from spikeloom import cli
from spikeloom.design.contents import ALL, of_kind
from spikeloom.design.snapshot import Snapshot
from spikeloom.device.golden import GoldenDevice
from spikeloom.diagnosis.bisect import CHECKPOINTS, bisect
from spikeloom.driver.board import Board
from spikeloom.hdl.contract.errors import InputError
from spikeloom.link.link import Link

DESIGNS = {case: make_design(learning_config(case)) for case in LEARNING}
FIXED = tuple(int(k) for k in np.argwhere(~DESIGNS["pair"].image.plastic)[0])
"""A synapse that does not learn: what is wrong with it stays."""


def spikes_for(design, steps, seed=0):
    return np.random.default_rng(seed).random((steps, design.config.axons)) < 0.3


class Wrong(GoldenDevice):
    """After step `step` a bit of a state is wrong."""

    def __init__(self, design, step, state, index):
        super().__init__(design)
        original = self._core.step

        def wrong():
            now, spikes = self._core.step_number, original()
            if now == step:
                spikes = self.spoil(state, index, spikes)
            return spikes

        self._core.step = wrong

    def spoil(self, state, index, spikes):
        if state == "spike":
            spikes = spikes.copy()
            spikes[0][index] ^= True
        elif state == "weights":
            weights = self.read("weights")
            weights[index] ^= 1
            self.write("weights", weights)
        elif state == "arrivals":
            arrivals = self.read("arrivals")
            arrivals[index] ^= True
            self.write("arrivals", arrivals)
        else:
            values = self.read(state)
            values[index] ^= 1
            self.write(state, values)
        return spikes


@settings(max_examples=25)
@given(st.sampled_from(sorted(DESIGNS)), st.integers(1, 90), st.data())
def test_the_first_wrong_step_and_state_are_found(case, steps, data):
    design = DESIGNS[case]
    shapes = {name: f.shape for name, f in of_kind(design.config, "state").items()}
    shapes |= {"weights": (9, 11), "arrivals": (9,)}
    step = data.draw(st.integers(0, steps - 1))
    state = data.draw(st.sampled_from([*shapes, "spike"]))
    if state == "spike":
        index = (data.draw(st.sampled_from(np.flatnonzero(design.image.report).tolist())),)
    else:
        index = tuple(data.draw(st.integers(0, size - 1)) for size in shapes[state])
    golden, wrong = GoldenDevice(design), Wrong(design, step, state, index)
    result = bisect(golden, wrong, spikes_for(design, steps), names=("good", "bad"))
    per_chunk = math.ceil(steps / CHECKPOINTS)
    assert result.runs <= CHECKPOINTS + math.ceil(math.log2(per_chunk + 1)) + 1
    if result.ok:
        # What is gone at the next checkpoint and changes no spike is not seen.
        assert state != "spike"
        assert bisect(golden, wrong, spikes_for(design, steps)[: step + 1]).step == step
        return
    assert (result.step, result.differences[0].name, result.differences[0].index) == (
        step, state, index,
    )  # fmt: skip
    assert len(result.differences) == 1
    first = result.differences[0]
    assert first.ours ^ first.theirs == 1
    assert result.before.step == step
    assert result.to_dict()["first"]["state"] == state


def test_equal_devices_have_no_difference():
    design = DESIGNS["pair"]
    board = Board(Link(FakeBoard(design.config, window=2048, appetite=10_000)), design)
    board.load()
    result = bisect(board, GoldenDevice(design), spikes_for(design, 40))
    assert result.ok
    assert (result.step, result.differences, result.to_dict()["first"]) == (None, (), None)
    assert bisect(board, GoldenDevice(design), None, 0).ok


def test_it_may_begin_at_a_snapshot():
    design = DESIGNS["pair"]
    golden = GoldenDevice(design)
    golden.run(spikes_for(design, 30))
    start = golden.snapshot()
    result = bisect(
        golden, Wrong(design, 57, "weights", FIXED), spikes_for(design, 40), start=start
    )
    first = result.differences[0]
    assert (result.start, result.step, first.name, first.index) == (30, 57, "weights", FIXED)


def test_devices_that_never_were_equal_are_told():
    design = DESIGNS["pair"]

    class Loaded(GoldenDevice):
        def load(self, design=None):
            super().load(design)
            self.write("w_max", 3)

    result = bisect(GoldenDevice(design), Loaded(design), spikes_for(design, 20))
    assert (result.step, result.differences[0].name) == (None, "w_max")
    assert not result.ok
    assert "just been brought" in result.note


def test_a_difference_that_does_not_come_again_is_told():
    design = DESIGNS["pair"]

    class Once(Wrong):
        spoiled = False

        def spoil(self, *arguments):
            if self.spoiled:
                return arguments[-1]
            self.spoiled = True
            return super().spoil(*arguments)

    result = bisect(
        GoldenDevice(design), Once(design, 33, "weights", FIXED), spikes_for(design, 64)
    )
    assert not result.ok
    assert "not again" in result.note
    assert "weights" in {d.name for d in result.differences}


def test_a_state_that_can_not_be_restored_is_told():
    design = DESIGNS["pair"]

    class Stuck(GoldenDevice):
        def write(self, name, values, rows=ALL):
            stuck = np.asarray(values) | 1 if name == "x" else values
            return super().write(name, stuck, rows)

    golden = GoldenDevice(design)
    result = bisect(golden, Stuck(design), spikes_for(design, 16), start=golden.snapshot())
    assert (result.step, result.differences[0].where) == (None, "x[0]")


def test_devices_of_different_designs_are_refused():
    with pytest.raises(InputError, match="different designs"):
        bisect(GoldenDevice(DESIGNS["pair"]), GoldenDevice(DESIGNS["sdsp"]), None, 3)


# The command


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    design = DESIGNS["pair"]
    design.save(tmp_path / "net.slm")
    np.savez(tmp_path / "spikes.npz", spikes=spikes_for(design, 60))
    GoldenDevice(design).snapshot().save(tmp_path / "start.sls")
    real = spikeloom.open

    def opened(where, design, **options):
        if where == "wrong:":
            return Wrong(design, 41, "weights", FIXED)
        return real(where, design, **options)

    monkeypatch.setattr(spikeloom, "open", opened)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["spikeloom", "bisect", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code or 0, *capsys.readouterr()

    return run


def test_the_command_finds_the_difference(run, tmp_path):
    code, out, err = run("net.slm", "golden:", "wrong:", "--input", "spikes.npz", "--json")
    assert code == 1
    found = json.loads(out)
    assert (found["step"], found["first"]["state"], found["first"]["index"]) == (
        41,
        "weights",
        list(FIXED),
    )
    assert (found["ok"], found["one"], found["other"]) == (False, "golden:", "wrong:")
    code, out, err = run(
        "net.slm", "golden:", "wrong:", "--seed", "3", "--steps", "80", "--from", "start.sls",
        "--save", "before.sls",
    )  # fmt: skip
    assert code == 1
    assert f"weights[{FIXED[0]}, {FIXED[1]}], after step 41" in " ".join(out.split())
    assert "wrote before.sls" in err
    assert Snapshot.load(tmp_path / "before.sls").step == 41


def test_the_command_is_content_when_there_is_none(run):
    code, out, _ = run("net.slm", "golden:", "golden:", "--steps", "50")
    assert code == 0
    assert "equal in all states after 50 steps" in out
    code, out, _ = run("net.slm", "golden:", "golden:", "--steps", "50", "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)


def test_the_command_names_what_is_missing(run):
    code, _, err = run("net.slm", "golden:", "golden:", "--input", "none.npz")
    assert (code, "cannot read spikes from none.npz" in err) == (1, True)
