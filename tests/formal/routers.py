"""Routers for proofs: what is inside, what dimension order means, how long an input waits at most."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.data import View
from harness import Harness, Opened

from spikeloom.hdl.fabric.router import Router

LOCAL, NORTH, EAST, SOUTH, WEST = "local", "north", "east", "south", "west"
PORTS = (LOCAL, NORTH, EAST, SOUTH, WEST)
SOURCES = {
    LOCAL: PORTS,
    NORTH: (LOCAL, EAST, SOUTH, WEST),
    EAST: (LOCAL, WEST),
    SOUTH: (LOCAL, NORTH, EAST, WEST),
    WEST: (LOCAL, EAST),
}
"""Where packets for an output come from."""


@dataclass
class Place:
    """A router's column and row in a mesh of a size: what dimension order says there."""

    columns: int
    rows: int
    column: int
    row: int

    @property
    def ports(self) -> tuple[str, ...]:
        """The core's, and those to neighbours."""
        there = {
            LOCAL: True,
            NORTH: self.row > 0,
            EAST: self.column < self.columns - 1,
            SOUTH: self.row < self.rows - 1,
            WEST: self.column > 0,
        }
        return tuple(port for port in PORTS if there[port])

    def sources(self, port: str) -> tuple[str, ...]:
        """Inputs that exist, of those from which packets come to an output."""
        return tuple(source for source in SOURCES[port] if source in self.ports)

    def exists(self, packet: View) -> Value:
        """There is a core at the packet's place."""
        return (packet.column < self.columns) & (packet.row < self.rows)

    def way(self, packet: View, port: str) -> Value:
        """A packet leaves here by this port: columns first."""
        there = packet.column == self.column
        return {
            EAST: packet.column > self.column,
            WEST: packet.column < self.column,
            SOUTH: there & (packet.row > self.row),
            NORTH: there & (packet.row < self.row),
            LOCAL: there & (packet.row == self.row),
        }[port]

    def may_leave(self, packet: View, port: str) -> Value:
        """What the neighbour on this side may be sent."""
        if port in (EAST, WEST):
            return self.exists(packet) & self.way(packet, port)
        return self.exists(packet) & (packet.column == self.column) & self.way(packet, port)

    def may_enter(self, packet: View, port: str) -> Value:
        """What the neighbour on this side may send."""
        if port == LOCAL:
            return Const(1)
        column = {
            EAST: packet.column <= self.column,
            WEST: packet.column >= self.column,
        }.get(port, packet.column == self.column)
        row = {NORTH: packet.row >= self.row, SOUTH: packet.row <= self.row}.get(port, Const(1))
        return self.exists(packet) & column & row


@dataclass
class Inside:
    """The variables of one router, by output.

    Attributes
    ----------
    full, spare : the second place of an output has a packet; which.
    last : who was served last at an output that several may want, by its number.
    """

    dut: Router
    place: Place
    full: dict[str, Signal]
    spare: dict[str, View]
    last: dict[str, Signal]

    def rank(self, m: Module, port: str, source: str, name: str) -> Value:
        """How many others can be served before a source is."""
        sources = self.place.sources(port)
        count, index = len(sources), sources.index(source)
        if count == 1:
            return Const(0)
        rank = Signal(range(count), name=name)
        with m.Switch(self.last[port]):
            for last in range(count):
                with m.Case(last) if last < count - 1 else m.Default():
                    m.d.comb += rank.eq((index - last - 1) % count)
        return rank


def look_inside(opened: Opened, columns: int, rows: int) -> list[Inside]:
    """All routers of an opened router or mesh, in the order in which they were made."""
    full, spare = iter(opened.all("Skid.full")), iter(opened.all("Skid.spare"))
    last = iter(opened.all("round_robin.last"))
    found = []
    for dut in opened.blocks("Router"):
        place = Place(columns, rows, dut._column, dut._row)
        inside = Inside(dut, place, {}, {}, {})
        for port in place.ports:
            inside.full[port], second = next(full), next(spare)
            shape = getattr(dut, f"{port}_out").payload.shape()
            inside.spare[port] = View(shape, second)
            if len(place.sources(port)) > 1:
                inside.last[port] = next(last)
                assert inside.last[port].name == f"{port}_last"
        found.append(inside)
    return found


def counted(m: Module, event: Value, bits: int, name: str) -> Signal:
    """In how many cycles without a gap, up to the one before this, the event was."""
    count = Signal(bits, name=name)
    m.d.sync += count.eq(0)
    with m.If(event):
        m.d.sync += count.eq(count + 1)
    return count


def one_at_most(events: list[Value]) -> Value:
    """Not two of them at once."""
    bits = Cat(events)
    return (bits & (bits - 1)[: len(bits)]) == 0


def keeps(harness: Harness, stream: object, name: str) -> Value:
    """What a stream offered in the cycle before without being taken is offered still."""
    waited = harness.past(harness.named(f"{name}_waits", stream.valid & ~stream.ready))  # type: ignore[attr-defined]
    payload = stream.payload.as_value()  # type: ignore[attr-defined]
    same = stream.valid & (payload == harness.past(payload))  # type: ignore[attr-defined]
    return ~waited | same
