"""What a core is told once: parameters that all neurons share, and those of the learning rule."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import WORD_BITS
from ..memories import BLOCK_LATENCY, BlockMemory
from ..primitives.access import AccessSignature, answer_after
from ..primitives.layouts import record


class Settings(wiring.Component):
    """Registers, one for each field, and a memory from which the bus reads what it wrote.

    They are undefined until they are written.  A word reads back whole, as it was written; the register
    has the low bits of it.

    Members
    -------
    parameters : fields of `CoreLayout.parameters`, if all neurons share them.
    learning : fields of `CoreLayout.learning`, in a core that learns.
    access : to field `index` of the first (`of_rule` 0) or the second (1), between steps; done after
        three cycles.
    """

    def __init__(self, config: CoreConfig) -> None:
        layout = config.layout
        self._kinds = {}
        if config.parameters == "shared":
            self._kinds["parameters"] = layout.parameters
        if config.learning is not None:
            self._kinds["learning"] = layout.learning
        self._places = max((len(f) for f in self._kinds.values()), default=1)
        members: dict[str, Any] = {n: Out(record(f)) for n, f in self._kinds.items()}
        where = {"index": range(max(2, self._places)), "of_rule": 1}
        super().__init__({**members, "access": In(AccessSignature(where))})

    def elaborate(self, platform: object) -> Module:
        """Registers that are written, and a memory that is read."""
        m = Module()
        access, where = self.access, self.access.where
        m.submodules.words = words = BlockMemory(WORD_BITS, 2 << len(where.index))
        begins, *_ = answer_after(m, access, BLOCK_LATENCY)
        place = Cat(where.index, where.of_rule)
        m.d.comb += [
            words.read_address.eq(place),
            words.nothing.eq(~access.active),
            words.write.eq(begins & access.write),
            words.write_address.eq(place),
            words.write_word.eq(access.data),
            access.value.eq(words.word),
        ]
        for name, fields in self._kinds.items():
            values = getattr(self, name)
            for k, field in enumerate(fields):
                mine = (where.of_rule == (name == "learning")) & (where.index == k)
                with m.If(begins & access.write & mine):
                    m.d.sync += values[field.name].eq(access.data)
        return m
