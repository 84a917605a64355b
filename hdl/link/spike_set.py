"""The spikes of one step, kept until it is over, then sent as ids or as a BITMAP (contract/commands.py)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.commands import BITMAP, BITMAP_IDS, bitmap_halfwords
from ..memories.block import BlockMemory


class SpikeSet(wiring.Component):
    """Takes ids at any rate, and gives them as events in the shorter form, at the rate of the line.

    The ids are kept as a list, so a reset empties the set without a walk.  An id takes two clock cycles
    on its way out, a halfword of a bitmap 47; on the line a halfword takes at least 80.

    Members
    -------
    add, neuron : adds an id below `neurons`.  Ids come in rising order, each once.
    empty : no spike came.
    flush : hold, after a step that was not silent, until `flushed`; `add` nothing meanwhile.
    flushed : pulses when the last event is taken; then the set is empty.
    events : stream of halfwords, while `flush`; the payload is 0 from two cycles after `flushed` on.
    """

    def __init__(self, neurons: int) -> None:
        self._neurons = neurons
        super().__init__(
            {
                "add": In(1),
                "neuron": In(range(neurons)),
                "empty": Out(1),
                "flush": In(1),
                "flushed": Out(1),
                "events": Out(stream.Signature(16)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A list of ids, and a shift register that collects them in a halfword."""
        m = Module()
        halfwords = bitmap_halfwords(self._neurons)
        ids = BITMAP_IDS * halfwords
        id_bits = max(len(self.neuron), 1)
        m.submodules.list = store = BlockMemory(id_bits, self._neurons)
        count, sent = Signal(range(self._neurons + 1)), Signal(range(self._neurons + 1))
        pop, rest, dense = Signal(), Signal(), Signal()
        neuron = store.word
        following = sent + pop
        m.d.sync += sent.eq(following)
        m.d.comb += [
            store.write.eq(self.add),
            store.write_address.eq(count),
            store.write_word.eq(self.neuron),
            store.read_address.eq(following),
            rest.eq(count != sent),
            self.empty.eq(count == 0),
        ]
        with m.If(self.add):
            m.d.sync += count.eq(count + 1)
            with m.If(count == 1 + halfwords):
                m.d.sync += dense.eq(1)

        halfword = self.events.payload
        at, is_set = Signal(range(ids + 1)), Signal()
        last = ~rest & ((at == ids) | ~dense)
        with m.FSM():
            with m.State("COLLECT"):
                m.d.sync += halfword.eq(Mux(self.flush & dense, BITMAP, 0))
                with m.If(self.flush):
                    m.next = "EVENT"
                    with m.If(~dense):
                        m.next = "ID"
            with m.State("ID"):
                m.d.sync += halfword.eq(neuron)
                m.d.comb += pop.eq(1)
                m.next = "EVENT"
            with m.State("READ"):
                m.next = "COMPARE"
            # Apart from BIT: comparison and address would be a long path in one cycle.
            with m.State("COMPARE"):
                m.d.sync += is_set.eq(rest & (neuron == at))
                m.next = "BIT"
            with m.State("BIT"):
                m.d.sync += [halfword.eq(Cat(halfword[1:], is_set)), at.eq(at + 1)]
                m.d.comb += pop.eq(is_set)
                m.next = "READ"
                with m.If(at % BITMAP_IDS == BITMAP_IDS - 1):
                    m.next = "EVENT"
            with m.State("EVENT"):
                m.d.comb += self.events.valid.eq(1)
                with m.If(self.events.ready):
                    m.next = "ID"
                    with m.If(dense):
                        m.next = "COMPARE"
                    with m.If(last):
                        m.d.comb += self.flushed.eq(1)
                        m.d.sync += [count.eq(0), sent.eq(0), at.eq(0), dense.eq(0)]
                        m.next = "COLLECT"
        return m
