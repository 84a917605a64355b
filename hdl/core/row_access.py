"""Bus access to rows: logical words of a synapse field or of the arrivals, one value at a time."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import WORD_BITS, clog2
from ..primitives.access import AccessSignature
from ..primitives.layouts import record, synapse_memories


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

    Fields that share a word of memory are read before one of them is written.

    Members
    -------
    access : to a word of a row (`row_access`); about P + 6 cycles for each of its synapses, twice as many
        where they are read before, and 4 for each of its arrivals.
    settled : from `Conductor`: what was written before is in memory.
    touch, touch_arrival : pulses to `Conductor`, and to `ArrivalList`.
    number : of the neuron, or the axon that may have arrived.
    host, value : by memory (`synapse_memories`), what is written, and the word.
    touched, fields : from `Lanes`, the synapse as it was.
    arrival_touched, arrived : from `ArrivalList`, the same.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._fields = tuple(c.layout.synapse_fields.values())
        self._memories = {name: record(fields) for name, fields in synapse_memories(c).items()}
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
                "host": Out(len(self._memories)),
                "value": Out(max(memory.size for memory in self._memories.values())),
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
        reading = Signal()  # a synapse, before it is written
        arrivals = len(self._fields)
        # A register for each field: they lead to addresses of memories.
        chosen = Signal(arrivals + 1)
        m.d.sync += chosen.eq(Cat(where.field == k for k in range(arrivals + 1)))
        m.d.comb += access.value.eq(shift)
        kinds: list[tuple[int, int, int, Value, int]] = [
            (f.slot_bits, f.per_word, f.words_per_row, self.fields[f.name], c.neurons)
            for f in self._fields
        ]
        kinds.append((1, WORD_BITS, c.layout.arrival_words, self.arrived, c.axons))
        for k, (slot, per_word, words, value, count) in enumerate(kinds):
            with m.If(chosen[k]):
                whole = Signal(slot, name=f"slot_{k}")
                m.d.comb += [
                    self.number.eq(Cat(index[: clog2(per_word)], where.word)),
                    exists.eq(self.number < count if words * per_word > count else 1),
                    whole.eq(value),
                    last.eq(index[: max(1, clog2(per_word))] == per_word - 1),
                    following.eq(Cat(shift[slot:], whole & exists.replicate(slot))),
                ]
                if k == arrivals:
                    m.d.comb += self.value.eq(shift)
                else:
                    self._field(m, k, shift, exists & ~reading)
        waits, ends = Signal(), Signal()
        begins = access.active & ~access.done & ~waits
        touched = self.touched | self.arrival_touched
        is_arrival = chosen[arrivals]
        reads_first = Const(0)
        for k, f in enumerate(self._fields):
            shares = len(self._memory_of(f.name)[1].members) > 1
            reads_first = reads_first | ((where.field == k) & shares)
        shifts = waits & touched & ~reading
        goes_on = shifts & ~last
        m.d.comb += [
            ends.eq(shifts & last),
            self.touch.eq(self._touching & ~is_arrival & self.settled),
            self.touch_arrival.eq(self._touching & is_arrival),
        ]
        again = (self._touching & ~is_arrival & ~self.settled) | (waits & touched & reading)
        m.d.sync += [access.done.eq(ends), self._touching.eq(begins | goes_on | again)]
        with m.If(begins | goes_on):
            m.d.sync += reading.eq(access.write & reads_first)
        with m.Elif(touched):
            m.d.sync += reading.eq(0)
        with m.If(begins | ends):
            m.d.sync += [waits.eq(begins), index.eq(0)]
        with m.Elif(goes_on):
            m.d.sync += index.eq(index + 1)
        # Before and after an access the register is 0, as all but one on the bus must be.
        with m.If(~waits & ~begins):
            m.d.sync += shift.eq(0)
        with m.Elif(begins | shifts):
            m.d.sync += shift.eq(Mux(waits, following, access.data))
        return m

    def _memory_of(self, field: str) -> tuple[int, data.StructLayout]:
        """The number of the memory that a field is in, and its word."""
        words = enumerate(self._memories.values())
        return next((number, word) for number, word in words if field in word.members)

    def _field(self, m: Module, k: int, shift: Value, writes: Value) -> None:
        """What is written into the memory that field number k is in."""
        field = self._fields[k].name
        number, word = self._memory_of(field)
        m.d.comb += self.host[number].eq(self.access.write & writes)
        parts: list[Value] = []
        for name, shape in word.members.items():
            bits = Shape.cast(shape).width
            if name == field:
                parts.append(shift[:bits])
                continue
            kept = Signal(bits, name=f"kept_{name}")
            with m.If(self.touched):
                m.d.sync += kept.eq(self.fields[name])
            parts.append(kept)
        m.d.comb += self.value.eq(Cat(parts))
