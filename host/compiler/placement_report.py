"""What a placement costs: cuts, packets, and the memory of each core."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table

from spikeloom.hdl import Image

from ..design.placement import Placement, network_destinations
from ..quantise.rounding import Floats
from .partition import synapses_of

DEFAULT_RATE = 0.02
"""Spikes of a neuron per step, unless they are given: 20 Hz with steps of 1 ms."""


@dataclass(frozen=True)
class CoreUse:
    """How much of a core a network uses."""

    neurons: int
    axons: int
    route_entries: int
    synapses: int


@dataclass(frozen=True)
class PlacementReport:
    """A placement in numbers.

    Attributes
    ----------
    columns, rows : of the fabric.
    neurons, axons, route_entries : that each core has.
    used : what the network uses of each core.
    synapses : between neurons, in all; `cut` of them join neurons on different cores.
    copies : of axons, for each axon that has synapses, on average.
    packets : per step, to other cores than the neuron's own, at the expected rates.
    hops : of a packet on average, along columns and rows.
    rate : spikes of a neuron per step on average, that was expected.
    """

    columns: int
    rows: int
    neurons: int
    axons: int
    route_entries: int
    used: tuple[CoreUse, ...]
    synapses: int
    cut: int
    copies: float
    packets: float
    hops: float
    rate: float

    @classmethod
    def of(cls, image: Image, placement: Placement, rates: Floats | None = None) -> PlacementReport:
        """The report of a network's image and its placement; `rates` are (N,) spikes per step."""
        fabric, home = placement.fabric, placement.neuron_core
        if rates is None:
            rates = np.full(image.config.neurons, DEFAULT_RATE)
        there = synapses_of(image)
        per_core = placement.destinations(image)
        used = []
        for k, rows in enumerate(per_core):
            neurons, axons = placement.neurons_on(k)[0], placement.axons_on(k)[0]
            synapses = int(there[np.ix_(axons, neurons)].sum())
            used.append(CoreUse(len(neurons), len(axons), len(rows), synapses))

        neuron, _, axon, _ = network_destinations(image).T
        joined = there[axon]
        apart = joined & (home[neuron][:, None] != home[None, :])
        packets = hops = 0.0
        for k, rows in enumerate(per_core):
            of = np.zeros(fabric.core.neurons)
            neurons, slots = placement.neurons_on(k)
            of[slots] = rates[neurons]
            remote = rows[rows[:, 1] != k]
            rate = of[remote[:, 0]]
            across = abs(remote[:, 1] % fabric.columns - k % fabric.columns)
            along = abs(remote[:, 1] // fabric.columns - k // fabric.columns)
            packets += float(rate.sum())
            hops += float((rate * (across + along)).sum())
        heard = int(there.any(axis=1).sum())
        return cls(
            columns=fabric.columns,
            rows=fabric.rows,
            neurons=fabric.core.neurons,
            axons=fabric.core.axons,
            route_entries=fabric.core.route_entries,
            used=tuple(used),
            synapses=int(joined.sum()),
            cut=int(apart.sum()),
            copies=len(placement.copies) / heard if heard else 0.0,
            packets=packets,
            hops=hops / packets if packets else 0.0,
            rate=float(rates.mean()),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, for JSON."""
        return dataclasses.asdict(self)

    def __rich__(self) -> Table:
        """A table for `rich.print`."""
        share = self.cut / self.synapses if self.synapses else 0.0
        table = Table(
            title=f"Placement on {self.columns} × {self.rows} cores",
            caption=f"{self.cut} of {self.synapses} synapses between neurons are cut ({share:.1%});  "
            f"{self.copies:.2f} copies of an axon;  {self.packets:.4g} packets per step expected "
            f"at {self.rate:.3g} spikes per neuron and step, {self.hops:.2f} hops each",
        )
        table.add_column("core")
        for heading in ("neurons", "axons", "route entries", "synapses"):
            table.add_column(heading, justify="right", no_wrap=True)
        for k, use in enumerate(self.used):
            table.add_row(
                f"{k}  ({k % self.columns}, {k // self.columns})",
                _of(use.neurons, self.neurons),
                _of(use.axons, self.axons),
                _of(use.route_entries, self.route_entries),
                str(use.synapses),
            )
        return table


def _of(used: int, there: int) -> str:
    return f"{used} of {there}"
