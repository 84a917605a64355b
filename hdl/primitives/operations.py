"""What lanes do in a cycle: one operation, which is handed from lane to lane."""

from __future__ import annotations

from amaranth.lib import data

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from .layouts import HASH_BITS, synapse_memories

RETURN_STAGES = 4
"""Cycles from the address of a sum to its return into memory."""


def operation(config: CoreConfig) -> data.StructLayout:
    """An operation on P synapses or sums, one in each lane.

    A row is axon `i` and the neurons of a group, a column neuron `j` and P consecutive axons; `take`
    is about the P partial sums of neuron `j`.  What is `low` of the axon in a row is `low` of the
    neuron in the other two, and `mirror` is 1.

    Fields
    ------
    word : group·H + i div P, of the synapses.
    low, mirror : see above.
    group : j div P.
    record : j div P in a row, i div P in a column: the records of the lanes' other ends.
    add : the weights are added to the sums (and nothing else with them).
    take : the sums are added along the lanes.
    slot : of sums in a ring, steps from this one.
    store : by accumulator, the sums are stored: what was added, or 0.
    put : `entry` is stored as the sum of the neuron, instead of 0.
    touch : one synapse is read, and written where `host` has a bit: that in bank `target`.
    host : by memory of synapses (`synapse_memories`), which is written.
    learn : the rule changes the plastic synapses.
    post, sweep, clear : for what; none of them is the pre side.
    plastic_only : of weights that are added, those of synapses that are not plastic count as 0, and
        delays as 0.
    modulatory, hash : of the row or column.
    """
    layout, lane_bits = config.layout, clog2(config.lanes)
    fields: dict[str, int | object] = {
        "word": max(1, clog2(layout.groups * layout.axon_groups)),
        "low": lane_bits,
        "mirror": 1,
        "group": max(1, clog2(layout.groups)),
        "add": 1,
        "take": 1,
        "slot": clog2(config.delay_slots),
        "store": layout.accumulators,
        "put": 1,
        "touch": 1,
        "target": lane_bits,
        "host": len(synapse_memories(config)),
    }
    learning = config.learning
    if learning is not None:
        fields |= {
            "record": max(1, clog2(max(layout.groups, layout.axon_groups))),
            "learn": 1,
            "post": 1,
            "sweep": 1,
            "clear": 1,
        }
        if learning.format.scales:
            fields["plastic_only"] = 1
        if learning.format.modulator:
            fields["modulatory"] = 1
        if learning.stochastic:
            fields["hash"] = HASH_BITS
    return data.StructLayout(fields)


def sum_delay(config: CoreConfig, wire_stages: int) -> int:
    """Cycles by which sums are later than the synapses: until their ring, or the weight, is there."""
    return 3 if config.delay_slots > 1 else wire_stages


def take_latency(config: CoreConfig, wire_stages: int) -> int:
    """Cycles from an operation that takes sums to the neuron's sums at the end of the lanes."""
    return config.lanes + 3 + sum_delay(config, wire_stages)


def soma_latency(config: CoreConfig) -> int:
    """Cycles from a soma's inputs to `next_state`, `spike` and `clamps`."""
    return int(config.model.part("soma").latency(config))


def part_bits(config: CoreConfig) -> int:
    """Width of a partial sum: that of one neuron's weights from every P-th axon.

    In a ring a partial sum may be a whole one, which the bus wrote.
    """
    if config.delay_slots > 1:
        return config.layout.accumulator_bits
    return config.weight_bits + clog2(config.layout.axon_groups)


def banks(lanes: int) -> list[int]:
    """Bank of each lane: neighbours differ in one bit, so that little changes from lane to lane."""
    return [p ^ p >> 1 for p in range(lanes)]
