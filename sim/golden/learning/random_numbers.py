"""Random numbers for stochastic rounding: a hash of where and when, not a sequence.

Source: docs/reference/semantics.md, "Random numbers"; the hash is Jenkins' "one-at-a-time".
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from ..arithmetic import Ints

PRE, POST, SWEEP = 0, 1, 2
"""Phases of a step."""

MASK = (1 << 32) - 1

Number = TypeVar("Number", int, Ints)


def absorb(h: Number, k: Number | int) -> Number:
    """Mix `k` into the hash `h`; both, and the result, are 0…2^32 − 1."""
    h = (h + k) & MASK
    h = (h + (h << 10)) & MASK
    return h ^ (h >> 6)


def finish(h: Number) -> Number:
    """Spread the last absorbed bits over all 32."""
    h = (h + (h << 3)) & MASK
    h = h ^ (h >> 11)
    return (h + (h << 15)) & MASK


def random_numbers(seed: int, step: int, phase: int, tags: Ints, others: Ints) -> Ints:
    """16-bit random numbers of synapses, each end given by its tags; int64 of the tags' shapes, broadcast.

    Parameters
    ----------
    seed, step : 31 bits; number of the step, of which 32 bits count.
    phase : `PRE`, `POST` or `SWEEP`.
    tags : of what is hashed: the rows' axons in `PRE` and `SWEEP`, the columns' neurons in `POST`.
    others : tags of the other ends.
    """
    return mix(line_hashes(seed, step, phase, tags), others)


def line_hashes(seed: int, step: int, phase: int, tags: Ints) -> Ints:
    """H of rows, or of columns, from their tags."""
    when = absorb(absorb(seed, step & MASK), phase)
    return finish(absorb(np.full_like(tags, when), tags))


def mix(hashes: Ints, others: Ints) -> Ints:
    """The random numbers of synapses: H of their line, mixed with the tag of the other end."""
    return ((others ^ (hashes >> 16)) + (hashes & 0xFFFF)) & 0xFFFF
