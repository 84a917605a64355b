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
"""Ports by which packets may have come in that leave by a port.  No packet goes back, and none changes
its column after its row."""


def neighbours(config: FabricConfig, column: int, row: int) -> dict[Port, tuple[int, int]]:
    """(column, row) of the neighbouring routers."""
    candidates = {
        Port.NORTH: (column, row - 1),
        Port.EAST: (column + 1, row),
        Port.SOUTH: (column, row + 1),
        Port.WEST: (column - 1, row),
    }
    return {
        port: (x, y)
        for port, (x, y) in candidates.items()
        if 0 <= x < config.columns and 0 <= y < config.rows
    }


class Router(wiring.Component):
    """Forwards packets to their core: along the row to its column, then along the column.

    Dimension-order routing: W. J. Dally and C. L. Seitz, "Deadlock-free message routing in
    multiprocessor interconnection networks", IEEE Trans. Computers C-36, 1987.

    - Latency: a packet that is accepted in one cycle is offered in the next.
    - Throughput: one packet per cycle at each port, all ports at once.
    - Back-pressure: each output has two slots.  An input is ready while it has a packet, a slot of that
      packet's output is free, and it is the input's turn there (round-robin).  `valid` and `payload` of
      outputs are registers, and so is the state of the slots: no path leads through two routers.
    - Order: packets that come in by the same port and leave by the same port stay in order.
    - Errors: a packet from the core for coordinates outside of the mesh is dropped, and `lost` pulses.
      Neighbours have to be routers of the same mesh: what they send is not checked.

    Parameters
    ----------
    config : of the fabric.
    column, row : of the router.

    Members
    -------
    local_in, local_out : packets from the core, which may be for itself, and spikes for it.
    north_in, north_out, east_in, … : packets from and for the neighbours that exist.
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
        interface: stream.Interface = getattr(self, f"{port.value}_in")
        return interface

    def outgoing(self, port: Port) -> stream.Interface:
        """The stream of packets, or spikes, out of this router."""
        interface: stream.Interface = getattr(self, f"{port.value}_out")
        return interface

    def elaborate(self, platform: object) -> Module:
        """Requests of each input; at each output the input that is served, and two slots."""
        m = Module()
        outside = Signal()
        m.d.comb += outside.eq(
            (self.local_in.payload.column >= self._config.columns)
            | (self.local_in.payload.row >= self._config.rows)
        )
        missed = self.local_in.valid & outside
        m.d.sync += self.lost.eq(missed)

        requests = {
            port: self._requests(m, port, ~outside if port is Port.LOCAL else 1)
            for port in self.ports
        }
        accepted: dict[Port, list[Value]] = {port: [] for port in self.ports}
        accepted[Port.LOCAL].append(missed)
        for port in self.ports:
            for_port = {source: r[port] for source, r in requests.items() if port in r}
            for source, is_accepted in self._output(m, port, for_port).items():
                accepted[source].append(is_accepted)
        for port in self.ports:
            m.d.comb += self.incoming(port).ready.eq(Cat(accepted[port]).any())
        m.d.comb += self.idle.eq(~Cat(self.outgoing(port).valid for port in self.ports).any())
        return m

    def _requests(self, m: Module, source: Port, inside: ValueLike) -> dict[Port, Value]:
        """By output: there is a packet at this input that leaves there.

        Only possible directions are compared: a packet that moves east is for no column further west.
        """
        incoming = self.incoming(source)
        packet, left = incoming.payload, incoming.valid & inside
        requests: dict[Port, Value] = {}
        for port, beyond in {
            Port.EAST: packet.column > self._column,
            Port.WEST: packet.column < self._column,
            Port.SOUTH: packet.row > self._row,
            Port.NORTH: packet.row < self._row,
            Port.LOCAL: Const(1),
        }.items():
            if port in self.ports and source in TURNS[port]:
                request = Signal(name=f"{source.value}_to_{port.value}")
                m.d.comb += request.eq(left & beyond)
                requests[port] = request
                left = left & ~beyond
        return requests

    def _output(self, m: Module, port: Port, requests: dict[Port, Value]) -> dict[Port, Value]:
        """By input: its packet is accepted at this output."""
        outgoing = self.outgoing(port)
        shape = outgoing.payload.shape()
        m.submodules[port.value] = slots = Skid(shape)
        wiring.connect(m, slots.output, wiring.flipped(outgoing))
        served = Signal(name=f"{port.value}_served")
        m.d.comb += served.eq(slots.input.valid & slots.input.ready)
        chosen = round_robin(m, list(requests.values()), served, f"{port.value}_last")
        m.d.comb += slots.input.valid.eq(Cat(requests.values()).any())
        payload: Value = Const(0, len(slots.input.payload.as_value()))
        for source, choice in zip(requests, chosen, strict=True):
            packet = self.incoming(source).payload
            sent = Cat(packet[name] for name in shape.members)
            payload = payload | Mux(choice, sent, 0)
        m.d.comb += slots.input.payload.as_value().eq(payload)
        return {
            source: choice & slots.input.ready
            for source, choice in zip(requests, chosen, strict=True)
        }
