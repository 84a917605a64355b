"""The digits demo: train, compile, load, stream the test images, compare with the golden model."""

from __future__ import annotations

import time
import warnings
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import FitWarning, InputError, WrongBoardError
from spikeloom.sim import GoldenCore

from ..compiler.compile import compile
from ..connect.known_boards import core_with, known_boards
from ..connect.open import open
from ..connect.schemes import MADE_FOR_DESIGNS, TWIN
from ..design.design import Design
from ..device.device import Device
from ..display import plots
from ..display.progress import progress_bar
from ..driver.board import Board
from . import digits_network as digits
from .report_rows import add_closing_rows

NEEDED_ACCURACY = 0.97
"""Over all test images; over fewer the accuracy is only reported."""
SHOWN_IMAGES = 6
"""In the raster picture."""


@dataclass(frozen=True)
class Outcome:
    """What n images gave.

    Attributes
    ----------
    spikes : (n, steps, N) bool, of reported neurons.
    potentials : (n, N) int64, after the last step.
    cycles, stalls : (n,) int64 clock cycles of each image inside steps, and between them when the
        core waited for the line; empty when the device counts none.
    """

    spikes: NDArray[np.bool_]
    potentials: NDArray[np.int64]
    cycles: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    stalls: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def classes(self, design: Design) -> NDArray[np.int64]:
        """(n,) digits that the network sees."""
        where = design.populations["output"]
        return digits.classify(design, self.spikes[:, :, where], self.potentials[:, where])


@dataclass(frozen=True)
class DigitsReport:
    """How the demo went.

    Attributes
    ----------
    device, config : where it ran, and the settings of the core.
    images, correct : test images that were shown, and those that were recognised.
    all_images : whether these were all that there are.
    steps, spikes : time steps for each image; spikes in all.
    mismatches : spikes and final potentials that differ from the golden model's.
    cycles_per_image : from the hardware's counters: mean, minimum and maximum inside steps, and the
        mean of those that the core computed instead of waiting for the line; None without counters.
    files : what was written.
    seconds : wall-clock time by phase.
    """

    device: str
    config: dict[str, Any]
    images: int
    correct: int
    all_images: bool
    steps: int
    spikes: int
    mismatches: int
    cycles_per_image: dict[str, float] | None
    files: dict[str, str]
    seconds: dict[str, float]

    @property
    def accuracy(self) -> float:
        """Share of images that were recognised."""
        return self.correct / self.images

    @property
    def ok(self) -> bool:
        """No mismatch; and over all test images an accuracy of at least `NEEDED_ACCURACY`."""
        good = self.accuracy >= NEEDED_ACCURACY or not self.all_images
        return good and not self.mismatches

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {"ok": self.ok, "accuracy": self.accuracy, **asdict(self)}

    def __rich__(self) -> Table:
        table = Table(title=f"digits on {self.device}", show_header=False)
        good = "green" if self.accuracy >= NEEDED_ACCURACY else "red"
        same = "red" if self.mismatches else "green"
        table.add_row("accuracy", f"[{good}]{self.accuracy:.2%}[/] ({self.correct}/{self.images})")
        table.add_row("differences from the golden model", f"[{same}]{self.mismatches}[/]")
        table.add_row("spikes", f"{self.spikes} in {self.images * self.steps} steps")
        if self.cycles_per_image:
            cycles = self.cycles_per_image
            span = f"{cycles['min']:.0f}…{cycles['max']:.0f}"
            table.add_row("clock cycles per image", f"{cycles['mean']:.0f} ({span})")
            table.add_row("and waiting for the line", f"{cycles['waiting']:.0f}")
        add_closing_rows(table, self.config, self.files, self.seconds)
        return table


def run_digits(
    where: str = TWIN,
    out: str | Path = "out/digits",
    images: int | None = None,
    *,
    progress: bool | None = None,
) -> DigitsReport:
    """Run the demo.

    Parameters
    ----------
    where : "twin:", "golden:", "netlist:" and a board's name, or the serial port of a board with
        the configuration that its definition declares.
    out : folder for raster.png, confusion.png and the design, digits.slm.
    images : how many of the test images; default all.
    progress : show progress bars; None: when stderr is a terminal.
    """
    if images is not None and images < 1:
        raise InputError(f"images is {images}; give at least 1")
    clock = _Clock()
    _, test_x, _, test_y = digits.digits()
    test_x, labels = test_x[:images], test_y[:images]
    trains = digits.encode(test_x)
    folder = Path(out)
    files = {name: str(folder / name) for name in ("digits.slm", "raster.png", "confusion.png")}
    with ExitStack() as stack:
        # A board comes before the training: who names a wrong port need not wait to be told.
        board = _find_board(where, progress)
        core = None
        if board is not None:
            stack.enter_context(board)
            core = config_of(board)
        clock.lap("opening")
        network = digits.train(progress=progress)
        clock.lap("training")

        with warnings.catch_warnings():
            # Some hundred small weights round to 0; the accuracy that is shown says what that costs.
            warnings.simplefilter("ignore", FitWarning)
            design = compile(network, config=core)
        folder.mkdir(parents=True, exist_ok=True)
        design.save(files["digits.slm"])
        device: Device
        if board is None:
            device = stack.enter_context(open(where, design, progress=progress))
        else:
            board.load(design)
            device = board
        clock.lap("opening")
        outcome = show_images(device, trains, progress=progress)
        clock.lap("images")
    golden = golden_outcome(design, trains)
    clock.lap("golden model")

    seen = outcome.classes(design)
    _draw_raster(design, trains, outcome, seen, files["raster.png"])
    plots.confusion(labels, seen, files["confusion.png"])
    clock.lap("pictures")
    return DigitsReport(
        device=where,
        config=design.config.to_dict(),
        images=len(labels),
        correct=int(np.sum(seen == labels)),
        all_images=len(labels) == len(test_y),
        steps=digits.STEPS,
        spikes=int(outcome.spikes.sum()),
        mismatches=mismatches(outcome, golden),
        cycles_per_image=_cycles(outcome),
        files=files,
        seconds=clock.laps,
    )


def show_images(
    device: Device, trains: NDArray[np.bool_], *, progress: bool | None = None
) -> Outcome:
    """Show (n, steps, 64) spike trains to a loaded device, each from a state of 0."""
    spikes, potentials, counted = [], [], []
    with progress_bar("images", len(trains), progress) as advance:
        for train in trains:
            device.reset()
            spikes.append(device.run({"pixels": train}, steps=digits.STEPS).spikes)
            potentials.append(device.read("v"))
            counted.append(device.counters())
            advance(1)
    cycles, stalls = (
        np.array([counters[name] for counters in counted if name in counters], dtype=np.int64)
        for name in ("cycles", "stalls")
    )
    return Outcome(np.array(spikes), np.array(potentials), cycles, stalls)


def golden_outcome(design: Design, trains: NDArray[np.bool_]) -> Outcome:
    """The same from the golden model, all images side by side."""
    core, report = GoldenCore(design.image, batch=len(trains)), design.image.report
    assert report is not None
    axons = np.zeros((len(trains), digits.STEPS, design.config.axons), dtype=np.bool_)
    axons[:, : trains.shape[1], design.inputs["pixels"]] = trains
    spikes = np.zeros((len(trains), digits.STEPS, design.config.neurons), dtype=np.bool_)
    for t in range(digits.STEPS):
        core.inject(axons[:, t])
        spikes[:, t] = core.step() & report
    return Outcome(spikes, core.state("v"))


def mismatches(ours: Outcome, theirs: Outcome) -> int:
    """Spikes and final potentials that differ."""
    different = np.count_nonzero(ours.spikes != theirs.spikes)
    return int(different + np.count_nonzero(ours.potentials != theirs.potentials))


def _cycles(outcome: Outcome) -> dict[str, float] | None:
    if not len(outcome.cycles):
        return None
    return {
        "mean": round(float(outcome.cycles.mean()), 1),
        "min": int(outcome.cycles.min()),
        "max": int(outcome.cycles.max()),
        "waiting": round(float(outcome.stalls.mean()), 1),
    }


def _draw_raster(
    design: Design,
    trains: NDArray[np.bool_],
    outcome: Outcome,
    seen: NDArray[np.int64],
    path: str,
) -> None:
    """The first few images one after the other: pixels, hidden and output neurons."""
    shown = range(min(SHOWN_IMAGES, len(trains)))
    pixels = np.zeros((len(shown), digits.STEPS, trains.shape[2]), dtype=np.bool_)
    pixels[:, : trains.shape[1]] = trains[: len(shown)]
    both = np.concatenate([pixels, outcome.spikes[: len(shown)]], axis=2)
    bands = {"pixels": slice(0, trains.shape[2])}
    for name, where in design.populations.items():
        first, stop, _ = where.indices(design.config.neurons)
        bands[name] = slice(first + trains.shape[2], stop + trains.shape[2])
    title = f"{digits.STEPS} steps for each image; seen: {', '.join(str(seen[k]) for k in shown)}"
    spikes = both.reshape(-1, both.shape[2])
    plots.raster(spikes, path, populations=bands, kinds={"pixels": "input"}, title=title)


def _find_board(where: str, progress: bool | None) -> Board | None:
    """The board that answers, or None for a model, which is made for a design."""
    if where in MADE_FOR_DESIGNS:
        return None
    board = open(where, progress=progress)
    assert isinstance(board, Board)
    return board


def config_of(board: Board) -> CoreConfig:
    """The board's core, the one of its definition; `WrongBoardError` for any other."""
    config = core_with(board.identity.digest)
    if config is not None:
        return config
    names = "|".join(known_boards())
    raise WrongBoardError(
        f"the board has configuration {board.identity.digest:016x}, which no board's definition "
        f"declares as its one core ({board.identity.build}); program it: spikeloom build {names}"
    )


class _Clock:
    """Wall-clock time by phase, in seconds."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(self.laps.get(name, 0.0) + now - self._last, 2)
        self._last = now
