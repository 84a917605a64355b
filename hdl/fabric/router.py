"""A router of the mesh: five ports, columns first, then rows."""

from __future__ import annotations

import enum

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.fabric_config import FabricConfig
from ..primitives.layouts import packet_layout, spike_layout
from ..primitives.round_robin import round_robin
from ..primitives.skid import Skid


class Port(enum.Enum):
    """Sides of a router: its core, and its neighbours.  Row 0 is north, column 0 is west."""

    LOCAL = "local"
    NORTH = "north"
    EAST = "east"
    SOUTH = "south"
    WEST = "west"

    @property
    def opposite(self) -> Port:
        """The side of the neighbour that is connected to this one."""
        return _OPPOSITE[self]


_OPPOSITE = {
    Port.LOCAL: Port.LOCAL,
    Port.NORTH: Port.SOUTH,
    Port.SOUTH: Port.NORTH,
    Port.EAST: Port.WEST,
    Port.WEST: Port.EAST,
}

TURNS: dict[Port, tuple[Port, ...]] = {
    Port.LOCAL: (Port.LOCAL, Port.NORTH, Port.EAST, Port.SOUTH, Port.WEST),
    Port.NORTH: (Port.LOCAL, Port.EAST, Port.SOUTH, Port.WEST),
    Port.EAST: (Port.LOCAL, Port.WEST),
    Port.SOUTH: (Port.LOCAL, Port.NORTH, Port.EAST, Port.WEST),
    Port.WEST: (Port.LOCAL, Port.EAST),
}
"""Where packets that leave by a port may have come in.  None goes back; one that has begun to
change its row never changes its column again."""


def neighbours(config: FabricConfig, column: int, row: int) -> dict[Port, tuple[int, int]]:
    """(column, row) of the routers beside this one."""
    beside = {
        Port.NORTH: (column, row - 1),
        Port.EAST: (column + 1, row),
        Port.SOUTH: (column, row + 1),
        Port.WEST: (column - 1, row),
    }
    return {
        port: (x, y)
        for port, (x, y) in beside.items()
        if 0 <= x < config.columns and 0 <= y < config.rows
    }


class Router(wiring.Component):
    """Passes packets on towards their core: along the row to its column, then along the column.

    Dimension-order routing: W. J. Dally and C. L. Seitz, "Deadlock-free message routing in
    multiprocessor interconnection networks", IEEE Trans. Computers C-36, 1987.

    - Latency: what is accepted in one cycle is offered in the next.
    - Throughput: one packet per cycle at each port, all of them at once.
    - Back-pressure: each output holds two packets; an input is ready only while there is a packet, its
      output has room, and it is its turn.  Turns at an output are round-robin.  `valid` and `payload` of
      outputs are registers, and room is one: no path leads through two routers.
    - Order: packets that come in by the same port and leave by the same port stay in order.
    - Errors: a packet from the core for a place outside of the mesh is dropped, and `lost` pulses.
      Neighbours have to be routers of the same mesh, at their places: what they send is not checked.

    Parameters
    ----------
    config : of the fabric.
    column, row : the router's place.

    Members
    -------
    local_in, local_out : packets from the core, which may be for itself, and spikes for it.
    north_in, north_out, east_in, … : packets from and for the neighbours; only those that there are.
    idle : there is no packet in this router.
    lost : pulses in the cycle after a packet was dropped.
    """

    def __init__(self, config: FabricConfig, column: int, row: int) -> None:
        self._config = config
        self._column, self._row = column, row
        self.ports = (Port.LOCAL, *neighbours(config, column, row))
        packets = stream.Signature(packet_layout(config))
        spikes = stream.Signature(spike_layout(config.core))
        members = {"idle": Out(1), "lost": Out(1)}
        for port in self.ports:
            members[f"{port.value}_in"] = In(packets)
            members[f"{port.value}_out"] = Out(spikes if port is Port.LOCAL else packets)
        super().__init__(members)

    def incoming(self, port: Port) -> stream.Interface:
        """The stream of packets into this router."""
        found: stream.Interface = getattr(self, f"{port.value}_in")
        return found

    def outgoing(self, port: Port) -> stream.Interface:
        """The stream of packets, or spikes, out of this router."""
        found: stream.Interface = getattr(self, f"{port.value}_out")
        return found

    def elaborate(self, platform: object) -> Module:
        """What each input wants; who gets it, at each output; two places for those that do."""
        m = Module()
        outside = Signal()
        m.d.comb += outside.eq(
            (self.local_in.payload.column >= self._config.columns)
            | (self.local_in.payload.row >= self._config.rows)
        )
        missed = self.local_in.valid & outside
        m.d.sync += self.lost.eq(missed)

        wishes = {
            port: self._wishes(m, port, ~outside if port is Port.LOCAL else 1)
            for port in self.ports
        }
        accepted: dict[Port, list[Value]] = {port: [] for port in self.ports}
        accepted[Port.LOCAL].append(missed)
        for port in self.ports:
            wanted = {source: w[port] for source, w in wishes.items() if port in w}
            for source, gets in self._output(m, port, wanted).items():
                accepted[source].append(gets)
        for port in self.ports:
            m.d.comb += self.incoming(port).ready.eq(Cat(accepted[port]).any())
        m.d.comb += self.idle.eq(~Cat(self.outgoing(port).valid for port in self.ports).any())
        return m

    def _wishes(self, m: Module, source: Port, inside: ValueLike) -> dict[Port, Value]:
        """By output: there is a packet at this input that wants to leave there.

        Only what can be is compared: a packet on its way east is for no column further west.
        """
        incoming = self.incoming(source)
        packet, left = incoming.payload, incoming.valid & inside
        wishes: dict[Port, Value] = {}
        for port, beyond in {
            Port.EAST: packet.column > self._column,
            Port.WEST: packet.column < self._column,
            Port.SOUTH: packet.row > self._row,
            Port.NORTH: packet.row < self._row,
            Port.LOCAL: Const(1),
        }.items():
            if port in self.ports and source in TURNS[port]:
                wish = Signal(name=f"{source.value}_to_{port.value}")
                m.d.comb += wish.eq(left & beyond)
                wishes[port] = wish
                left = left & ~beyond
        return wishes

    def _output(self, m: Module, port: Port, wanted: dict[Port, Value]) -> dict[Port, Value]:
        """By input: its packet is accepted at this output."""
        outgoing = self.outgoing(port)
        shape = outgoing.payload.shape()
        m.submodules[port.value] = places = Skid(shape)
        wiring.connect(m, places.output, wiring.flipped(outgoing))
        served = Signal(name=f"{port.value}_served")
        m.d.comb += served.eq(places.input.valid & places.input.ready)
        chosen = round_robin(m, list(wanted.values()), served, f"{port.value}_last")
        m.d.comb += places.input.valid.eq(Cat(wanted.values()).any())
        payload: Value = Const(0, len(places.input.payload.as_value()))
        for source, choice in zip(wanted, chosen, strict=True):
            packet = self.incoming(source).payload
            sent = Cat(packet[name] for name in shape.members)
            payload = payload | Mux(choice, sent, 0)
        m.d.comb += places.input.payload.as_value().eq(payload)
        return {
            source: choice & places.input.ready
            for source, choice in zip(wanted, chosen, strict=True)
        }
