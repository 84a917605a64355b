"""Synaptic scaling: from the sum of a neuron's weights to the gain of its next sweep."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.learning_config import SCALING_BITS
from ..contract.widths import clog2
from ..primitives.arithmetic import saturate
from ..primitives.bits import select
from ..primitives.latencies import TAKE_LATENCY
from ..primitives.layouts import record
from ..primitives.pipeline import pipeline
from ..primitives.signatures import TakeSignature
from .lane_memory import LaneMemory

_GAIN = data.StructLayout({"gain": signed(SCALING_BITS)})


class Scaling(wiring.Component):
    """Takes all accumulators, U neurons per cycle, and keeps `sat_8((C − S) >> scaling_shift)`.

    Members
    -------
    start : pulse; `busy` until the gains are stored.
    take : to `Integrator`.
    group, gains : the gains of a group, RECORD_LATENCY cycles later.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        super().__init__(
            {
                "start": In(1),
                "busy": Out(1),
                "take": Out(TakeSignature(c)),
                "parameters": In(record(c.layout.learning)),
                "group": In(range(c.layout.groups)),
                "gains": Out(data.ArrayLayout(signed(SCALING_BITS), c.lanes)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Sum over receptors and difference; shift; saturate and store."""
        m = Module()
        c, units = self._config, self._config.update_units
        subwords = c.lanes // units
        sub_bits = clog2(subwords)
        walking, word = Signal(), Signal(range(c.layout.update_words))
        with m.If(self.start):
            m.d.sync += [walking.eq(1), word.eq(0)]
        with m.If(walking):
            m.d.sync += [word.eq(word + 1), walking.eq(word != c.layout.update_words - 1)]
        sub = word[:sub_bits] if sub_bits else Const(0)
        m.d.comb += [
            self.take.walk.active.eq(walking),
            self.take.walk.group.eq(word[sub_bits:]),
            self.take.walk.part.eq(sub),
        ]

        m.submodules.gains = store = LaneMemory(_GAIN, c.lanes, c.layout.groups)
        m.d.comb += store.read_address.eq(self.group)
        m.d.comb += [self.gains[k].eq(store.words[k].gain) for k in range(c.lanes)]
        depth = TAKE_LATENCY + 3
        valid = [pipeline(m, walking, k, f"valid_{k}") for k in range(depth + 1)]
        word_at = [pipeline(m, word, k, f"word_{k}") for k in range(depth + 1)]
        m.d.comb += self.busy.eq(self.start | Cat(valid).any())
        late_sub = word_at[TAKE_LATENCY][:sub_bits] if sub_bits else Const(0)
        written: Value = word_at[depth]
        m.d.comb += store.write_address.eq(written[sub_bits:])
        for u in range(units):
            lanes = [s * units + u for s in range(subwords)]
            total: Value = Const(0)
            for r in range(c.receptors):
                total = total + select([self.take.sums[r][k] for k in lanes], late_sub)
            p = self.parameters
            lacks = Signal(signed(c.layout.accumulator_bits + 3), name=f"lacks_{u}")
            shifted = Signal.like(lacks, name=f"shifted_{u}")
            gain = Signal(signed(SCALING_BITS), name=f"gain_{u}")
            m.d.sync += [
                lacks.eq(p.scaling_target - total),
                shifted.eq(lacks >> p.scaling_shift),
                gain.eq(saturate(shifted, SCALING_BITS)[0]),
            ]
            for s, k in enumerate(lanes):
                mine = (written[:sub_bits] == s) if sub_bits else Const(1)
                m.d.comb += [
                    store.write[k].eq(valid[depth] & mine),
                    store.write_words[k].gain.eq(gain),
                ]
        return m
