"""The soma of the model `adlif`, as docs/reference/semantics.md says (section "Model `adlif`")."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed

from ..contract.core_config import CoreConfig
from ..contract.neurons.adlif import COUPLING_BITS, COUPLING_SHIFT
from ..primitives.arithmetic import LEAK_LATENCY, Decay, saturate
from ..primitives.pipeline import pipeline
from .soma import Soma, Update

_LAST = LEAK_LATENCY + 7
"""The stage before the outputs."""


class AdLIFSoma(Soma):
    """Leaky integrate and fire with an adaptive current."""

    @classmethod
    def latency(cls, config: CoreConfig) -> int:
        """Decay, and eight stages."""
        return _LAST + 1

    def update(self, m: Module) -> Update:
        """Decay; add inputs; clamp; compare and multiply; reset; sum up what `w` becomes."""
        c, t = self.config, LEAK_LATENCY
        bits = c.state_bits
        waits = self.waiting(m)
        currents, current_clamps = self.currents(m, t)

        leaked = self._decayed(m, "v", "d_mem")
        bias = self.parameter(m, "bias", t) if c.bias else Const(0)
        held = pipeline(m, self.state.v, t, "v_old")
        resting = Signal(signed(bits + 2))
        m.d.sync += resting.eq(
            Mux(waits[t], held, leaked + bias - pipeline(m, self.state.w, t, "w_old"))
        )
        total: Value = pipeline(m, resting, 1, "resting")
        for current in currents.values():
            total = total + Mux(waits[t + 2], 0, current)
        potential = Signal(signed(bits + 4))
        m.d.sync += potential.eq(total)
        v, v_clamp = self._saturated(m, potential, "v")

        # Stage t + 5: the threshold is compared, and the product with `a` is there.
        above, product = Signal(signed(bits + 1)), Signal(signed(bits + COUPLING_BITS))
        m.d.sync += [
            above.eq(v - self.parameter(m, "v_threshold", t + 4)),
            product.eq(v * self.parameter(m, "a", t + 4)),
        ]
        fires = ~above[-1] & ~waits[t + 5]
        kept, late = pipeline(m, v, 1, "v_kept"), _LAST - (t + 5)  # late: stages that are left
        clamps = [pipeline(m, flag, late + 3, "i_clamp") for flag in current_clamps]
        clamps.append(pipeline(m, v_clamp, late + 1, "v_clamp"))
        if c.reset == "subtract":
            after, after_clamp = saturate(above, bits)
            clamps.append(pipeline(m, after_clamp & fires, late, "reset_clamp"))
        else:
            after = self.parameter(m, "v_reset", t + 5)
        following = pipeline(m, Mux(fires, after, kept), late, "v_next")

        # Toward zero: a negative product is rounded up.
        up = Mux(product[-1], (1 << COUPLING_SHIFT) - 1, 0)
        coupled = pipeline(m, (product + up).shift_right(COUPLING_SHIFT), 1, "coupled")
        fired = pipeline(m, fires, 1, "fired")
        increment = Mux(fired, self.parameter(m, "b", t + 6), 0)
        faded = pipeline(m, self._decayed(m, "w", "d_w"), 6, "faded")
        adapted = Signal(signed(bits + 3))
        m.d.sync += adapted.eq(faded + coupled + increment)
        w, w_clamp = saturate(adapted, bits)

        spike = pipeline(m, fired, 1, "fired_late")
        state = {"v": following, "w": w, **self.next_refractory(m, waits[0], spike)}
        if c.synapse == "exponential":
            for name, current in currents.items():
                state[name] = pipeline(m, current, late + 3, f"{name}_late")
        return Update(spike, state, [*clamps, w_clamp])

    def _decayed(self, m: Module, state: str, parameter: str) -> Value:
        """A state, decayed, in stage `LEAK_LATENCY`."""
        m.submodules[f"decay_{state}"] = decay = Decay(self.config.state_bits)
        m.d.comb += [decay.x.eq(self.state[state]), decay.d.eq(self.parameters[parameter])]
        return decay.y

    def _saturated(self, m: Module, value: Value, name: str) -> tuple[Value, Value]:
        """`sat` and its clamp, one stage later."""
        clamped, flag = saturate(value, self.config.state_bits)
        result, clamp = Signal(clamped.shape(), name=name), Signal(name=f"{name}_clamped")
        m.d.sync += [result.eq(clamped), clamp.eq(flag)]
        return result, clamp
