"""The sequencer: a 16-bit machine that runs two programs in turn, an instruction of each in two cycles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..contract.widths import clog2
from ..primitives.pipeline import pipeline
from .instruction import (
    ADDRESS_BITS,
    ADDS_ONE,
    CHAINS,
    COMPUTE,
    FIRST_YIELDING,
    FORMAT_BITS,
    HALF_BITS,
    INVERTS,
    JUMP,
    KEEPS,
    TARGET_BITS,
    WORD_BITS,
    Condition,
    Operation,
    Pulse,
    Put,
    Source,
)

JUMP_CYCLES = 6
"""Clock cycles of a jump that is taken; of everything else, two."""

_word_layout = data.StructLayout(
    {"format": data.UnionLayout({"compute": data.StructLayout(COMPUTE), "jump": data.StructLayout(JUMP)}),
     "jumps": 1}
)  # fmt: skip
assert _word_layout.size == WORD_BITS == FORMAT_BITS + 1
_MACHINES_OWN = (
    Condition.NEVER,
    Condition.ALWAYS,
    Condition.ZERO,
    Condition.NONZERO,
    Condition.CARRY,
    Condition.NO_CARRY,
    Condition.NEGATIVE,
    Condition.BIT_14,
)


class Machine(wiring.Component):
    """Two programs on one adder, with one memory of microcode and one of data.

    Each program has an accumulator, a carry and a place of its own; they go round in two registers each, so
    that no multiplexer chooses between them.  An instruction is fetched (two cycles), reads the data
    memory (two), has its operand (one), its result (one), and then writes.  A jump is decided with the
    result: the two instructions behind it, which are on their way, then do nothing.

    Members
    -------
    restart : the first program begins anew at its next jump on one of the conditions that yield.
    conditions : by `Condition`, those that are not the machine's own.
    request, word, spike, count : what `Source` names.
    takes_request, takes_spike : pulses, when it was used.
    counts : in the cycle before that in which `count` is used.
    value : the result, in the cycle after; `puts` says for what, by `Put`.
    store : the data memory.
    pulses : by `Pulse`.  immediate : the address that goes with them.

    Parameters
    ----------
    microcode, contents : of the two memories.
    second : where the second program begins; the first one, at 0.
    """

    def __init__(self, microcode: Sequence[int], contents: Sequence[int], second: int) -> None:
        self._microcode, self._second = microcode, second
        self.store = memory.Memory(
            shape=HALF_BITS, depth=len(contents), init=contents, attrs={"ram_style": "block"}
        )
        super().__init__(
            {
                "restart": In(1),
                "conditions": In(1 << JUMP["condition"]),
                "request": In(HALF_BITS),
                "word": In(2 * HALF_BITS),
                "spike": In(HALF_BITS),
                "count": In(HALF_BITS),
                "takes_request": Out(1),
                "takes_spike": Out(1),
                "counts": Out(1),
                "value": Out(HALF_BITS),
                "puts": Out(1 << COMPUTE["put"]),
                "pulses": Out(1 << JUMP["pulse"]),
                "immediate": Out(ADDRESS_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Numbers behind names are cycles after that in which the microcode is addressed."""
        m = Module()
        taken = Signal()
        taken_1, taken_3 = pipeline(m, taken, 1, "taken"), pipeline(m, taken, 3, "taken")
        # What has its operand is behind a jump that was taken.
        void = taken_1 | taken_3
        word_2 = self._fetch(m, taken)
        word_3, word_4 = (Signal(_word_layout, name=f"word_{k}") for k in (3, 4))
        m.d.sync += [word_3.eq(word_2), word_4.eq(word_3)]
        self._no_compute, self._no_jump = Signal(), Signal()
        m.d.comb += [
            self._no_compute.eq(void | word_4.jumps),
            self._no_jump.eq(void | ~word_4.jumps),
        ]
        compute_4, jump_4 = word_4.format.compute, word_4.format.jump
        x = Signal(self._address_bits)
        address_2 = Signal(self._address_bits)
        compute_2 = word_2.format.compute
        m.d.comb += address_2.eq(compute_2.address | (x & compute_2.indexed.replicate(len(x))))
        address_6 = pipeline(m, address_2, 4, "address")

        store = self.store
        m.submodules.data = store
        read, write = store.read_port(), store.write_port()
        found = Signal(HALF_BITS)  # block RAMs are slow
        m.d.comb += [read.addr.eq(address_2), write.addr.eq(address_6)]
        m.d.sync += found.eq(read.data)

        b = self._operand(m, word_3, found)
        result, flags = self._compute(m, compute_4.operation, b)
        m.d.comb += [write.data.eq(self.value), self.immediate.eq(self._target)]
        writes = self._computes(m, compute_4.write, "writes")
        m.d.sync += write.en.eq(writes)
        put = self._computes(m, compute_4.put, "put")
        m.d.sync += self.puts.eq(Cat(put == n if n else 0 for n in range(len(self.puts))))
        with m.If(put == Put.X):
            m.d.sync += x.eq(result)
        used = set(Pulse) - {Pulse.NOTHING}
        pulses = Cat(jump_4.pulse == n if n in used else 0 for n in range(len(self.pulses)))
        m.d.comb += self.pulses.eq(self._control(m, pulses, self._no_jump, "pulses"))
        m.d.comb += taken.eq(self._jumps(m, jump_4, flags))
        return m

    @property
    def _address_bits(self) -> int:
        return clog2(self.store.depth)

    def _computes(self, m: Module, value: Value, name: str) -> Signal:
        """A control in the cycle of the result: 0, where the instruction does not compute."""
        return self._control(m, value, self._no_compute, name)

    def _control(self, m: Module, value: Value, nothing: Value, name: str) -> Signal:
        control = Signal(len(value), name=f"{name}_5")
        m.d.sync += control.eq(value)
        with m.If(nothing):
            m.d.sync += control.eq(0)
        return control

    def _fetch(self, m: Module, taken: Signal) -> Signal:
        """The places of the two programs go round, too: what follows, or the target of a jump."""
        depth = 1 << clog2(len(self._microcode))
        place_bits = clog2(depth)
        m.submodules.microcode = store = memory.Memory(
            shape=WORD_BITS, depth=depth, init=self._microcode,
            attrs={"ram_style": "block"},
        )  # fmt: skip
        read = store.read_port()
        place, following = Signal(place_bits), Signal(place_bits, init=self._second)
        self._target, self._restarts = Signal(TARGET_BITS), Signal()
        m.d.sync += [
            following.eq(place + 1),
            place.eq(Mux(taken, self._target[:place_bits], following)),
        ]
        with m.If(self._restarts):
            m.d.sync += place.eq(0)
        word_2 = Signal(_word_layout)
        m.d.comb += read.addr.eq(place)
        m.d.sync += word_2.eq(read.data)
        return word_2

    def _operand(self, m: Module, word_3: Signal, found: Signal) -> Signal:
        source_3 = word_3.format.compute.source
        of: dict[Source, Signal] = {
            s: Signal(name=f"of_{s.name.lower()}") for s in Source if s != Source.COUNT
        }
        for source, chosen in of.items():
            also = (source_3 == Source.COUNT) if source == Source.MEMORY else 0
            m.d.sync += chosen.eq((source_3 == source) | also)
        m.d.comb += self.counts.eq((source_3 == Source.COUNT) & ~word_3.jumps)
        values = {
            Source.MEMORY: found,
            Source.REQUEST: self.request,
            Source.WORD_LOW: self.word[:HALF_BITS],
            Source.WORD_HIGH: self.word[HALF_BITS:],
            Source.SPIKE: self.spike,
        }
        b: Value = Const(0, HALF_BITS)
        for source, value in values.items():
            b = b | (value & of[source].replicate(HALF_BITS))
        m.d.comb += [
            self.takes_request.eq(self._computes(m, of[Source.REQUEST], "takes_request")),
            self.takes_spike.eq(self._computes(m, of[Source.SPIKE], "takes_spike")),
        ]
        return self._computes(m, b, "b")

    def _compute(
        self, m: Module, operation: Value, b: Signal
    ) -> tuple[Signal, dict[Condition, Value]]:
        def among(operations: Iterable[Operation], name: str) -> Signal:
            return self._computes(m, sum(operation == o for o in operations)[0], name)

        # What does not compute keeps the accumulator.
        drops = among([o for o in Operation if o not in KEEPS], "drops")
        invert, logic = among(INVERTS, "invert"), among([Operation.AND], "logic")
        adds_one, chains = among(ADDS_ONE, "adds_one"), among(CHAINS, "chains")
        count = self._computes(m, self.count, "count")
        accumulator, result, a = (Signal(HALF_BITS) for _ in range(3))
        sums = Signal(HALF_BITS + 1)
        carry, carry_2 = Signal(), Signal()
        m.d.comb += [
            a.eq(((accumulator & (~drops).replicate(HALF_BITS)) ^ invert.replicate(HALF_BITS)) | count),
            sums.eq(a + b + (adds_one | (chains & carry_2))),
            result.eq(Mux(logic, a & b, sums)),
        ]  # fmt: skip
        m.d.sync += [
            self.value.eq(result),
            accumulator.eq(self.value),
            carry.eq(sums[-1]),
            carry_2.eq(carry),
        ]
        zero, zero_2, chained = Signal(), Signal(), Signal()
        m.d.sync += [
            chained.eq(chains),
            zero.eq((self.value == 0) & (~chained | zero_2)),
            zero_2.eq(zero),
        ]
        return result, {
            Condition.NEVER: Const(0),
            Condition.ALWAYS: Const(1),
            Condition.ZERO: zero,
            Condition.NONZERO: ~zero,
            Condition.CARRY: carry_2,
            Condition.NO_CARRY: ~carry_2,
            Condition.NEGATIVE: accumulator[-1],
            Condition.BIT_14: accumulator[-2],
        }

    def _jumps(self, m: Module, jump_4: Value, own: dict[Condition, Value]) -> Value:
        condition = self._control(m, jump_4.condition, self._no_jump, "condition")
        m.d.sync += self._target.eq(Cat(jump_4.address, jump_4.far))
        yields = condition >= FIRST_YIELDING
        m.d.comb += self._restarts.eq(yields & self.restart)
        all_of = [own.get(n, self.conditions[n]) for n in range(len(self.conditions))]  # type: ignore[call-overload]
        return Array(all_of)[condition] | self._restarts
