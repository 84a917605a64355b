"""The mesh: a router at each core, and what connects them."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.fabric_config import FabricConfig
from ..primitives.layouts import packet_layout, spike_layout
from .router import Router, neighbours


class Mesh(wiring.Component):
    """Carries packets from any core to any core; core `k` is in column `k mod columns`, row `k div columns`.

    - Latency: an unobstructed packet is delivered `hops + 1` cycles after it was accepted, where `hops`
      is the number of links on its path.
    - Throughput: one packet per cycle into, out of and between routers.
    - Back-pressure: packets wait where they are until there is space; none is dropped for lack of it.
      The mesh is deadlock-free (docs/explanation/routers.md): all packets arrive if each core keeps
      taking them.
    - Order: packets from one core to another arrive in the order in which they were sent.
    - Errors: packets for coordinates outside of the mesh are dropped and counted in `lost`.

    Members
    -------
    inject[k], deliver[k] : packets from core k, which may be for itself, and spikes for it.
    idle : no packet is in the mesh.  A register of the cycle before: it is 1 from the second cycle on in
        which there is none, and 0 as soon as there is one.
    lost : packets that were dropped two cycles before.
    """

    def __init__(self, config: FabricConfig) -> None:
        self._config = config
        packets = stream.Signature(packet_layout(config))
        spikes = stream.Signature(spike_layout(config.core))
        super().__init__(
            {
                "inject": In(packets).array(config.cores),
                "deliver": Out(spikes).array(config.cores),
                "idle": Out(1),
                "lost": Out(range(config.cores + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Routers, side by side."""
        m = Module()
        c = self._config
        routers: dict[tuple[int, int], Router] = {}
        for core in range(c.cores):
            row, column = divmod(core, c.columns)
            routers[column, row] = router = Router(c, column, row)
            m.submodules[f"router_{column}_{row}"] = router
            wiring.connect(m, wiring.flipped(self.inject[core]), router.local_in)
            wiring.connect(m, router.local_out, wiring.flipped(self.deliver[core]))
        for position, router in routers.items():
            for port, neighbour in neighbours(c, *position).items():
                entry = routers[neighbour].incoming(port.opposite)
                wiring.connect(m, router.outgoing(port), entry)

        # A packet that moves is in one router before the clock edge and in the next router after it, so
        # looking at all routers in the same cycle misses none.  One that is offered may be in next.
        moving = Cat(~router.idle for router in routers.values())
        offered = Cat(inject.valid for inject in self.inject)
        m.d.sync += self.idle.eq(~(moving | offered).any())
        m.d.sync += self.lost.eq(sum((r.lost for r in routers.values()), start=Signal(0)))
        return m
