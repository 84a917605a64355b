"""The bus between the command processor and everything that has an address (hdl/contract/memory_map.py)."""

from __future__ import annotations

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.widths import WORD_BITS

ADDRESS_BITS = 32


class BusSignature(wiring.Signature):
    """One 32-bit word at a time, as seen from the initiator.

    The initiator holds `valid`, `write`, `address` and `data` until the cycle in which `done` is 1, and
    lowers `valid` in the next one.  `value` (read) and `error` (no such address, or read-only: nothing
    was written) are valid while `done` is 1; two cycles later `value` is 0, and stays 0 while nothing is
    accessed.  The target may take any number of cycles.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "valid": Out(1),
                "write": Out(1),
                "address": Out(ADDRESS_BITS),
                "data": Out(WORD_BITS),
                "done": In(1),
                "value": In(WORD_BITS),
                "error": In(1),
            }
        )
