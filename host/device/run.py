"""What a run gave: spikes and monitored values; and parts of a stream, and frames of weights."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.fields import STEP_NUMBERS

from ..display.html import never_raise, picture
from ..display.plots import raster
from ..display.spike_text import text_raster

_PICTURE_STEPS = 2000
_PICTURE_SPIKES = 20_000
"""How much of a run its picture in a notebook shows, at most."""


@dataclass(repr=False)
class Run:
    """What a run gave.

    Attributes
    ----------
    start : number of the first step.
    spikes : (steps, N) bool, which neuron fired in which step (reported neurons only).
    monitored : by label, e.g. "v[3]": (steps,) int64, the value after each step.
    populations : neuron ranges by name.
    """

    start: int
    spikes: NDArray[np.bool_]
    monitored: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    populations: dict[str, slice] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Number of steps executed."""
        return len(self.spikes)

    @property
    def end(self) -> int:
        """Number of the step after the last one."""
        return (self.start + self.steps) % STEP_NUMBERS

    def __getitem__(self, population: str) -> NDArray[np.bool_]:
        """(steps, size) raster of one population."""
        return self.spikes[:, self.populations[population]]

    def text(self, *, width: int = 72, height: int = 32) -> str:
        """The raster as text to print, in so many characters and lines; see `text_raster`."""
        return text_raster(self.spikes, self.start, self.populations, width=width, height=height)

    def _describe(self) -> str:
        return describe_run(self)

    @never_raise
    def __repr__(self) -> str:
        return f"<{self._describe()}>"

    @never_raise
    def _repr_html_(self) -> str:
        return run_html(self, self._describe())


@dataclass(repr=False)
class Part(Run):
    """What a part of a stream gave: a `Run`, and what went wrong with its ticks.

    Attributes
    ----------
    overruns : ticks that came while a step was not done, and began none.
    late : input spikes that came when their step had begun; they were dropped.
    stalls : clock cycles in which the next step waited for the line to take what the last one gave.
    missed : ticks that passed between the part before and this one, while nothing ran.

    All are counted since the part before, and are 0 in a stream without ticks.  Some stalls are
    usual: a step that ends before the next tick in spite of them is in time.
    """

    overruns: int = 0
    late: int = 0
    stalls: int = 0
    missed: int = 0

    def _describe(self) -> str:
        wrong = self._wrong()
        return super()._describe() + (f"; {wrong}" if wrong else "")

    def _wrong(self) -> str:
        """What the ticks could not do, for people."""
        titles = {
            "overruns": "overruns",
            "late": "late spikes dropped",
            "stalls": "cycles stalled",
            "missed": "ticks missed between parts",
        }
        counts = {title: getattr(self, name) for name, title in titles.items()}
        return ", ".join(f"{title}: {count}" for title, count in counts.items() if count)


@dataclass(frozen=True, eq=False)
class WeightFrame:
    """Weights between two steps.

    Attributes
    ----------
    step : number of the next step.
    weights : (A, N) integers.
    run : what ran since the frame before; no steps in the first frame.
    """

    step: int
    weights: NDArray[np.int64]
    run: Run


def describe_run(run: Run, more: str = "") -> str:
    """A run in a sentence."""
    if not run.steps:
        return f"{type(run).__name__} of no steps, next step {run.start}"
    last = run.start + run.steps - 1
    spikes = f"{int(run.spikes.sum())} spikes"
    if run.populations:
        counts = [f"{name} {int(run[name].sum())}" for name in run.populations]
        spikes += f" ({', '.join(counts)})"
    watched = f", monitored {', '.join(run.monitored)}" if run.monitored else ""
    return f"{type(run).__name__} of steps {run.start}…{last}: {spikes}{watched}{more}"


def run_html(run: Run, text: str) -> str:
    """A sentence, and the raster."""
    steps = min(run.steps, _PICTURE_STEPS)
    while steps > 1 and np.count_nonzero(run.spikes[:steps]) > _PICTURE_SPIKES:
        steps //= 2
    spikes = run.spikes[:steps]
    cut = f"<p>The first {steps} steps are shown.</p>" if steps < run.steps else ""

    def draw(path: Path) -> None:
        raster(spikes, path, populations=run.populations, start=run.start)

    fallback = text_raster(spikes, run.start, run.populations)
    drawn = picture(draw, fallback) if steps and run.spikes.shape[1] else ""
    return f"<p>{html.escape(text)}</p>{drawn}{cut}"
