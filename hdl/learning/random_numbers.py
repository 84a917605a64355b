"""The hash from which the random numbers of stochastic rounding come (docs/reference/semantics.md)."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.learning_config import SEED_BITS, TAG_BITS
from ..primitives.layouts import HASH_BITS

HASH_LATENCY = 4
KEY_LATENCY = 4
PRE, POST, SWEEP = range(3)
"""Phases: what the random numbers are for."""


def _word(value: Value) -> Value:
    return value[:HASH_BITS]


def _stir(m: Module, h: Value, name: str) -> Signal:
    """The second half of `absorb`, in one cycle."""
    total = Signal(HASH_BITS, name=f"{name}_sum")
    m.d.comb += total.eq(h + (h << 10))
    stirred = Signal(HASH_BITS, name=name)
    m.d.sync += stirred.eq(total ^ (total >> 6))
    return stirred


class RowHash(wiring.Component):
    """Hash of a row or a column, one per cycle, `HASH_LATENCY` cycles after its tag.

    Members
    -------
    seed, step, phase : hold them for `KEY_LATENCY` cycles before the first tag and while tags come.
    tag : of the row's axon or the column's neuron.
    hold : freezes the hashes under way.
    hash : by the end of the pipeline.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "hash": Out(HASH_BITS),
                "tag": In(TAG_BITS),
                "seed": In(SEED_BITS),
                "step": In(32),
                "phase": In(2),
                "hold": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """The key of step and phase follows its inputs; then tag, stir, and the two halves of finish."""
        m = Module()
        with_step, with_phase = Signal(HASH_BITS), Signal(HASH_BITS)
        m.d.sync += with_step.eq(_word(self.seed + self.step))
        stepped = _stir(m, with_step, "stepped")
        m.d.sync += with_phase.eq(_word(stepped + self.phase))
        key = _stir(m, with_phase, "key")

        tagged, stirred, half = Signal(HASH_BITS), Signal(HASH_BITS), Signal(HASH_BITS)
        first, third = Signal(HASH_BITS), Signal(HASH_BITS)
        m.d.comb += [
            first.eq(tagged + (tagged << 10)),
            third.eq(stirred + (stirred << 3)),
        ]
        with m.If(~self.hold):
            m.d.sync += [
                tagged.eq(_word(key + self.tag)),
                stirred.eq(first ^ (first >> 6)),
                half.eq(third ^ (third >> 11)),
                self.hash.eq(_word(half + (half << 15))),
            ]
        return m


def synapse_random(hash_: Value, tag: Value) -> Value:
    """16-bit random number of the synapse whose other end has this tag."""
    # In this order: a carry chain of 7 series takes its first operand as it is.
    return (hash_[:TAG_BITS] + (tag ^ hash_[TAG_BITS:]))[:TAG_BITS]
