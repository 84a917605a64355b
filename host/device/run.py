"""What a run gave: spikes and monitored values; and parts of a stream."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.fields import STEP_NUMBERS

from ..design.design import Design
from ..design.files import read_file, write_file
from ..display.html import never_raise, picture
from ..display.plots import raster
from ..display.spike_text import text_raster
from ..quantise.rounding import Floats, Integers
from .monitors import Monitored
from .run_file import pack_run, unpack_run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PICTURE_STEPS = 2000
_PICTURE_SPIKES = 20_000
"""How much of a run its picture in a notebook shows, at most."""


@dataclass(repr=False)
class Run:
    """What a run gave: `run["cells"]`, `run.times("cells")`, `run.rates()`, `run.plot()`.

    Attributes
    ----------
    start : number of the first step.
    spikes : (steps, N) bool, which neuron fired in which step (reported neurons only).
    monitored : by label, e.g. "v[3]": (steps,) floats in the network's unit, the value after each step;
        `monitored.raw` has the core's integers.
    populations : neuron ranges by name.
    dt : length of a step in seconds.
    unreported : names of populations whose spikes are not sent to the host.
    counted : by name, what the model counted in these steps, such as "synaptic_operations"; empty on
        boards, whose `counters()` count for all runs together, and when it was read from a file.
    """

    start: int
    spikes: NDArray[np.bool_]
    monitored: Monitored = field(default_factory=Monitored)
    populations: dict[str, slice] = field(default_factory=dict)
    dt: float = 1e-3
    unreported: tuple[str, ...] = ()
    counted: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        design: Design,
        start: int,
        spikes: NDArray[np.bool_],
        values: dict[str, Integers],
        counted: dict[str, int] | None = None,
    ) -> Run:
        """What a run of a design gave; `values` are integers by label."""
        report = design.image.report
        assert report is not None
        silent = tuple(
            name for name, where in design.populations.items() if not report[where].any()
        )
        monitored = Monitored.of(design, values)
        return cls(start, spikes, monitored, design.populations, design.dt, silent, counted or {})

    @property
    def steps(self) -> int:
        """Number of steps executed."""
        return len(self.spikes)

    @property
    def end(self) -> int:
        """Number of the step after the last one."""
        return (self.start + self.steps) % STEP_NUMBERS

    def __getitem__(self, population: str) -> NDArray[np.bool_]:
        """(steps, size) raster of one population.

        Raises `InputError` for another name, and for a population with `report=False`.
        """
        if population not in self.populations:
            known = ", ".join(map(repr, self.populations)) or "none; use run.spikes"
            raise InputError(f"no population {population!r} in this run; it has {known}")
        if population in self.unreported:
            raise InputError(
                f"the spikes of {population!r} are not reported; create it without report=False, or "
                "monitor its potentials"
            )
        return self.spikes[:, self.populations[population]]

    def times(self, population: str) -> list[Floats]:
        """Spike times of each neuron in seconds: those of the steps' beginnings, from step 0 on."""
        step, neuron = np.nonzero(self[population])
        seconds = (self.start + step) * self.dt
        return [seconds[neuron == j] for j in range(self[population].shape[1])]

    @overload
    def rates(self, population: str) -> Floats: ...

    @overload
    def rates(self, population: None = None) -> dict[str, float]: ...

    def rates(self, population: str | None = None) -> Floats | dict[str, float]:
        """Mean rates in hertz: (size,) of a population's neurons; or the mean of each population."""
        if population is None:
            return {name: float(np.mean(self.rates(name))) for name in self.reported}
        spikes = self[population]
        if not self.steps:
            return np.zeros(spikes.shape[1])
        return np.asarray(spikes.mean(axis=0) / self.dt, dtype=np.float64)

    @property
    def reported(self) -> dict[str, slice]:
        """Ranges of the populations whose spikes are sent to the host, by name."""
        return {k: where for k, where in self.populations.items() if k not in self.unreported}

    def plot(self, ax: Axes | None = None, path: str | Path | None = None) -> Figure:
        """Draw the raster, into `ax` and into a file if wanted; see `spikeloom.display.plots.raster`."""
        populations, dt = self.reported, self.dt
        return raster(self.spikes, path, populations=populations, start=self.start, dt=dt, ax=ax)

    def text(self, *, width: int = 72, height: int = 32) -> str:
        """The raster as text to print, in so many characters and lines; see `text_raster`."""
        return text_raster(self.spikes, self.start, self.reported, width=width, height=height)

    def save(self, path: str | Path) -> None:
        """Write everything to one file, by convention named *.npz, which NumPy reads too.

        It has the array "spikes", one for each population's spikes and monitored values
        ("monitored/v[3]").  Raises `DesignError` when it cannot be written.
        """
        write_file(path, pack_run(self))

    @staticmethod
    def load(path: str | Path) -> Run:
        """Read what `save` wrote; `DesignError` for what is no such file."""
        found = unpack_run(read_file(path), str(path))
        raw = found.pop("raw")
        return Run(**{**found, "monitored": Monitored(found["monitored"], raw)})

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


def describe_run(run: Run, more: str = "") -> str:
    """A run in a sentence."""
    if not run.steps:
        return f"{type(run).__name__} of no steps, next step {run.start}"
    last = run.start + run.steps - 1
    spikes = f"{int(run.spikes.sum())} spikes"
    if run.reported:
        counts = [f"{name} {int(run[name].sum())}" for name in run.reported]
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
        raster(spikes, path, populations=run.reported, start=run.start, dt=run.dt)

    fallback = text_raster(spikes, run.start, run.reported)
    drawn = picture(draw, fallback) if steps and run.spikes.shape[1] else ""
    return f"<p>{html.escape(text)}</p>{drawn}{cut}"
