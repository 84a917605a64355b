"""The integer arithmetic of docs/reference/semantics.md ("Numbers"), one number at a time.

All numbers are int64: no expression of a core that can be configured leaves its range.
"""

from __future__ import annotations

from .compiled import inlined

TO_NEAREST, CUT = 2048, 0
"""What `shrunk` adds before it rounds down, of `decay` and of `cut`."""


@inlined
def shrunk(x: int, d: int, half: int) -> int:
    """x·(4096 − d)/4096, rounded by `half`, but by at least 1 toward zero where d > 0.

    `cut` is within that limit by itself.
    """
    magnitude = abs(x)
    rest = (magnitude * (4096 - d) + half) >> 12
    rest = min(rest, magnitude - (d > 0))
    # For x = 0 the line above gives −1 where d > 0.
    rest = max(rest, 0)
    return -rest if x < 0 else rest


@inlined
def decay(x: int, d: int) -> int:
    """x·(4096 − d)/4096 to the nearest integer, but by at least 1 toward zero where d > 0."""
    return shrunk(x, d, TO_NEAREST)


@inlined
def toward_zero(x: int, c: int) -> int:
    """x, moved by c ≥ 0 toward zero, stopping there."""
    rest = max(abs(x) - c, 0)
    return -rest if x < 0 else rest


@inlined
def share(x: int, a: int) -> int:
    """x·a / 2^18, rounded toward zero, for a ≥ 0."""
    part = (abs(x) * a) >> 18
    return -part if x < 0 else part


@inlined
def clamped(x: int, low: int, high: int) -> int:
    """x, or the bound that it exceeds."""
    return min(max(x, low), high)
