"""The patterns demo: neurons learn to detect exact patterns of simultaneous spikes, each shown once.

The task is that of Davies, Gait, Rowley and Di Nuovo, "Supervised learning of spatial features with
STDP and homeostasis using spiking neural networks on SpiNNaker" (2025): spikes that come together
at the input layer are the pattern, a teacher makes the neuron fire that is to know it, and a neuron
taught one pattern is to be its ideal detector.

Here the windows of pair STDP are one step wide.  In the first step of a lesson the pattern's axons
and the teacher fire: the neuron fires with them, and its weights from these axons go up.  In the second
the other axons fire, just after the neuron: their weights go down.  One lesson takes weights from
wherever they are to `+WEIGHT` and `−WEIGHT`, so that a pattern of `ACTIVE` axons drives its neuron
with `ACTIVE·WEIGHT`, and every other combination of spikes with less than the threshold,
`(ACTIVE − ½)·WEIGHT`: a spike missing, or one too many, is one `WEIGHT` less.  The teacher's weight
reaches the threshold too.  Learning is never switched off: a neuron that fires for its own pattern
only has nothing more to learn.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.table import Table

from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.hdl.contract.errors import FitError, InputError

from ..connect.open import open
from ..connect.schemes import MADE_FOR_DESIGNS, TWIN
from ..design.design import Design
from ..device.device import Device
from ..diagnosis.lockstep import Differences, Lockstep
from ..display import learning_plots
from ..display.progress import progress_bar
from ..driver.board import Board
from .digits import config_of
from .report_rows import add_closing_rows

SIDE = 8
PIXELS = SIDE * SIDE
ACTIVE = 16
"""Axons that fire in a pattern."""
WEIGHT = 7
THRESHOLD = ACTIVE * WEIGHT - WEIGHT // 2
TEACHER = 127
NEURONS = 8
PERIOD = 3
"""Steps of a lesson or test: two, and one in which the traces vanish."""
TESTS = 400
_PART = 50

CONFIG = CoreConfig(
    neurons=NEURONS,
    axons=PIXELS + NEURONS,
    lanes=2,
    weight_bits=8,
    state_bits=12,
    synapse="delta",
    leak="linear",
    refractory_bits=0,
    bias=False,
    monitors=0,
    learning=LearningConfig(rule="pair", trace_bits=4),
)
"""The smallest core: no multiplication but those of the traces."""


@dataclass(frozen=True)
class PatternsReport:
    """How the demo went.

    Attributes
    ----------
    device, config : where it ran, and the settings of the core.
    patterns : taught, each to a neuron of its own, in one lesson.
    tests : presentations afterwards, and how many of them by kind.
    wrong : those, by kind, in which some neuron fired that should not, or did not that should.
    detected : presentations of a taught pattern to which its neuron answered.
    weight_updates : what the device counted.
    differences : from the golden model.
    files : what was written.
    seconds : wall-clock time by phase.
    """

    device: str
    config: dict[str, Any]
    patterns: int
    tests: dict[str, int]
    wrong: dict[str, int]
    detected: int
    weight_updates: int
    differences: Differences
    files: dict[str, str]
    seconds: dict[str, float]

    @property
    def accuracy(self) -> float:
        """Share of the tests in which every neuron did the right thing."""
        return 1 - sum(self.wrong.values()) / sum(self.tests.values())

    @property
    def ok(self) -> bool:
        """Every test right, and no difference."""
        return not sum(self.wrong.values()) and not self.differences.total

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {"ok": self.ok, "accuracy": self.accuracy, **asdict(self)}

    def __rich__(self) -> Table:
        table = Table(title=f"patterns learned on {self.device}", show_header=False)
        table.add_row("patterns", f"{self.patterns}, one lesson for each")
        good = "red" if sum(self.wrong.values()) else "green"
        right = f"{sum(self.tests.values()) - sum(self.wrong.values())}/{sum(self.tests.values())}"
        table.add_row("right answers", f"[{good}]{self.accuracy:.2%}[/] ({right})")
        for kind, count in self.tests.items():
            table.add_row(f"  {kind}", f"{count - self.wrong[kind]}/{count}")
        same = "red" if self.differences.total else "green"
        kinds = ", ".join(f"{name} {n}" for name, n in asdict(self.differences).items())
        table.add_row("differences from the golden model", f"[{same}]{kinds}[/]")
        table.add_row("weight updates", str(self.weight_updates))
        add_closing_rows(table, self.config, self.files, self.seconds)
        return table


def run_patterns(
    where: str = TWIN,
    out: str | Path = "out/patterns",
    *,
    patterns: int = NEURONS,
    tests: int = TESTS,
    seed: int = 0,
    progress: bool | None = None,
) -> PatternsReport:
    """Run the demo.

    Parameters
    ----------
    where : "twin:", "golden:", "netlist:" and a board's name, or the serial port of a board; boards
        with pair STDP.
    out : folder for weights.png and the design with what it learned, learned.slm.
    patterns : how many are taught; the other neurons are to stay silent.
    tests : how many presentations test the result.
    seed : of patterns, initial weights and tests.
    progress : show a progress bar; None: when stderr is a terminal.
    """
    if tests < 1:
        raise InputError(f"tests is {tests}; give at least 1")
    rng = np.random.default_rng(seed)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    files = {name: str(folder / name) for name in ("learned.slm", "weights.png")}

    began = time.perf_counter()
    with _open(where, rng, progress) as device:
        opening = time.perf_counter() - began
        design = device.design
        if not 1 <= patterns <= design.config.neurons:
            raise InputError(
                f"patterns is {patterns}; give 1…{design.config.neurons}, one a neuron"
            )
        taught = draw_patterns(patterns, rng)
        lockstep = Lockstep(device)
        lockstep.run(training_input(design, taught))
        kinds, shown, expected = draw_tests(taught, tests, rng)
        fired = []
        with progress_bar("tests", tests, progress) as advance:
            for first in range(0, tests, _PART):
                part = shown[first : first + _PART]
                fired.append(lockstep.run(presentations(design, part)).spikes)
                advance(len(part))
        answers = np.concatenate(fired).reshape(tests, PERIOD, -1).any(axis=1)
        weights = lockstep.read_weights()
        lockstep.compare()
        counters = device.counters()

    wanted = expected[:, None] == np.arange(design.config.neurons)
    failed = np.any(answers != wanted, axis=1)
    names = list(dict.fromkeys(kinds))
    image = dataclasses.replace(design.image, weights=weights)
    Design(design.config, image, design.inputs, design.populations).save(files["learned.slm"])
    before, after = (w[:PIXELS, :patterns] for w in (design.image.weights, weights))
    learning_plots.weight_images(
        {"pattern": WEIGHT * taught.T, "before": before, "after": after}, SIDE,
        files["weights.png"], title=f"{patterns} patterns, and the weights that learned them",
    )  # fmt: skip
    spent = {"opening": opening, **lockstep.seconds}
    return PatternsReport(
        device=where,
        config=design.config.to_dict(),
        patterns=patterns,
        tests={name: kinds.count(name) for name in names},
        wrong={
            name: int(sum(bad for kind, bad in zip(kinds, failed, strict=True) if kind == name))
            for name in names
        },
        detected=int(np.count_nonzero(answers & wanted)),
        weight_updates=counters["weight_updates"],
        differences=lockstep.differences,
        files=files,
        seconds={name: round(value, 2) for name, value in spent.items()},
    )


def make_design(rng: np.random.Generator, config: CoreConfig = CONFIG) -> Design:
    """The network before its first lesson: weights of −1, 0 and 1 at random, and the teacher's.

    The core may be any with additive pair STDP that is large enough and forgets within a step;
    `FitError` says what is missing.  Beyond the pixels each neuron has a teacher's axon.
    """
    c, rule = config, config.learning
    lacking = [
        what
        for what, there in {
            'learning.rule = "pair" with hard bounds and rates = "shift"': (
                rule is not None
                and (rule.rule, rule.bounds, rule.rates) == ("pair", "hard", "shift")
            ),
            f"trace_bits of at least {(2 * WEIGHT).bit_length()}": (
                rule is not None and (2 * WEIGHT << rule.fraction_bits) < 1 << rule.trace_bits
            ),
            'synapse = "delta"': c.synapse == "delta",
            "weight_shift = 0": c.weight_shift == 0,
            "weight_bits of at least 8": c.weight_bits >= 8,
            "state_bits of at least 12": c.state_bits >= 12,
            'leak = "linear" or "exponential"': c.leak != "none",
            f"axons for {PIXELS} pixels and a teacher for each neuron": (
                c.axons >= PIXELS + c.neurons
            ),
        }.items()
        if not there
    ]
    if lacking or rule is None:
        raise FitError(f"the patterns demo needs a core with {'; '.join(lacking)}")

    teacher = slice(PIXELS, PIXELS + c.neurons)
    weights = np.zeros((c.axons, c.neurons), dtype=np.int64)
    weights[:PIXELS] = rng.integers(-1, 1, (PIXELS, c.neurons), endpoint=True)
    weights[teacher] = TEACHER * np.eye(c.neurons, dtype=np.int64)
    plastic = np.zeros((c.axons, c.neurons), dtype=np.bool_)
    plastic[:PIXELS] = True
    # Membrane and traces forget all within a step.
    leak = {"leak": (1 << (c.state_bits - 1)) - 1} if c.leak == "linear" else {"d_mem": 4096}
    change = 2 * WEIGHT << rule.fraction_bits
    learning = {"x_inc": change, "y_inc": change, "d_x": 4096, "d_y": 4096}
    image = Image(
        c,
        weights,
        {name: np.array(value) for name, value in {"v_threshold": THRESHOLD, **leak}.items()},
        learning={**learning, "enabled": 1, "w_min": -WEIGHT, "w_max": WEIGHT},
        plastic=plastic,
    )
    inputs = {"pixels": slice(0, PIXELS), "teacher": teacher}
    return Design(c, image, inputs=inputs, populations={"output": slice(0, c.neurons)})


def draw_patterns(count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(count, 64) patterns of `ACTIVE` spikes, no two of which share half of them or more."""
    chosen: list[NDArray[np.bool_]] = []
    while len(chosen) < count:
        pattern = _random_pattern(ACTIVE, rng)
        if all(np.sum(pattern & other) < ACTIVE // 2 for other in chosen):
            chosen.append(pattern)
    return np.array(chosen)


def training_input(design: Design, patterns: NDArray[np.bool_]) -> dict[str, ArrayLike]:
    """Spikes that teach pattern k to neuron k: the pattern with the teacher, then the others."""
    pixels = np.zeros((len(patterns), PERIOD, PIXELS), dtype=np.bool_)
    pixels[:, 0] = patterns
    pixels[:, 1] = ~patterns
    teacher = np.zeros((len(patterns), PERIOD, design.config.neurons), dtype=np.bool_)
    teacher[:, 0] = np.eye(len(patterns), design.config.neurons, dtype=np.bool_)
    return {
        "pixels": pixels.reshape(-1, PIXELS),
        "teacher": teacher.reshape(-1, design.config.neurons),
    }


def presentations(design: Design, patterns: NDArray[np.bool_]) -> dict[str, ArrayLike]:
    """Spikes of patterns without a teacher, one after the other."""
    pixels = np.zeros((len(patterns), PERIOD, PIXELS), dtype=np.bool_)
    pixels[:, 0] = patterns
    return {"pixels": pixels.reshape(-1, PIXELS)}


def draw_tests(
    taught: NDArray[np.bool_], count: int, rng: np.random.Generator
) -> tuple[list[str], NDArray[np.bool_], NDArray[np.int64]]:
    """Kinds, (count, 64) patterns, and (count,) neurons that are to fire, −1 for none.

    A third are taught patterns; the others are taught ones with a spike less, more, or moved, and
    patterns that have nothing to do with them.
    """
    kinds, shown = [], []
    makers = {
        "a spike missing": lambda p: _flip(p, p, rng),
        "a spike too many": lambda p: _flip(p, ~p, rng),
        "a spike moved": lambda p: _flip(_flip(p, p, rng), ~p, rng),
        "another pattern": lambda p: _random_pattern(ACTIVE, rng),
        "of any size": lambda p: _random_pattern(int(rng.integers(0, PIXELS + 1)), rng),
        "the opposite": lambda p: ~p,
    }
    for k in range(count):
        pattern = taught[k % len(taught)]
        if k % 3 == 0:
            kinds.append("a taught pattern")
            shown.append(taught[(k // 3) % len(taught)])
        else:
            name = list(makers)[rng.integers(len(makers))]
            kinds.append(name)
            shown.append(makers[name](pattern))
    same = np.all(np.array(shown)[:, None] == taught, axis=2)
    return kinds, np.array(shown), np.where(same.any(axis=1), same.argmax(axis=1), -1)


def _random_pattern(spikes: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    return rng.permutation(PIXELS) < spikes


def _flip(
    pattern: NDArray[np.bool_], where: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """The pattern, with one axon out of `where` changed."""
    changed = pattern.copy()
    changed[rng.choice(np.flatnonzero(where))] ^= True
    return changed


def _open(where: str, rng: np.random.Generator, progress: bool | None) -> Device:
    """A device with the network in it; on a board, for the core that the board has."""
    if where in MADE_FOR_DESIGNS:
        return open(where, make_design(rng), progress=progress)
    board = open(where, progress=progress)
    assert isinstance(board, Board)
    try:
        board.load(make_design(rng, config_of(board)))
    except BaseException:
        board.close()
        raise
    return board
