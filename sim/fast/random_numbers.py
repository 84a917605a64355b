"""Random numbers for stochastic rounding: a hash of where and when, not a sequence.

Source: docs/reference/semantics.md, "Random numbers"; the hash is Jenkins' "one-at-a-time".
"""

from __future__ import annotations

from .compiled import inlined

PRE, POST, SWEEP = 0, 1, 2
"""Phases of a step."""

_MASK = (1 << 32) - 1


@inlined
def absorbed(h: int, k: int) -> int:
    """The hash `h` with `k` mixed in; both, and the result, are 0…2^32 − 1."""
    h = (h + k) & _MASK
    h = (h + (h << 10)) & _MASK
    return h ^ (h >> 6)


@inlined
def end_hash(seed: int, step: int, phase: int, tag: int) -> int:
    """H: what a row's axon, or a column's neuron, gives to all its synapses in a phase of a step."""
    h = absorbed(absorbed(absorbed(seed, step), phase), tag)
    h = (h + (h << 3)) & _MASK
    h ^= h >> 11
    return (h + (h << 15)) & _MASK


@inlined
def random_number(h: int, other: int) -> int:
    """16-bit random number of the synapse whose other end has this tag."""
    return ((other ^ (h >> 16)) + (h & 0xFFFF)) & 0xFFFF
