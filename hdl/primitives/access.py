"""Access to what a block holds, one word at a time: the signature, and answers after a fixed time."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, ShapeLike, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.widths import WORD_BITS

Access = Any
"""An interface of `AccessSignature`, seen from either side."""


class AccessSignature(wiring.Signature):
    """One word of a block, as seen from the initiator, which is `decode_bus`.

    - What it does: a read shows the word at `where` as `value`; with `write`, `data` is stored there.
    - Latency: that of the block, which says how long it takes; `done` is 1 for one cycle.
    - Back-pressure: one access at a time.  The initiator holds `active`, `write`, `where` and `data`
      until `done`, and lowers `active` in the next cycle.  It begins an access only while the block
      has nothing else to do.
    - Widths: `data` and `value` are bus words.  A narrower field takes the low bits; a signed one is
      sign-extended in `value`, which holds while `done` is 1, and is 0 while `active` is 0 and
      nothing was accessed in the cycles before.
    - Errors: none.  The initiator asks only for words that exist.

    Parameters
    ----------
    where : shapes of the parts of an address, by name.
    """

    def __init__(self, where: dict[str, ShapeLike]) -> None:
        parts = wiring.Signature({name: Out(shape) for name, shape in where.items()})
        super().__init__(
            {
                "active": Out(1),
                "write": Out(1),
                "where": Out(parts),
                "data": Out(WORD_BITS),
                "done": In(1),
                "value": In(WORD_BITS),
            }
        )


def answer_after(m: Module, access: Access, cycles: int) -> list[Value]:
    """Set `done` of an access this many cycles after it began, as seen from the block.

    Returns one bit for each cycle of an access from its first on, which is 1 in that cycle.

    Parameters
    ----------
    cycles : at least 1; as many as the block needs to have the word as `value`.
    """
    later = [Signal(name=f"access_{k}") for k in range(1, cycles)]
    begins = access.active & ~access.done
    for bit in later:
        begins = begins & ~bit
    stages: list[Value] = [begins, *later]
    m.d.sync += [bit.eq(before) for bit, before in zip(later, stages, strict=False)]
    m.d.sync += access.done.eq(stages[-1])
    return stages
