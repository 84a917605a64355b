"""The learning demo: a core learns handwritten digits by itself, and its golden model learns the same."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from spikeloom.hdl.contract.core_config import ceil_div
from spikeloom.hdl.contract.errors import InputError

from ..connect.open import open
from ..connect.schemes import TWIN
from ..design.design import Design
from ..diagnosis.lockstep import Differences, Lockstep
from ..display import learning_plots, plots
from ..display.progress import progress_bar
from . import digits_network as digits
from .any_model import any_model
from .report_rows import add_closing_rows
from .training_tasks import TASKS, TrainingTask

RULE = "three_factor"
PART = 100
"""Presentations of one run, at most; after each the weights are read back."""


@dataclass(frozen=True)
class LearningReport:
    """How the demo went.

    Attributes
    ----------
    device, rule, config : where it ran, with which task, and the settings of the core.
    lessons, epochs : training images that were shown in each epoch, and epochs.
    images, correct : test images that were shown after the last lesson, and those recognised.
    needed : share of the test images that must be recognised.
    all_images : whether all training and test images were shown.
    curve : (lessons given, share of the test images that a model recognises with the
        weights that the device has then).
    steps, spikes, weight_updates, weight_clamps : in all; what the device counted.
    differences : from the golden model.
    files : what was written.
    seconds : wall-clock time by phase; the golden model learns in between.
    """

    device: str
    rule: str
    config: dict[str, Any]
    lessons: int
    epochs: int
    images: int
    correct: int
    needed: float
    all_images: bool
    curve: list[tuple[int, float]]
    steps: int
    spikes: int
    weight_updates: int
    weight_clamps: int
    differences: Differences
    files: dict[str, str]
    seconds: dict[str, float]

    @property
    def accuracy(self) -> float:
        """Share of the test images that were recognised."""
        return self.correct / self.images

    @property
    def ok(self) -> bool:
        """No difference; and with all images an accuracy of at least `needed`."""
        good = self.accuracy >= self.needed or not self.all_images
        return good and not self.differences.total

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {"ok": self.ok, "accuracy": self.accuracy, **asdict(self)}

    def __rich__(self) -> Table:
        table = Table(title=f"digits learned on {self.device} ({self.rule})", show_header=False)
        good = "green" if self.accuracy >= self.needed else "red"
        before = f"before the first lesson {self.curve[0][1]:.2%}"
        right = f"{self.correct}/{self.images}"
        table.add_row("accuracy", f"[{good}]{self.accuracy:.2%}[/] ({right}), {before}")
        same = "red" if self.differences.total else "green"
        kinds = ", ".join(f"{name} {n}" for name, n in asdict(self.differences).items())
        table.add_row("differences from the golden model", f"[{same}]{kinds}[/]")
        table.add_row("lessons", f"{self.lessons} images, {self.epochs} times; {self.steps} steps")
        table.add_row("weight updates", f"{self.weight_updates} ({self.weight_clamps} clamped)")
        add_closing_rows(table, self.config, self.files, self.seconds)
        return table


def run_learn_digits(
    where: str = TWIN,
    rule: str = RULE,
    out: str | Path = "out/learn-digits",
    *,
    lessons: int | None = None,
    images: int | None = None,
    seed: int = 0,
    progress: bool | None = None,
) -> LearningReport:
    """Run the demo.

    Parameters
    ----------
    where : "twin:", "golden:", or the serial port of a board with the task's core.
    rule : a key of `TASKS`.
    out : folder for weights.png, curve.png, confusion.png and the design with what it learned,
        learned.slm.
    lessons : how many of the training images are shown in each epoch; default all.
    images : how many of the test images are shown after the last lesson; default all.
    seed : of the initial weights, the order of images, and random rounding.
    progress : show progress bars; None: when stderr is a terminal.
    """
    if rule not in TASKS:
        raise InputError(f"rule is {rule!r}; choose one of {', '.join(TASKS)}")
    for name, count in (("lessons", lessons), ("images", images)):
        if count is not None and count < 1:
            raise InputError(f"{name} is {count}; give at least 1")
    task = TASKS[rule]
    data = _Data.read(lessons, images)
    design = task.design(seed)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    names = ("learned.slm", "weights.png", "curve.png", "confusion.png")
    files = {name: str(folder / name) for name in names}

    began = time.perf_counter()
    with open(where, design, progress=progress) as device:
        opening = time.perf_counter() - began
        lockstep = Lockstep(device)
        history = _History(task, design, data)
        rng = np.random.default_rng(seed)
        _teach(lockstep, task, data, history, rng, progress)
        answers = _examine(lockstep, task, data, progress)
        weights = lockstep.read_weights()
        lockstep.compare()
        counters = device.counters()

    learned = dataclasses.replace(design.image, weights=weights)
    Design(design.config, learned, design.inputs, design.populations).save(files["learned.slm"])
    pixels = design.inputs["pixels"]
    learning_plots.weight_images(
        {"before": design.image.weights[pixels], "after": weights[pixels]},
        digits.SIDE, files["weights.png"], title="Weights of the pixels, one image for each digit",
    )  # fmt: skip
    given, right = zip(*history.points, strict=True)
    title = f"Learned on {where} with the rule {task.rule}"
    learning_plots.accuracy_curve(given, right, task.needed, files["curve.png"], title=title)
    plots.confusion(data.test_y, answers, files["confusion.png"])
    return LearningReport(
        device=where,
        rule=task.rule,
        config=design.config.to_dict(),
        lessons=len(data.train_y),
        epochs=len(task.epochs),
        images=len(data.test_y),
        correct=int(np.sum(answers == data.test_y)),
        needed=task.needed,
        all_images=data.complete,
        curve=history.points,
        steps=counters["steps"],
        spikes=lockstep.spikes,
        weight_updates=counters["weight_updates"],
        weight_clamps=counters["weight_clamps"],
        differences=lockstep.differences,
        files=files,
        seconds={
            name: round(value, 2)
            for name, value in {"opening": opening, **lockstep.seconds}.items()
        },
    )


@dataclass(frozen=True)
class _Data:
    """Images (n, 64) of 0…16 to learn from and to be tested with, and their digits."""

    train_x: NDArray[np.float64]
    test_x: NDArray[np.float64]
    train_y: NDArray[np.int64]
    test_y: NDArray[np.int64]
    complete: bool

    @classmethod
    def read(cls, lessons: int | None, images: int | None) -> _Data:
        train_x, test_x, train_y, test_y = digits.digits()
        complete = (lessons or len(train_y)) >= len(train_y)
        complete &= (images or len(test_y)) >= len(test_y)
        return cls(train_x[:lessons], test_x[:images], train_y[:lessons], test_y[:images], complete)


@dataclass
class _History:
    """How well the weights do, as they change: all test images side by side, in a model."""

    task: TrainingTask
    design: Design
    data: _Data
    points: list[tuple[int, float]] = field(default_factory=list)

    def add(self, lessons: int, weights: NDArray[np.int64]) -> None:
        image, task, count = self.design.image, self.task, len(self.data.test_y)
        test_parameters = {name: np.array(value) for name, value in task.test_parameters.items()}
        image = dataclasses.replace(
            image,
            weights=weights,
            parameters={**image.parameters, **test_parameters},
            learning={**image.learning, "enabled": 0},
        )
        raster = task.test_input(self.data.test_x).reshape(count, task.test_period, -1)
        answers = task.decode(any_model(image, count).run(raster))
        self.points.append((lessons, float(np.mean(answers == self.data.test_y))))


def _teach(
    lockstep: Lockstep,
    task: TrainingTask,
    data: _Data,
    history: _History,
    rng: np.random.Generator,
    progress: bool | None,
) -> None:
    """All epochs: each image once, in a new random order."""
    count, given = len(data.train_y), 0
    history.add(0, lockstep.read_weights())
    with progress_bar("lessons", count * len(task.epochs), progress) as advance:
        for parameters in task.epochs:
            lockstep.write(**parameters)
            order = rng.permutation(count)
            for some in np.array_split(order, ceil_div(count, PART)):
                lockstep.run(task.training_input(data.train_x[some], data.train_y[some]))
                given += len(some)
                history.add(given, lockstep.read_weights())
                advance(len(some))


def _examine(
    lockstep: Lockstep, task: TrainingTask, data: _Data, progress: bool | None
) -> NDArray[np.int64]:
    """What the device answers when it is shown the test images, with learning switched off."""
    lockstep.write(enabled=0)
    lockstep.write(**task.test_parameters)
    answers = []
    with progress_bar("test", len(data.test_y), progress) as advance:
        for some in np.array_split(data.test_x, ceil_div(len(data.test_y), PART)):
            answers.append(task.decode(lockstep.run(task.test_input(some))["output"]))
            advance(len(some))
    return np.concatenate(answers)
