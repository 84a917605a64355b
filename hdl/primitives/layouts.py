"""Layouts of what blocks hand to each other: records, rows, columns, synapses, spikes, packets."""

from __future__ import annotations

from collections.abc import Iterable

from amaranth.hdl import signed, unsigned
from amaranth.lib import data

from ..contract.core_config import CoreConfig, SynapseField
from ..contract.fabric_config import FabricConfig
from ..contract.fields import Field
from ..contract.memory_map import (
    CORE_BITS,
    DESTINATION_AXON_MASK,
    DESTINATION_CORE_SHIFT,
    DESTINATION_DELAY_SHIFT,
)
from ..contract.widths import clog2

HASH_BITS = 32
"""Width of a row's hash, from which the random numbers of its synapses come."""

destination_layout = data.StructLayout(
    {
        "axon": DESTINATION_AXON_MASK.bit_length(),
        "delay": DESTINATION_CORE_SHIFT - DESTINATION_DELAY_SHIFT,
        "core": CORE_BITS,
    }
)
"""Where a spike goes, as the table of destinations has it: nothing is checked yet."""
halfword_layout = data.StructLayout({"value": 16, "flush": 1})
"""A halfword of a reply; `flush` marks the last one."""


def record(fields: Iterable[Field | SynapseField]) -> data.StructLayout:
    """The fields side by side, as memories hold them."""
    return data.StructLayout({f.name: signed(f.bits) if f.signed else f.bits for f in fields})


def row_layout(config: CoreConfig) -> data.StructLayout:
    """An axon, as a row of the synapse memory: `axon`, and what learning needs of it."""
    members: dict[str, int] = {"axon": max(1, clog2(config.axons))}
    if config.learning is not None and config.learning.format.modulator:
        members["modulatory"] = 1
    if config.learning is not None and config.learning.stochastic:
        members["hash"] = HASH_BITS
    return data.StructLayout(members)


def column_layout(config: CoreConfig) -> data.StructLayout:
    """A neuron, as a column of the synapse memory: `neuron`, and its hash where there is one."""
    members = {"neuron": max(1, clog2(config.neurons))}
    if config.learning is not None and config.learning.stochastic:
        members["hash"] = HASH_BITS
    return data.StructLayout(members)


def synapse_memories(config: CoreConfig) -> dict[str, tuple[SynapseField, ...]]:
    """The memories of a synapse, by name, with the fields that are one word in each.

    A rule that writes a weight knows that its synapse is plastic: so the two share a word.
    """
    fields = config.layout.synapse_fields
    together = tuple(fields[name] for name in ("weight", "plastic") if name in fields)
    others = {name: (f,) for name, f in fields.items() if f not in together}
    return {"weight": together, **others}


def spike_layout(config: CoreConfig) -> data.StructLayout:
    """A spike that arrives at a core: `axon`, and `delay`, the axonal delay in steps."""
    return data.StructLayout(_spike(config))


def packet_layout(config: FabricConfig) -> data.StructLayout:
    """`column` and `row` of a core, and the spike for it: `axon` and `delay`.

    Row `config.rows` is outside of every mesh; cores that do not exist are there.
    """
    target = {"column": _number(config.columns), "row": _number(config.rows + 1)}
    return data.StructLayout({**target, **_spike(config.core)})


def _spike(config: CoreConfig) -> dict[str, unsigned]:
    return {
        "axon": _number(config.axons),
        "delay": _number(config.axonal_delay_slots),
    }


def _number(count: int) -> unsigned:
    """A number below `count`; of one bit at least, because Verilog has no signals without bits."""
    return unsigned(max(1, clog2(count)))
