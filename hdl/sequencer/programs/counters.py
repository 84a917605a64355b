"""The round of the counters: what their registers have counted goes to the data memory."""

from __future__ import annotations

from collections.abc import Mapping

from ...contract.memory_map import COUNTERS
from ..counters import LINK_COUNTERS, VISITED
from ..instruction import HALF_BITS
from ..machine import JUMP_CYCLES

OPENED_CYCLES = 16


def program(bits: Mapping[str, int]) -> str:
    """The text, for registers of so many bits.

    A new connection clears the counters of the link.  Their visits come first in a round, and so before
    anything that they count after a connection that `NOT_OPENED` did not tell of.
    """
    lines = ["counting:   if not_opened goto visits", "            zero"]
    halves = {n: -(-width // HALF_BITS) for n, width in COUNTERS.items()}
    for name in LINK_COUNTERS:
        lines += [f"            store -> {name}.{half}" for half in range(halves[name])]
    lines += ["            pulse opened_seen", "visits:"]
    for name in VISITED:
        for half in range(halves[name]):
            counts = half * HALF_BITS < bits[name]
            operation = ("count" if counts else "load") + ("_carry" if half else "")
            lines.append(f"            {operation} {name}.{half} -> {name}.{half}")
    lines += ["            goto counting pulse round", "            store", "            store"]
    return "\n".join(lines)


def round_cycles() -> int:
    """Clock cycles of a round, without those of a new connection, which are no more than `OPENED_CYCLES`."""
    halves = sum(-(-COUNTERS[name] // HALF_BITS) for name in VISITED)
    return 2 * JUMP_CYCLES + 2 * halves
