"""The synapses of a core that does not learn: their memory, shared by rows and bus."""

from __future__ import annotations

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from ..contract.core_config import CoreConfig
from ..primitives.access import synapse_access
from ..primitives.signatures import RowReadSignature
from .synapse_access import SynapseAccess
from .synapses import SynapseMemory


class StaticSynapses(wiring.Component):
    """Weights and delays that stay as they are loaded.

    Members
    -------
    rows : from `Integrator`; `weights` and `delays` come `SYNAPSE_LATENCY` cycles later.
    access : to a word, while no rows are read; about four cycles for each of its values.

    Parameters
    ----------
    storage : see `SynapseMemory`.
    """

    def __init__(self, config: CoreConfig, *, storage: str = "block") -> None:
        self._memory = SynapseMemory(config, storage=storage)
        self._access = SynapseAccess(config)
        super().__init__(
            {"rows": In(RowReadSignature(config)), "access": In(synapse_access(config))}
        )

    def elaborate(self, platform: object) -> Module:
        """Rows go first; the bus does not ask while they are read."""
        m = Module()
        m.submodules.memory = memory = self._memory
        m.submodules.access = access = self._access
        rows = self.rows
        wiring.connect(m, wiring.flipped(self.access), access.access)
        m.d.comb += [
            memory.read.eq(rows.active | access.read),
            memory.address.eq(Mux(rows.active, rows.address, access.address)),
            memory.write.eq(access.write),
            memory.write_lane.eq(access.write_lane),
            memory.write_weight.eq(access.write_weight),
            memory.write_delay.eq(access.write_delay),
            memory.write_slots.eq(access.write_slots),
        ]
        for reader in (rows, access):
            m.d.comb += [reader.weights.eq(memory.weights), reader.delays.eq(memory.delays)]
        return m
