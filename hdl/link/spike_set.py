"""The spikes of one step, kept until it is over, then told as ids or as a BITMAP (hdl/commands.py)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.commands import BITMAP, BITMAP_IDS, bitmap_halfwords


class SpikeSet(wiring.Component):
    """Takes ids at any pace and gives events, whichever form is shorter, at the pace of the line.

    The ids are kept as a list: so nothing needs to be cleared, and a reset empties the set.  To tell an id
    takes two clock cycles, a halfword of a bitmap 31; on the line it takes 80 at least.

    Members
    -------
    put, neuron : adds an id, of which there are `neurons`.  They come in rising order, and each one once.
    empty : no spike came.
    tell : hold, when a step is over that was not silent, until `told`; `put` nothing meanwhile.
    told : pulses with the last event, when it is taken; then the set is empty.
    events : stream of halfwords, while `tell`.
    """

    def __init__(self, neurons: int) -> None:
        self._neurons = neurons
        super().__init__(
            {
                "put": In(1),
                "neuron": In(range(neurons)),
                "empty": Out(1),
                "tell": In(1),
                "told": Out(1),
                "events": Out(stream.Signature(16)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A list of ids, and a shift register that collects them in a halfword."""
        m = Module()
        halfwords = bitmap_halfwords(self._neurons)
        ids = BITMAP_IDS * halfwords
        id_bits = max(len(self.neuron), 1)
        m.submodules.list = store = memory.Memory(shape=id_bits, depth=self._neurons, init=[])
        read, write = store.read_port(), store.write_port()
        count, told = Signal(range(self._neurons + 1)), Signal(range(self._neurons + 1))
        pop, rest, dense = Signal(), Signal(), Signal()
        following = told + pop
        m.d.sync += told.eq(following)
        m.d.comb += [
            write.en.eq(self.put),
            write.addr.eq(count),
            write.data.eq(self.neuron),
            read.addr.eq(following),
            rest.eq(count != told),
            self.empty.eq(count == 0),
        ]
        with m.If(self.put):
            m.d.sync += count.eq(count + 1)
            with m.If(count == 1 + halfwords):
                m.d.sync += dense.eq(1)

        halfword = self.events.payload
        at, here = Signal(range(ids + 1)), Signal()
        last = ~rest & ((at == ids) | ~dense)
        with m.FSM():
            with m.State("COLLECT"):
                m.d.sync += halfword.eq(BITMAP)
                with m.If(self.tell):
                    m.next = "TELL"
                    with m.If(~dense):
                        m.next = "ID"
            with m.State("ID"):
                m.d.sync += halfword.eq(read.data)
                m.d.comb += pop.eq(1)
                m.next = "TELL"
            # Apart from BIT: block RAM, comparison and address would be a long way in one cycle.
            with m.State("COMPARE"):
                m.d.sync += here.eq(rest & (read.data == at))
                m.next = "BIT"
            with m.State("BIT"):
                m.d.sync += [halfword.eq(Cat(halfword[1:], here)), at.eq(at + 1)]
                m.d.comb += pop.eq(here)
                m.next = "COMPARE"
                with m.If(at % BITMAP_IDS == BITMAP_IDS - 1):
                    m.next = "TELL"
            with m.State("TELL"):
                m.d.comb += self.events.valid.eq(1)
                with m.If(self.events.ready):
                    m.next = "ID"
                    with m.If(dense):
                        m.next = "COMPARE"
                    with m.If(last):
                        m.d.comb += self.told.eq(1)
                        m.d.sync += [count.eq(0), told.eq(0), at.eq(0), dense.eq(0)]
                        m.next = "COLLECT"
        return m
