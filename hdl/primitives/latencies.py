"""Latencies that more than one block counts on, in clock cycles."""

from __future__ import annotations

from ..contract.core_config import CoreConfig

TAKE_LATENCY = 2
"""From a taken word (`TakeSignature`) to its sums."""
RECORD_LATENCY = 2
"""From an address to a record in `RecordMemory` and `LaneMemory`."""
SYNAPSE_LATENCY = 2
"""From an address to the synapses of `SynapseMemory`."""
TRANSPOSABLE_LATENCY = 3
"""From an address to the synapses of `TransposableMemory`."""


def synapse_latency(config: CoreConfig) -> int:
    """Cycles from an address to the synapses there, in a core of this configuration."""
    return SYNAPSE_LATENCY if config.learning is None else TRANSPOSABLE_LATENCY


def soma_latency(config: CoreConfig) -> int:
    """Cycles from a soma's inputs to `next_state`, `spike` and `clamps`."""
    return int(config.model.part("soma").latency(config))
