"""Energy of a run: operations and memory accesses that were counted, times published energies.

Nothing is measured here.  docs/explanation/energy.md has every figure with its source, and what an
estimate leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spikeloom.boards.fitted import fitted_resources
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import InputError

from ..design.design import Design, as_design
from ..design.run_limits import check_seconds
from ..device.run import Run
from .cycles import cycles_per_step
from .energy_figures import HOROWITZ, KUON_ROSE, TINYVISION, FamilyFigures, Range, figures_of

_NEEDED = ("steps", "synaptic_operations", "spikes")
_ROUTE_BITS = 32
_MAX_CLOCK_HZ = 1e10
_WORKS = Run | Mapping[str, int]


@dataclass(frozen=True)
class EnergyItem:
    """One kind of operation.

    Attributes
    ----------
    name : what is done.
    count : how often.
    each, total : energy of one and of all, in joules.
    sources : where the energy of one is from.
    """

    name: str
    count: float
    each: Range
    sources: tuple[str, ...]

    @property
    def total(self) -> Range:
        """Of all of them, in joules."""
        return self.each * self.count


@dataclass(frozen=True, repr=False)
class Energy:
    """An estimate, as a range; there is no single number in it.

    Attributes
    ----------
    part : FPGA that it is for.
    items : what was done, with the energy of each kind.
    dynamic : sum of the items, in joules.
    static : static power for `seconds`, in joules; `static_w` in watts.
    steps, cycles, seconds : how long it took, at `clock_hz`.
    neurobench : the terms of NeuroBench (Yik et al. 2025): "synaptic_operations" (dense, effective in
        the mean), "footprint_bytes", "activation_sparsity", "connection_sparsity".
    sources : of all figures.
    """

    part: str
    items: tuple[EnergyItem, ...]
    static_w: Range
    steps: int
    cycles: float
    clock_hz: float
    seconds: float
    neurobench: dict[str, float]
    sources: tuple[str, ...]

    @property
    def dynamic(self) -> Range:
        """Energy of all that was done, in joules."""
        total = Range(0.0, 0.0)
        for item in self.items:
            total = total + item.total
        return total

    @property
    def static(self) -> Range:
        """Energy of the chip's being on, in joules."""
        return self.static_w * self.seconds

    @property
    def error(self) -> float:
        """Factor by which the middle of `dynamic` (the geometric mean) may be off."""
        return float(np.sqrt(self.dynamic.high / self.dynamic.low)) if self.dynamic.low else 1.0

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it; energies are pairs [low, high] of joules."""
        return {
            "part": self.part,
            "stage": "estimated",
            "dynamic_j": [self.dynamic.low, self.dynamic.high],
            "static_j": [self.static.low, self.static.high],
            "static_w": [self.static_w.low, self.static_w.high],
            "error_factor": self.error,
            "items": {i.name: [i.total.low, i.total.high] for i in self.items},
            "steps": self.steps,
            "cycles": self.cycles,
            "clock_hz": self.clock_hz,
            "seconds": self.seconds,
            "neurobench": self.neurobench,
            "sources": list(self.sources),
        }

    def __rich__(self) -> RenderableType:
        table = Table(title=f"Energy on {self.part}, estimated, not measured")
        for heading in ("what", "how often", "energy of one", "in all"):
            table.add_column(heading, justify="left" if heading == "what" else "right")
        for item in self.items:
            table.add_row(item.name, f"{item.count:.4g}", item.each.text("J"), item.total.text("J"))
        table.add_row("dynamic", "", "", self.dynamic.text("J"), style="bold")
        duration = f"{self.seconds * 1e3:.4g} ms"
        static = (f"static, for {duration}", "", self.static_w.text("W"), self.static.text("J"))
        table.add_row(*static, style="bold")
        terms = Text("NeuroBench: " + ", ".join(f"{k} {v:.4g}" for k, v in self.neurobench.items()))
        error = Text(f"the middle of the dynamic range may be off by a factor of {self.error:.1f}")
        return Group(table, error, terms, *(Text(f"source: {s}") for s in self.sources))

    def __repr__(self) -> str:
        return (
            f"<Energy on {self.part}, estimated: dynamic {self.dynamic.text('J')}, "
            f"static {self.static.text('J')} in {self.seconds * 1e3:.4g} ms>"
        )


def energy(
    design: Design,
    run: _WORKS | Sequence[_WORKS],
    *,
    family: str = "ecp5",
    clock_hz: float | None = None,
    seconds: float | None = None,
) -> Energy:
    """Estimate the energy that a run of a design takes on an FPGA, as a range.

    Parameters
    ----------
    design : the network, on one core.
    run : what a model gave (`Run`), several of them, or counters (`device.counters()`, of a board too).
    family : "ice40" (UP5K), "ecp5" (LFE5U-85F) or "xilinx" (XC7A35T).
    clock_hz : of the core; default: that of SpikeLoom's board.
    seconds : for how long static power counts; default: the time that the steps take at this clock.

    Raises `InputError` for a run without counts, and for a family without figures.
    """
    design = as_design(design)
    if design.placement is not None:
        raise InputError("the design is placed on many cores; give the one it was placed from")
    figures = figures_of(family)
    counted = sum_counted([run] if isinstance(run, Run | Mapping) else list(run))
    clock = figures.clock_hz if clock_hz is None else clock_hz
    if not 0 < clock < _MAX_CLOCK_HZ:
        raise InputError(f"clock_hz is {clock_hz!r}; give the core's clock, such as 24e6")
    sweep_log2 = design.image.learning.get("sweep_log2")
    cycles = counted["steps"] * cycles_per_step(
        design.config, counted, None if sweep_log2 is None else int(sweep_log2)
    )
    took = cycles / clock if seconds is None else check_seconds("seconds", seconds)
    items = _items(design.config, counted, cycles, figures, family)
    published = (s for item in items for s in item.sources)
    return Energy(
        part=figures.part,
        items=items,
        static_w=figures.static_w,
        steps=counted["steps"],
        cycles=cycles,
        clock_hz=clock,
        seconds=took,
        neurobench=neurobench(design, counted),
        sources=tuple(dict.fromkeys([*published, figures.static_source])),
    )


def sum_counted(runs: Sequence[_WORKS]) -> dict[str, int]:
    """Counts of several runs together; `InputError` where there are none."""
    total: dict[str, int] = {}
    for run in runs:
        counted = run.counted if isinstance(run, Run) else run
        missing = [name for name in _NEEDED if name not in counted]
        if missing:
            raise InputError(
                f"the run has no counts of {', '.join(missing)}; boards count for all runs together: "
                "give device.counters(), or a run of golden: or fast:"
            )
        for name, value in counted.items():
            total[name] = total.get(name, 0) + int(value)
    if not total.get("steps"):
        raise InputError("no steps were counted; run the design first")
    return total


def neurobench(design: Design, counted: Mapping[str, int]) -> dict[str, float]:
    """The terms of NeuroBench for a run, from its counts.

    "effective" operations are those with a weight that is not 0, in the mean over all axons.
    """
    c, layout = design.config, design.config.layout
    weights = design.image.weights
    present = float(np.count_nonzero(weights)) / weights.size
    bits = sum(f.bits for f in layout.synapse_fields.values()) * c.axons * c.neurons
    each = layout.states + (layout.parameters if c.parameters == "per_neuron" else ())
    bits += c.neurons * sum(f.bits for f in (*each, *layout.neuron_fields))
    bits += c.axons * sum(f.bits for f in layout.axon_fields)
    return {
        "synaptic_operations": float(counted["synaptic_operations"]),
        "synaptic_operations_effective": counted["synaptic_operations"] * present,
        "synaptic_operations_dense": float(counted["steps"] * c.axons * c.neurons),
        "footprint_bytes": bits / 8,
        "activation_sparsity": 1 - counted["spikes"] / (counted["steps"] * c.neurons),
        "connection_sparsity": 1 - present,
    }


def _items(
    c: CoreConfig, counted: Mapping[str, int], cycles: float, f: FamilyFigures, family: str
) -> tuple[EnergyItem, ...]:
    layout = c.layout
    logic, memory = (HOROWITZ, KUON_ROSE, TINYVISION), (HOROWITZ, KUON_ROSE)
    sum_bits, state_bits = layout.accumulator_bits, sum(s.bits for s in layout.states)
    operations = counted["synaptic_operations"]
    updates = counted["steps"] * c.neurons
    read = sum(field.bits for name, field in layout.synapse_fields.items() if name != "plastic")
    parameters = sum(p.bits for p in layout.parameters) if c.parameters == "per_neuron" else 0
    decays = sum(p.unit == "decay" for p in layout.parameters)
    kept = 2 * (state_bits + layout.accumulators * sum_bits)
    flip_flops = fitted_resources(c, family)["flip_flops"].value
    found = [
        EnergyItem("synapse: weight read", operations, f.memory_bit * read, memory),
        EnergyItem(
            "synapse: sum read and written", operations, f.memory_bit * (2 * sum_bits), memory
        ),
        EnergyItem("synapse: addition", operations, f.logic_bit * sum_bits, logic),
        EnergyItem(
            "neuron: states read and written", updates, f.memory_bit * (kept + parameters), memory
        ),
        EnergyItem(
            "neuron: decays", updates * decays, f.multiplier_bit * (c.state_bits * 12), memory
        ),
        EnergyItem(
            "neuron: additions, comparison",
            updates * (2 + layout.accumulators + decays),
            f.logic_bit * c.state_bits,
            logic,
        ),
        EnergyItem("spike: route read", counted["spikes"], f.memory_bit * _ROUTE_BITS, memory),
    ]
    changes = counted.get("weight_updates", 0)
    if changes:
        learned = sum(field.bits for field in layout.synapse_fields.values())
        found += [
            EnergyItem(
                "learning: synapse read, written", changes, f.memory_bit * 2 * learned, memory
            ),
            EnergyItem(
                "learning: addition, bounds", changes, f.logic_bit * (3 * c.weight_bits), logic
            ),
        ]
    found.append(EnergyItem("clock and idle logic", cycles, f.cycle(flip_flops), (TINYVISION,)))
    return tuple(found)
