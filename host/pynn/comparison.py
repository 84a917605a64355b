"""The difference between the ideal simulation and the hardware's, as an output of its own.

The ideal one is done in floats (`spikeloom.diagnosis.float_model`), with the same input spikes, currents and
changes from outside, from the beginning of the segment on.  As in PyCARL (Balaji et al. 2020).
"""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group
from rich.table import Table

from spikeloom.diagnosis.float_model import FloatCore, FloatNetwork
from spikeloom.quantise.reports import QuantisationReport

from .running.history import History

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_WIDTH = 100


@dataclass(frozen=True)
class PopulationDifference:
    """How the spikes of a population differ.

    Attributes
    ----------
    name : of the population.
    ideal, hardware : numbers of spikes.
    same : spikes of the hardware that the ideal simulation has in the same step.
    near : those that it has within one step.
    first : time in ms of the first spike that only one of them has; None where there is none.
    """

    name: str
    ideal: int
    hardware: int
    same: int
    near: int
    first: float | None


@dataclass(frozen=True)
class WeightDifference:
    """How the learned weights of a projection differ from what the rule in floats makes of the same spikes.

    Attributes
    ----------
    name : of the projection.
    synapses : number.
    largest, mean : of the absolute differences, in the unit of weights.
    rounding : the largest one beside a rule in floats that pairs spikes of the same step, as a core does.
    changed : largest change of a weight by the rule in floats.
    """

    name: str
    synapses: int
    largest: float
    mean: float
    rounding: float
    changed: float


class Difference:
    """What the hardware does otherwise; printed, a report.

    Parameters
    ----------
    session : that has run.

    Attributes
    ----------
    populations : of spikes; empty for networks that learn, whose spikes follow their weights.
    weights : of learned weights.
    ideal_spikes, hardware_spikes : (steps, N) bool.
    report : of the quantisation, as `compile` gives it.
    roundings : numbers that were written while it ran, by name: asked for, held.
    notes : what was rounded on the way to the network.
    clamps : values that met the end of their range, and weights that met their bounds.
    """

    def __init__(self, session: Any) -> None:
        history: History = session.history
        self.report: QuantisationReport | None = session.design.report
        self.notes = tuple(session.described.notes)
        self.roundings = dict(history.roundings)
        counters = history.counters or session.device.counters()
        self.clamps = {k: counters.get(k, 0) for k in ("clamps", "weight_clamps")}
        self._h = history.h
        neurons = len(history.bias)
        self.hardware_spikes = np.zeros((max(history.stop, 0), neurons), dtype=bool)
        found = history.spikes[history.spikes[:, 0] >= 0]
        self.hardware_spikes[found[:, 0], found[:, 1]] = True
        rule = session.described.rule
        ranges = session.design.populations
        self.ideal_spikes = replay(history) if rule is None else self.hardware_spikes
        self.populations = tuple(
            self._population(name, ranges[name]) for name in ranges if rule is None
        )
        compared = rule is not None and not session.weights_set
        self.weights = tuple(self._weights(session)) if compared else ()
        if session.weights_set:
            self.notes += ("weights that learn were set while it ran, and are not compared",)

    def _population(self, name: str, where: slice) -> PopulationDifference:
        ideal, hardware = self.ideal_spikes[:, where], self.hardware_spikes[:, where]
        wide = ideal.copy()
        wide[1:] |= ideal[:-1]
        wide[:-1] |= ideal[1:]
        differs = np.flatnonzero((ideal != hardware).any(axis=1))
        return PopulationDifference(
            name, int(ideal.sum()), int(hardware.sum()), int((ideal & hardware).sum()),
            int((wide & hardware).sum()), float((differs[0] + 1) * self._h) if len(differs) else None,
        )  # fmt: skip

    def _weights(self, session: Any) -> list[WeightDifference]:
        described, found = session.described, []
        for projection in dict.fromkeys(p.projection for p in described.parts if p.plastic):
            ideal = ideal_weights(session, projection)
            held = session.learned(projection)
            off = np.abs(held - ideal)
            paired = ideal_weights(session, projection, together=True)
            rounding = float(np.abs(held - paired).max(initial=0.0))
            changed = np.abs(ideal - projection.initial_weights()).max(initial=0.0)
            found.append(
                WeightDifference(
                    str(projection.label), len(projection), float(off.max(initial=0.0)),
                    float(off.mean()) if len(off) else 0.0, rounding, float(changed),
                )
            )  # fmt: skip
        return found

    def __repr__(self) -> str:
        console = Console(width=_WIDTH, file=io.StringIO(), record=True)
        console.print(self)
        return "\n".join(line.rstrip() for line in console.export_text().rstrip().splitlines())

    def __rich__(self) -> Group:
        """Tables for `rich.print`."""
        parts: list[Any] = []
        if self.populations:
            table = _table(
                "Spikes", "population", "ideal", "hardware", "same step", "±1 step", "first"
            )
            for p in self.populations:
                first = "none" if p.first is None else f"{p.first:g} ms"
                table.add_row(p.name, *map(str, (p.ideal, p.hardware, p.same, p.near)), first)
            parts.append(table)
        if self.weights:
            table = _table(
                "Learned weights, beside the rule in floats on the same spikes",
                "projection", "synapses", "largest change", "largest difference", "mean", "by rounding",
            )  # fmt: skip
            for w in self.weights:
                numbers = (f"{x:.3g}" for x in (w.changed, w.largest, w.mean, w.rounding))
                table.add_row(w.name, str(w.synapses), *numbers)
            parts.append(table)
        if self.roundings:
            table = _table("Written while it ran", "number", "asked for", "held")
            for name, (asked, held) in self.roundings.items():
                table.add_row(name, f"{asked:.6g}", f"{held:.6g}")
            parts.append(table)
        if self.report is not None:
            parts.append(self.report)
        parts += [f"• {note}" for note in self.notes]
        clamped = ", ".join(f"{k.replace('_', ' ')}: {n}" for k, n in self.clamps.items())
        return Group(*parts, clamped)


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title)
    for k, heading in enumerate(headings):
        table.add_column(heading, justify="right" if k else "left")
    return table


def replay(history: History) -> Bools:
    """(steps, N) spikes of the ideal simulation of a segment."""
    network, wiring = history.network, history.wiring
    assert network is not None
    assert wiring is not None
    core = FloatCore(
        FloatNetwork.described(wiring, history.h * 1e-3, subtract=False, integrates=False)
    )
    fired = np.zeros((max(history.stop, 0), len(history.bias)), dtype=bool)
    for what, *values in history.events:
        if what == "input":
            now, steps, spikes = values
            for k, row in enumerate(_raster(wiring, steps, spikes)):
                found, _ = core.step(row)
                if now + k >= 0:
                    fired[now + k] = found
        else:
            _change(core, wiring, what, values)
    return fired


def _raster(wiring: Any, steps: int, spikes: dict[str, Any]) -> Bools:
    raster = np.zeros((steps, len(wiring.weights)), dtype=bool)
    for name, (at, rows) in spikes.items():
        raster[at, wiring.inputs[name].start + rows] = True
    for axon, mirror in wiring.mirrors:
        raster[:, mirror] |= raster[:, axon]
    return raster


def _change(core: FloatCore, wiring: Any, what: str, values: list[Any]) -> None:
    """Do to the floats what was done to the device."""
    net = core.network
    if what == "bias":
        core.network = dataclasses.replace(net, bias=values[0])
    elif what == "potential":
        core.v[values[0]] = values[1] - wiring.rest[values[0]]
    elif what == "currents":
        where, exc, inh = values
        core.currents[0, where], core.currents[1, where] = exc, inh
    elif what == "weights":
        core.set_weights(values[0])
    else:
        name, where, numbers = values
        changed = np.array(getattr(net, name))
        changed[where] = numbers - wiring.rest[where]
        core.network = dataclasses.replace(net, **{name: changed})  # type: ignore[arg-type]


def ideal_weights(session: Any, projection: Any, *, together: bool = False) -> Floats:
    """(connections,) weights that the rule in floats makes of the spikes that the hardware gave.

    `together`: as in `PairRule.weights`.
    """
    described, history = session.described, session.history
    found = np.array(projection.initial_weights(), dtype=float)
    for part in described.parts:
        if part.projection is not projection:
            continue
        axonal = part.steps - part.dendritic
        for pair in sorted(set(zip(axonal.tolist(), part.dendritic.tolist(), strict=True))):
            same = np.flatnonzero((axonal == pair[0]) & (part.dendritic == pair[1]))
            pre = _spikes(session, history, part.source) + np.array([pair[0], 0])
            post = _spikes(session, history, part.target) + np.array([pair[1], 0])
            where = part.where[same]
            now = history.stop
            found[where] = described.rule.weights(
                found[where], part.rows[same], part.columns[same], pre[pre[:, 0] <= now],
                post[post[:, 0] <= now], history.h, together=together,
            )  # fmt: skip
    return found


def _spikes(session: Any, history: History, population: Any) -> NDArray[np.int64]:
    """(spikes, 2) T and cell of a population, in this segment."""
    if population in session.described.names:
        where = session.design.populations[session.described.names[population]]
        found = history.spikes
        inside = (found[:, 1] >= where.start) & (found[:, 1] < where.stop) & (found[:, 0] >= 0)
        return found[inside] + np.array([1, -where.start])
    port = next(p for p in session.described.ports if p.population is population)
    parts = [
        np.stack(
            [values[2][port.name][0] + values[0] - port.shift, values[2][port.name][1]], axis=1
        )
        for what, *values in history.events
        if what == "input"
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 2), dtype=np.int64)
