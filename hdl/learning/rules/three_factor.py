"""Rule `three_factor`: eligibilities from spikes, weights from eligibilities and modulators."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed

from ...primitives.arithmetic import LEAK_LATENCY, Decay, saturate
from ...primitives.pipeline import pipeline
from .rule import CHANGE_LATENCY, Lane, LaneResult, Rule, Unit


class ThreeFactor(Rule):
    """Pre and post side change the eligibility, sweeps the weight."""

    @property
    def latency(self) -> int:
        """The product of modulator and eligibility, and the change."""
        return CHANGE_LATENCY + 1

    def lane(self, m: Module, lane: Lane) -> LaneResult:
        """The eligibility's sum or decay, in parallel with the weight's change."""
        p, synapse, name = lane.parameters, lane.synapse, lane.name
        e, bits = synapse.eligibility, self.learning.eligibility_bits

        product = Signal(signed(bits + self.learning.modulator_bits), name=f"product_{name}")
        m.d.sync += product.eq(lane.neuron.m * e)
        random = lane.random
        if random is not None:
            random = pipeline(m, random, 1, f"random_{name}")
        weight = pipeline(m, synapse.weight, 1, f"weight_{name}")
        bounded, clamp = self.changed(m, lane, weight, product, Const(0), random)

        total = Signal(signed(max(bits, self.learning.trace_bits + 1) + 2), name=f"sum_{name}")
        m.d.sync += total.eq(e + Mux(lane.post, p.e_post + lane.axon.x, p.e_pre - lane.neuron.y))
        value, overflow = saturate(total, bits)
        summed, e_clamp = Signal(signed(bits), name=f"e_{name}"), Signal(name=f"e_clamp_{name}")
        m.d.sync += [summed.eq(value), e_clamp.eq(overflow)]

        m.submodules[f"decay_{name}"] = decay = Decay(bits)
        m.d.comb += [decay.x.eq(e), decay.d.eq(p.d_e)]
        decayed = pipeline(m, decay.y, self.latency - LEAK_LATENCY, f"decayed_{name}")

        sweep = pipeline(m, lane.sweep, self.latency, f"sweep_{name}")
        clear = pipeline(m, lane.clear, self.latency, f"clear_{name}")
        old = pipeline(m, weight, self.latency - 1, f"unchanged_{name}")
        summed_late = pipeline(m, summed, self.latency - 2, f"e_late_{name}")
        e_clamp_late = pipeline(m, e_clamp, self.latency - 2, f"e_clamp_late_{name}")
        return LaneResult(
            {
                "weight": Mux(sweep, bounded, old),
                "eligibility": Mux(clear, 0, Mux(sweep, decayed, summed_late)),
            },
            clamp & sweep,
            e_clamp_late & ~sweep,
        )

    def neuron(self, m: Module, unit: Unit) -> tuple[dict[str, Value], list[Value]]:
        """Trace, and modulator: decayed, driven by modulatory axons, moved by the own spike."""
        p, name, bits = unit.parameters, unit.name, self.learning.modulator_bits
        fields, clamps = super().neuron(m, unit)
        m.submodules[f"decay_m_{name}"] = decay = Decay(bits)
        m.d.comb += [
            decay.x.eq(unit.state.m),
            decay.d.eq(Mux(unit.first, p.d_mod_first, p.d_mod)),
        ]
        driven_by = pipeline(m, unit.modulation, LEAK_LATENCY, f"modulation_{name}")
        total = decay.y + driven_by
        driven = Signal(total.shape(), name=f"driven_{name}")
        m.d.sync += driven.eq(total)
        late = pipeline(m, driven, unit.latency - LEAK_LATENCY - 1, f"driven_late_{name}")
        moved = late + Mux(unit.spike, p.m_spike, 0)
        full = Signal(moved.shape(), name=f"moved_{name}")
        m.d.sync += full.eq(moved)
        value, overflow = saturate(full, bits)
        result, clamp = Signal(signed(bits), name=f"m_{name}"), Signal(name=f"m_clamp_{name}")
        m.d.sync += [result.eq(value), clamp.eq(overflow)]
        return fields | {"m": result}, [*clamps, clamp]
