"""A memory that modifies one word per clock cycle, whatever the order of the addresses."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Module, Mux, Shape, Signal, Value, ValueLike
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out


class ReadModifyWrite(wiring.Component):
    """`memory[address] <- combine(memory[address], operand)` at one operation per cycle.

    There are two operations on the word at `address`, one per cycle and never both:

    - `modify`: `operand`, presented **two cycles after** the address, is combined into the word.
      In that cycle `old` is the word before and `modified` is 1.
    - `take`: `taken` is the word **two cycles after** the address, and the word becomes `put` (of the
      cycle after the address), or stays with `keep`.  `hold` freezes this pipeline; never hold while a
      `modify` is under way.

    A `take` may follow a `modify` of any word after 3 cycles, and a `modify` a `take` after 2.
    Contents are undefined until every word was taken once.

    Parameters
    ----------
    depth, shape : of the memory.
    combine : from (old, operand) to the new word; its own clock cycle.
    revisit : the least number of cycles between two `modify` of the same word.  The caller guarantees
        it; forwarding paths exist only for distances from `revisit` on.
    """

    def __init__(
        self,
        depth: int,
        shape: Shape,
        combine: Callable[[Value, Value], ValueLike],
        *,
        revisit: int = 1,
    ) -> None:
        self._depth = depth
        self._shape = shape
        self._combine = combine
        self._revisit = revisit
        super().__init__(
            {
                "address": In(range(depth)),
                "modify": In(1),
                "operand": In(shape),
                "old": Out(shape),
                "modified": Out(1),
                "take": In(1),
                "keep": In(1),
                "put": In(shape),
                "hold": In(1),
                "taken": Out(shape),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Stage 0 is the address, 1 the memory's output, 2 the word, its change and the write."""
        m = Module()
        m.submodules.memory = store = memory.Memory(shape=self._shape, depth=self._depth, init=[])
        read, write = store.read_port(), store.write_port()
        m.d.comb += [read.addr.eq(self.address), read.en.eq(~self.hold)]

        modify_1, modify_2, modify_3, take_1, keep_1 = (Signal() for _ in range(5))
        address_1, address_2, address_3 = (Signal.like(self.address) for _ in range(3))
        with m.If(~self.hold):
            m.d.sync += [modify_1.eq(self.modify), address_1.eq(self.address)]
            m.d.sync += [take_1.eq(self.take), keep_1.eq(self.keep)]
        m.d.sync += [modify_2.eq(modify_1), address_2.eq(address_1)]
        m.d.sync += [modify_3.eq(modify_2), address_3.eq(address_2)]

        word, changed, written = (Signal(self._shape, name=n) for n in ("word", "new", "written"))
        m.d.comb += changed.eq(self._combine(word, self.operand))
        m.d.sync += written.eq(changed)

        # The memory does not have yet what the two operations before this one write.
        fetched: Value = read.data
        if self._revisit <= 2:
            fetched = Mux(modify_3 & (address_3 == address_1), written, fetched)
        if self._revisit <= 1:
            fetched = Mux(modify_2 & (address_2 == address_1), changed, fetched)
        with m.If(~self.hold):
            m.d.sync += word.eq(fetched)

        m.d.comb += [
            self.taken.eq(word),
            self.old.eq(word),
            self.modified.eq(modify_2),
            write.en.eq(modify_2),
            write.addr.eq(address_2),
            write.data.eq(changed),
        ]
        with m.If(take_1 & ~keep_1):
            m.d.comb += [write.en.eq(1), write.addr.eq(address_1), write.data.eq(self.put)]
        return m
