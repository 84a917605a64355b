"""Why a network on a core does something else than the same network in floats: the first difference.

Up to the first step in which spikes differ, both have had the same spikes.  So the potential of that
neuron is run again, in floats, with one kind of number at a time as the core holds it: what each
adds to the distance from the threshold is its share of the difference.
"""

from __future__ import annotations

import dataclasses
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group
from rich.table import Table

from spikeloom.hdl.contract.errors import InputError
from spikeloom.sim.golden import GoldenCore

from ..compiler.wiring import wire
from ..design.design import Design
from ..design.files import write_file
from ..design.input_raster import SpikeInput, input_raster
from ..device.device import Device
from ..display.explain_plot import potentials_apart
from ..network.network import Network
from .float_model import FloatNetwork, FloatRun, run_floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_KINDS = {
    "weights that became 0": ("weights",),
    "weights that were clipped": ("weights",),
    "rounding of weights": ("weights",),
    "time constants and leaks": ("keep_mem", "keep_exc", "keep_inh", "keep_th", "leak"),
    "the threshold": ("v_threshold", "th_inc", "th_dec"),
    "reset and floor": ("v_reset", "v_min"),
    "the bias": ("bias",),
    "the refractory period": ("refractory",),
}
_STATES = "rounding of states in each step"
_CLAMPS = "clamped states"
_FLOATS = "rounding of the floats themselves"
_DUST = 1e-9
_SHOWN = 40
"""Steps that a picture shows before the difference."""


@dataclass(frozen=True)
class PopulationDifference:
    """A population in floats and on the core.

    Attributes
    ----------
    name, size : of the population.
    floats, core : spikes in all.
    first : step of its first difference; None: there is none.
    different : spikes that one has and the other has not, in the same step.
    """

    name: str
    size: int
    floats: int
    core: int
    first: int | None
    different: int


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """What `explain` found.

    Attributes
    ----------
    populations : each population, in their order.
    step : of the first difference; None: spikes are equal in all steps.
    population, neuron : whose it is, and its index in the population.
    fires : where it fires in that step: "in floats" or "on the core".
    margins : potential minus threshold in that step: in floats, and on the core.
    bound : how far both can be apart, as the design's report says; infinite where it does not.
    shares : what changed the margin, and by how much, the largest first.
    floats, core : the two runs, potentials counted from rest in the network's unit.
    threshold, column : of that neuron, counted from rest; and its number in the design.
    """

    populations: tuple[PopulationDifference, ...]
    step: int | None
    population: str = ""
    neuron: int = 0
    fires: str = ""
    margins: tuple[float, float] = (0.0, 0.0)
    bound: float = np.inf
    shares: tuple[tuple[str, float], ...] = ()
    floats: FloatRun | None = None
    core: FloatRun | None = None
    threshold: float = 0.0
    column: int = 0

    @property
    def cause(self) -> str:
        """What has the largest share in the first difference; empty without one."""
        return self.shares[0][0] if self.shares else ""

    def __rich__(self) -> Group:
        """Tables for `rich.print`."""
        table = Table(title="Spikes in floats and on the core")
        for heading in ("population", "in floats", "on the core", "different", "first in step"):
            table.add_column(heading, justify="left" if heading == "population" else "right")
        for p in self.populations:
            first = "" if p.first is None else str(p.first)
            table.add_row(p.name, str(p.floats), str(p.core), str(p.different), first)
        if self.step is None:
            return Group(table, "All spikes are equal.")
        shares = Table(title="What moved the potential towards the difference")
        shares.add_column("cause")
        shares.add_column("potential − threshold", justify="right")
        for name, share in self.shares:
            shares.add_row(name, f"{share:+.4g}")
        return Group(table, self.sentence, shares)

    @property
    def sentence(self) -> str:
        """The first difference, in words."""
        if self.step is None:
            return "All spikes are equal."
        before, after = self.margins
        within = "within" if abs(after - before) <= self.bound * (1 + 1e-6) else "beyond"
        return (
            f"In step {self.step} neuron {self.neuron} of {self.population!r} fires only {self.fires}: "
            f"its potential is {before:+.4g} from the threshold in floats, {after:+.4g} on the core "
            f"({within} the bound of {self.bound:.2g} that the report states). "
            f"The most of it comes from {self.cause}."
        )

    def __repr__(self) -> str:
        console = Console(width=100, file=io.StringIO(), record=True)
        console.print(self)
        return console.export_text().rstrip()

    def plot(self, path: str | Path | None = None, *, ax: Axes | None = None) -> Figure:
        """Draw both potentials before the first difference; `path` ends in .png, .svg or .pdf."""
        if self.step is None or self.floats is None or self.core is None:
            raise InputError("all spikes are equal: there is no difference to draw")
        first = max(0, self.step - _SHOWN)
        steps = np.arange(first, min(len(self.floats.spikes), self.step + 6))
        return potentials_apart(
            steps,
            self.floats.potentials[steps, self.column],
            self.core.potentials[steps, self.column],
            self.threshold,
            self.step,
            path,
            title=f"{self.population}[{self.neuron}]: {self.cause}",
            ax=ax,
        )

    def page(self, path: str | Path) -> None:
        """Write one web page with the tables and the picture."""
        picture = ""
        if self.step is not None:
            buffer = io.BytesIO()
            self.plot().savefig(buffer, format="svg")
            text = buffer.getvalue().decode()
            picture = text[text.index("<svg") :]
        body = f"<pre>{html.escape(repr(self))}</pre>{picture}"
        page = f'<!doctype html><meta charset="utf-8"><title>SpikeLoom: explain</title>{body}\n'
        write_file(path, page.encode())


def explain(
    network: Network,
    design: Design,
    spikes: SpikeInput = None,
    steps: int | None = None,
    *,
    device: Device | None = None,
) -> Explanation:
    """Find the first spike that differs between floats and the core, and what caused it.

    Parameters
    ----------
    network : as it was described, of IF, LIF and LI neurons, without a learning rule.
    design : what `compile` made of it, on one core.
    spikes, steps : input, as `Device.run` takes it.
    device : with the design loaded; it is reset and run too, and must do what the golden model does.

    Raises
    ------
    InputError : a network that learns, of another neuron model, or that the design is not of; a
        device that is not equal to the golden model (see `spikeloom bisect`).
    """
    if network.learning is not None:
        raise InputError(
            "weights that learn differ for many reasons; explain a network without a rule"
        )
    wiring = wire(network)
    if wiring.weights.shape[1] > design.config.neurons or set(wiring.populations) != set(
        design.populations
    ):
        raise InputError("the design is not of this network; compile it, and give that design")
    c = design.config
    raster = input_raster(design, spikes, steps)
    asked = FloatNetwork.described(
        wiring, network.dt, subtract=c.reset == "subtract", integrates=c.integrate_refractory
    )
    axons, n = wiring.weights.shape
    floats = run_floats(asked, raster[:, :axons])
    core, clamped = _run_core(design, raster, n)
    if device is not None:
        _compare(device, raster, core.spikes, wiring.report)
    populations = tuple(
        _population(name, where, floats.spikes, core.spikes)
        for name, where in wiring.populations.items()
    )
    different = np.flatnonzero(np.any(floats.spikes != core.spikes, axis=1))
    if not different.size:
        return Explanation(populations, None, floats=floats, core=core)
    step = int(different[0])
    column = int(np.flatnonzero(floats.spikes[step] != core.spikes[step])[0])
    name, where = next(
        (name, w) for name, w in wiring.populations.items() if w.start <= column < w.stop
    )
    margins = float(floats.margins[step, column]), _margin(design, raster, step, column)
    bound = np.inf if design.report is None else float(design.report.bound(step + 1)[column])
    return Explanation(
        populations,
        step,
        name,
        column - where.start,
        "in floats" if floats.spikes[step, column] else "on the core",
        margins,
        bound,
        _shares(asked, design, raster[: step + 1, :axons], core, step, column, margins,
                bool(clamped[step])),
        floats,
        core,
        float(asked.v_threshold[column]),
        column,
    )  # fmt: skip


def _run_core(design: Design, raster: Bools, n: int) -> tuple[FloatRun, NDArray[np.int64]]:
    """The golden model's spikes, its potentials in the network's unit, and clamps until each step."""
    core, steps = GoldenCore(design.image), len(raster)
    run = FloatRun(np.zeros((steps, n), bool), np.zeros((0, n)), np.zeros((steps, n)))
    clamps = np.zeros(steps, dtype=np.int64)
    for t in range(steps):
        core.inject(raster[t])
        run.spikes[t] = core.step()[0][:n]
        run.potentials[t] = core.states["v"][0][:n] / design.scale[:n]
        clamps[t] = core.counters["clamps"][0]
    return run, clamps


def _margin(design: Design, raster: Bools, step: int, column: int) -> float:
    """Potential minus threshold of a neuron on the core when they are compared, in the network's unit."""
    core = GoldenCore(design.image)
    for row in raster[:step]:
        core.inject(row)
        core.step()
    threshold = int(design.image.parameters["v_threshold"][column])
    if "th" in core.states:
        threshold += int(core.states["th"][0][column])
    # Nothing reaches the largest threshold: so the potential is not reset.
    highest = np.full(design.config.neurons, (1 << (design.config.state_bits - 1)) - 1)
    parameters = {**design.image.parameters, "v_threshold": highest}
    core.image = dataclasses.replace(design.image, parameters=parameters)
    core.inject(raster[step])
    core.step()
    return float((core.states["v"][0][column] - threshold) / design.scale[column])


def _compare(device: Device, raster: Bools, spikes: Bools, report: Bools) -> None:
    device.reset()
    found = device.run(raster).spikes[:, : spikes.shape[1]]
    if not np.array_equal(found[:, report], spikes[:, report]):
        raise InputError(
            "the device differs from the golden model, which is a fault of its own; "
            "find it with spikeloom bisect"
        )


def _population(name: str, where: slice, floats: Bools, core: Bools) -> PopulationDifference:
    a, b = floats[:, where], core[:, where]
    different = np.flatnonzero(np.any(a != b, axis=1))
    first = int(different[0]) if different.size else None
    return PopulationDifference(
        name, a.shape[1], int(a.sum()), int(b.sum()), first, int((a != b).sum())
    )


def _shares(
    asked: FloatNetwork,
    design: Design,
    raster: Bools,
    core: FloatRun,
    step: int,
    column: int,
    margins: tuple[float, float],
    clamped: bool,
) -> tuple[tuple[str, float], ...]:
    """What each kind of number adds to the margin, by itself; the rest is the rounding of states."""
    held = asked.as_held(design)
    lost = (held.weights == 0) & (asked.weights != 0)
    off = np.abs(held.weights - asked.weights) > 0.75 * design.scale[: lost.shape[1]] ** -1 * (
        2.0**design.config.weight_shift
    )
    chosen = {
        "weights that became 0": lost,
        "weights that were clipped": off & ~lost,
        "rounding of weights": ~off & ~lost,
    }

    def margin(network: FloatNetwork) -> float:
        return float(run_floats(network, raster, core.spikes[:step]).margins[step, column])

    base = margin(asked)
    shares: dict[str, float] = {}
    for kind, names in _KINDS.items():
        changes: dict[str, Any] = {name: getattr(held, name) for name in names}
        if kind in chosen:
            changes["weights"] = np.where(chosen[kind], held.weights, asked.weights)
        share = margin(dataclasses.replace(asked, **changes)) - base
        if share:
            shares[kind] = share
    rest = margins[1] - base - sum(share for share in shares.values() if np.isfinite(share))
    if not shares and abs(rest) <= _DUST * max(1.0, abs(held.v_threshold[column])):
        shares[_FLOATS] = rest
    elif np.isfinite(rest) and rest:
        shares[_CLAMPS if clamped else _STATES] = rest
    toward = 1.0 if core.spikes[step, column] else -1.0
    return tuple(sorted(shares.items(), key=lambda item: -toward * item[1]))
