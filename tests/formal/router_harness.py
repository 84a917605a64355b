"""A router: it carries what comes in to where it has to go, and lets nobody wait for ever."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.data import View
from harness import Harness, Opened
from routers import LOCAL, Inside, counted, keeps, look_inside, one_at_most

from spikeloom.hdl import FabricConfig
from spikeloom.hdl.fabric.router import Router
from spikeloom.hdl.primitives.round_robin import round_robin
from spikeloom.hdl.primitives.skid import Skid


class RouterHarness(Harness):
    """A router at a place of a mesh; its neighbours obey dimension order, and else do as they like."""

    def __init__(self, config: FabricConfig, column: int, row: int) -> None:
        super().__init__()
        self._config = config
        self._at = (column, row)

    def build(self, m: Module) -> None:
        """Inputs, and what neighbours never send."""
        c = self._config
        self._dut = dut = Router(c, *self._at)
        m.submodules.dut = opened = Opened(dut, Skid, round_robin)
        (self._inside,) = look_inside(opened, c.columns, c.rows)
        self._place = place = self._inside.place
        self._in = {port: getattr(dut, f"{port}_in") for port in place.ports}
        self._out = {port: getattr(dut, f"{port}_out") for port in place.ports}
        for port in place.ports:
            stream = self._in[port]
            self.ports += [stream.valid, stream.payload.as_value(), self._out[port].ready]
            self.assume(place.may_enter(stream.payload, port))
        self._claims(m, self._inside)

    def _claims(self, m: Module, inside: Inside) -> None:
        raise NotImplementedError

    def _wants(self, source: str, port: str) -> Value:
        """There is a packet at an input that has to leave by an output."""
        stream = self._in[source]
        exists = self._place.exists(stream.payload)
        return stream.valid & exists & self._place.way(stream.payload, port)


class CarryHarness(RouterHarness):
    """Claims: what is accepted leaves once, by its way, unharmed, in order of acceptance; nothing else does.

    An output's packets are counted.  Of those that come, any may be the one that is followed.
    """

    def _claims(self, m: Module, inside: Inside) -> None:
        place, held = self._place, []
        for port in place.ports:
            held.append(self._output(m, inside, port))
        self.claim("idle", self._dut.idle == (Cat(held) == 0))
        local = self._in[LOCAL]
        wrong = self.named("wrong", local.valid & ~place.exists(local.payload))
        self.claim("lost", self._dut.lost == self.past(wrong))
        self.claim("no_wait", ~wrong | local.ready)
        for port, stream in self._in.items():
            self.claim(f"{port}_empty", stream.valid | ~stream.ready)

    def _output(self, m: Module, inside: Inside, port: str) -> Signal:
        out, full, spare = self._out[port], inside.full[port], inside.spare[port]
        wants = {source: self._wants(source, port) for source in self._place.ports}
        comes = {source: wants[source] & self._in[source].ready for source in wants}
        came = self.named(f"{port}_came", Cat(comes.values()).any())
        left = self.named(f"{port}_left", out.valid & out.ready)
        held = Signal(2, name=f"{port}_held")
        m.d.sync += held.eq(held + came - left)

        self.claim(f"{port}_one_at_a_time", one_at_most(list(comes.values())))
        self.claim(f"{port}_counted", (out.valid == (held != 0)) & (full == (held == 2)))
        self.claim(f"{port}_room", held <= 2)
        self.claim(f"{port}_never_idle", ~Cat(wants.values()).any() | full | came)
        self.claim(f"{port}_stays", keeps(self, out, port))
        if port != LOCAL:
            legal = ~out.valid | self._place.may_leave(out.payload, port)
            self.claim(f"{port}_legal", legal & (~full | self._place.may_leave(spare, port)))
        self._follow(m, port, comes, came, left, held, spare)
        return held

    def _follow(
        self,
        m: Module,
        port: str,
        comes: dict[str, Value],
        came: Value,
        left: Value,
        held: Signal,
        spare: View,
    ) -> None:
        """One packet, from its input to its turn at the output."""
        out = self._out[port]
        shape = out.payload.shape()
        packet = Signal(shape.size, name=f"{port}_packet")
        followed, behind = Signal(name=f"{port}_followed"), Signal(name=f"{port}_behind")
        chosen = self.input(f"{port}_follow")
        done = left & ~behind
        with m.If(left):
            m.d.sync += behind.eq(0)
        with m.If(followed & done):
            m.d.sync += followed.eq(0)
        with m.If(chosen & came & (~followed | done)):
            m.d.sync += [followed.eq(1), behind.eq((held - left)[0])]
            for source, comes_in in comes.items():
                payload = self._in[source].payload
                with m.If(comes_in):
                    m.d.sync += packet.eq(Cat(payload[name] for name in shape.members))
        right = Mux(behind, spare.as_value() == packet, out.payload.as_value() == packet)
        self.claim(f"{port}_inside", ~followed | (held > behind))
        self.claim(f"{port}_unharmed", ~followed | right)


class WaitHarness(RouterHarness):
    """Claims: an input waits as many turns as its output has inputs, at most, and no turn for too long.

    If whoever is behind an output takes each packet in the T-th cycle of its offer at the latest, and n
    inputs may want this output, then a packet for it is accepted in the n·T-th cycle of its offer, or before.
    T may be any from 1 to 255, the same in all cycles.
    """

    def _claims(self, m: Module, inside: Inside) -> None:
        patience = self.constant("patience", 8)
        self.assume(patience != 0)
        for port, stream in self._in.items():
            self.assume(keeps(self, stream, f"{port}_in"))
        for port, stream in self._out.items():
            stall = counted(m, stream.valid & ~stream.ready, 8, f"{port}_stall")
            self.assume(~stream.valid | stream.ready | (stall + 1 < patience))
            self.claim(f"{port}_taken", stall < patience)
            for source in inside.place.sources(port):
                claim_turns(self, m, inside, source, port, stall, patience)


def claim_turns(
    harness: Harness,
    m: Module,
    inside: Inside,
    source: str,
    port: str,
    stall: Signal,
    limit: Value,
    prefix: str = "",
) -> tuple[Value, Signal, Signal]:
    """Claims about an input that waits for an output, whose packets are taken within `limit` cycles.

    Returns whether the input has a packet for this output; how many turns of others it has seen since it has;
    how many cycles it has waited since then, or since the last of these turns.
    """
    stream, out = getattr(inside.dut, f"{source}_in"), getattr(inside.dut, f"{port}_out")
    full, name = inside.full[port], f"{prefix}{source}_to_{port}"
    there = stream.valid & inside.place.exists(stream.payload)
    wants = harness.named(f"{name}_wants", there & inside.place.way(stream.payload, port))
    turns, pause = Signal(3, name=f"{name}_turns"), Signal.like(stall, name=f"{name}_pause")
    with m.If(~wants | stream.ready):
        m.d.sync += [turns.eq(0), pause.eq(0)]
    with m.Elif(full):
        m.d.sync += pause.eq(pause + 1)
    with m.Else():
        m.d.sync += [turns.eq(turns + 1), pause.eq(0)]
    rank = inside.rank(m, port, source, f"{name}_rank")
    harness.claim(f"{name}_turn", ~wants | (turns + rank < len(inside.place.sources(port))))
    # A turn lasts until there is room: it began when the packet that is offered now was new, or later.
    harness.claim(f"{name}_begun", ~full | (out.valid & (pause < stall)))
    harness.claim(f"{name}_pause", pause < limit)
    return wants, turns, pause
