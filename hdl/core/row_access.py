"""Bus access to rows: logical words of a synapse field or of the arrivals, one value at a time."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import WORD_BITS, clog2
from ..primitives.access import AccessSignature
from ..primitives.layouts import record


def row_access(config: CoreConfig) -> AccessSignature:
    """Access to `word` of a row: of `axon`'s synapse field number `field`, or of the arrivals.

    The number of the arrivals is that after the last synapse field.
    """
    layout = config.layout
    words = [f.words_per_row for f in layout.synapse_fields.values()] + [layout.arrival_words]
    return AccessSignature(
        {
            "field": range(len(layout.synapse_fields) + 1),
            "axon": range(config.axons),
            "word": range(max(words)),
        }
    )


class RowAccess(wiring.Component):
    """Touches the values of a bus word one by one; a UART needs at least 80 cycles for a byte.

    Members
    -------
    access : to a word of a row (`row_access`); about P + 6 cycles for each of its synapses, 4 for each
        of its arrivals.
    settled : from `Conductor`: what was written before is in memory.
    touch, touch_arrival : pulses to `Conductor`, and to `ArrivalList`.
    number : of the neuron, or the axon that may have arrived.
    host, value : by field, what is written, and the value.
    touched, fields : from `Lanes`, the synapse as it was.
    arrival_touched, arrived : from `ArrivalList`, the same.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._fields = tuple(c.layout.synapse_fields.values())
        access = row_access(c)
        words = [f.words_per_row for f in self._fields] + [c.layout.arrival_words]
        self._touching = Signal()
        super().__init__(
            {
                "access": In(access),
                "settled": In(1),
                "touch": Out(1),
                "touch_arrival": Out(1),
                "number": Out(clog2(WORD_BITS) + clog2(max(words))),
                "host": Out(len(self._fields)),
                "value": Out(max(f.bits for f in self._fields)),
                "touched": In(1),
                "fields": In(record(self._fields)),
                "arrival_touched": In(1),
                "arrived": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Touch, wait, shift; what is beyond the end of a row is neither read nor written."""
        m = Module()
        c, access, where = self._config, self.access, self.access.where
        index, shift = Signal(range(WORD_BITS)), Signal(WORD_BITS)
        exists, last, following = Signal(), Signal(), Signal(WORD_BITS)
        arrivals = len(self._fields)
        m.d.comb += [self.value.eq(shift), access.value.eq(shift)]
        kinds: list[tuple[int, int, int, Value, int]] = [
            (f.slot_bits, f.per_word, f.words_per_row, self.fields[f.name], c.neurons)
            for f in self._fields
        ]
        kinds.append((1, WORD_BITS, c.layout.arrival_words, self.arrived, c.axons))
        for k, (slot, per_word, words, value, count) in enumerate(kinds):
            with m.If(where.field == k):
                whole = Signal(slot, name=f"slot_{k}")
                m.d.comb += [
                    self.number.eq(Cat(index[: clog2(per_word)], where.word)),
                    exists.eq(self.number < count if words * per_word > count else 1),
                    whole.eq(value),
                    last.eq(index[: max(1, clog2(per_word))] == per_word - 1),
                    following.eq(Cat(shift[slot:], whole & exists.replicate(slot))),
                ]
                if k < arrivals:
                    m.d.comb += self.host[k].eq(access.write & exists)
        waits, ends = Signal(), Signal()
        begins = access.active & ~access.done & ~waits
        touched = self.touched | self.arrival_touched
        is_arrival = where.field == arrivals
        goes_on = waits & touched & ~last
        m.d.comb += [
            ends.eq(waits & touched & last),
            self.touch.eq(self._touching & ~is_arrival & self.settled),
            self.touch_arrival.eq(self._touching & is_arrival),
        ]
        still = self._touching & ~is_arrival & ~self.settled
        m.d.sync += [access.done.eq(ends), self._touching.eq(begins | goes_on | still)]
        with m.If(begins | ends):
            m.d.sync += [waits.eq(begins), index.eq(0)]
        with m.Elif(goes_on):
            m.d.sync += index.eq(index + 1)
        # Before and after an access the register is 0, as all but one on the bus must be.
        with m.If(~waits & ~begins):
            m.d.sync += shift.eq(0)
        with m.Elif(begins | touched):
            m.d.sync += shift.eq(Mux(waits, following, access.data))
        return m
