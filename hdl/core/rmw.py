"""A memory that modifies one word per clock cycle, whatever the order of the addresses."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Module, Mux, Shape, Signal, Value, ValueLike
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

_WRITE_DELAY = 3
"""Cycles from an address to its write: a revisit within this distance must be forwarded."""


class ReadModifyWrite(wiring.Component):
    """`memory[address] <- combine(memory[address], operand)` at one operation per cycle.

    Two things can be done with the word at `address`, one per cycle and never both:

    - `modify`: `operand`, presented **two cycles after** the address, is combined into the word.
      In that cycle `old` is the word before and `modified` is 1.
    - `take`: `taken` is the word **two cycles after** the address, and the word becomes 0,
      or stays with `keep`.  `hold` freezes this pipeline; never hold while a `modify` is under way.

    A `take` may follow a `modify`, of whatever word, after 4 cycles, and the other way round after 2.
    Contents are undefined until every word was taken once.

    Parameters
    ----------
    depth, shape : of the memory.
    combine : from (old, operand) to the new word; its own clock cycle.
    revisit : the least number of cycles after which `modify` may meet the same word again.  The
        caller promises it; forwarding paths are made only for distances from `revisit` on.
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
                "hold": In(1),
                "taken": Out(shape),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Address, memory output, word, result: one register each."""
        m = Module()
        m.submodules.memory = store = memory.Memory(shape=self._shape, depth=self._depth, init=[])
        read, write = store.read_port(), store.write_port()
        m.d.comb += [read.addr.eq(self.address), read.en.eq(~self.hold)]

        # Stage k holds the operation whose address came k cycles ago; 4 is past its write.
        valid = [self.modify, *(Signal(name=f"valid_{k}") for k in (1, 2, 3, 4))]
        address = [
            self.address,
            *(Signal.like(self.address, name=f"addr_{k}") for k in (1, 2, 3, 4)),
        ]
        take_1, keep_1 = Signal(), Signal()
        with m.If(~self.hold):
            m.d.sync += [valid[1].eq(valid[0]), address[1].eq(address[0])]
            m.d.sync += [take_1.eq(self.take), keep_1.eq(self.keep)]
        for k in (2, 3, 4):
            m.d.sync += [valid[k].eq(valid[k - 1]), address[k].eq(address[k - 1])]

        word = Signal(self._shape)
        result = Signal(self._shape)
        written = Signal(self._shape)
        fetched: Value = read.data
        for distance, value in ((3, written), (2, result)):
            if self._revisit <= distance:
                hit = valid[1 + distance] & (address[1 + distance] == address[1])
                fetched = Mux(hit, value, fetched)
        with m.If(~self.hold):
            m.d.sync += word.eq(fetched)

        m.d.comb += [self.taken.eq(word), self.old.eq(word), self.modified.eq(valid[2])]
        if self._revisit <= 1:
            follows = Signal()
            m.d.sync += follows.eq(valid[2] & (address[2] == address[1]))
            with m.If(follows):
                m.d.comb += self.old.eq(result)
        m.d.sync += [result.eq(self._combine(self.old, self.operand)), written.eq(result)]

        m.d.comb += [write.en.eq(valid[3]), write.addr.eq(address[3]), write.data.eq(result)]
        with m.If(take_1 & ~keep_1):
            m.d.comb += [write.en.eq(1), write.addr.eq(address[1]), write.data.eq(0)]
        return m
