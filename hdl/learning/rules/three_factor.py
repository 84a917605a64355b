"""Rule `three_factor`: eligibilities from spikes, weights from eligibilities and modulators."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed

from ...primitives.arithmetic import LEAK_LATENCY, Decay, saturate
from ...primitives.pipeline import pipeline
from .rule import Change, Lane, Rule, Unit


class ThreeFactor(Rule):
    """Pre and post side change the eligibility, sweeps the weight."""

    @property
    def latency(self) -> int:
        """The product of modulator and eligibility, and a register, for which the decay takes as long."""
        return 2

    def change(self, m: Module, lane: Lane) -> Change:
        """The eligibility's sum or decay, in parallel with the weight's change."""
        p, name, e = lane.parameters, lane.name, lane.eligibility
        assert e is not None
        bits = self.learning.eligibility_bits
        product = Signal(signed(bits + self.learning.modulator_bits), name=f"product_{name}")
        m.d.sync += product.eq(lane.neuron.m * e)

        total = Signal(signed(max(bits, self.learning.trace_bits + 1) + 2), name=f"sum_{name}")
        m.d.sync += total.eq(e + Mux(lane.post, p.e_post + lane.axon.x, p.e_pre - lane.neuron.y))
        value, overflow = saturate(total, bits)
        summed, clamp = Signal(signed(bits), name=f"e_{name}"), Signal(name=f"e_clamp_{name}")
        m.d.sync += [summed.eq(value), clamp.eq(overflow)]

        m.submodules[f"decay_{name}"] = decay = Decay(bits)
        m.d.comb += [decay.x.eq(e), decay.d.eq(p.d_e)]
        decayed = pipeline(m, decay.y, self.write_latency - LEAK_LATENCY, f"decayed_{name}")

        late = self.write_latency - 2
        sweep = [lane.sweep]
        for k in range(self.write_latency):
            sweep.append(pipeline(m, sweep[-1], 1, f"sweep_{k}_{name}"))
        summed = pipeline(m, summed, late, f"e_late_{name}")
        clamp = pipeline(m, clamp, late, f"e_clamp_late_{name}")
        return Change(
            pipeline(m, product, 1, f"product_late_{name}"),
            minus=Const(0),
            moves=sweep[self.latency],
            eligibility=Mux(sweep[-1], decayed, summed),
            state_clamp=clamp & ~sweep[-1],
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
