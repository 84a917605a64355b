"""The soma of the model `lif`, as docs/reference/semantics.md says ("One step", 3, and "Options")."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed

from ..contract.core_config import CoreConfig
from ..primitives.arithmetic import LEAK_LATENCY, Decay, TowardZero, saturate
from ..primitives.pipeline import pipeline
from ..primitives.sum_adder import registered_difference, registered_sum
from .soma import Soma, Update


def decay_stages(config: CoreConfig) -> int:
    """Cycles that leak and decay take; none if the model has neither."""
    return 0 if config.leak == "none" and config.synapse == "delta" else LEAK_LATENCY


class LIFSoma(Soma):
    """Leaky or perfect integrate and fire."""

    @classmethod
    def latency(cls, config: CoreConfig) -> int:
        """Decay, and six stages; one more for a floor."""
        return decay_stages(config) + 6 + config.floor

    def update(self, m: Module) -> Update:
        """Decay; add inputs; clamp currents; add currents; clamp and floor potential; compare; reset."""
        c = self.config
        t = decay_stages(c)  # the stage whose registers hold the decayed values

        waits = self.waiting(m)
        never: list[Value] = [Const(0)] * len(waits)
        held = never if c.integrate_refractory else waits
        currents, current_clamps = self.currents(m, t)

        leaked = self._leaked(m)
        bias = self.parameter(m, "bias", t) if c.bias else Const(0)
        resting = (
            registered_sum(m, "resting", leaked, bias) if c.bias else pipeline(m, leaked, 1, "v")
        )
        resting = pipeline(m, resting, 1, "resting")

        total: Value = Const(0)
        for current in currents.values():  # registers of stage t + 2
            total = total + current
        potential = registered_sum(m, "potential", resting, total)

        clamped, v_clamps = saturate(potential, c.state_bits)
        v = Signal(signed(c.state_bits))
        v_clamped = Signal()
        m.d.sync += [v.eq(clamped), v_clamped.eq(v_clamps)]
        if c.floor:
            v = self._floored(m, v, t + 4)

        last = t + 5 + c.floor  # the stage before the outputs
        above = registered_difference(m, "above", v, self._threshold(m, last - 1))
        v_late = pipeline(m, v, 1, "v_late")

        fires = Signal()
        readout = self.parameter(m, "readout", last) if c.readouts else Const(0)
        m.d.comb += fires.eq(~above[-1] & ~waits[last] & ~readout)
        clamps = [pipeline(m, flag, 3 + c.floor, "i_clamp") for flag in current_clamps]
        clamps.append(pipeline(m, v_clamped, 1 + c.floor, "v_clamp") & ~held[last])
        if c.reset == "subtract":
            after, after_clamps = saturate(above, c.state_bits)
            clamps.append(after_clamps & fires)
        else:
            after = self.parameter(m, "v_reset", last)

        state = {"v": Mux(fires, after, v_late)}
        if c.synapse == "exponential":
            state |= {
                name: pipeline(m, i, 3 + c.floor, f"{name}_late") for name, i in currents.items()
            }
        state |= self.next_refractory(m, waits[0], fires)
        if c.adaptation != "none":
            state["th"], clamp = self._adapt(m, last, fires)
            clamps.append(clamp)
        return Update(fires, state, clamps, keeps={"v": held[last]})

    def _floored(self, m: Module, v: Signal, stage: int) -> Signal:
        """The potential, one stage later, and at least `v_min`."""
        floor = self.parameter(m, "v_min", stage)
        result = Signal.like(v, name="v_floored")
        m.d.sync += result.eq(Mux(v < floor, floor, v))
        return result

    def _threshold(self, m: Module, stage: int) -> Value:
        """What the potential is compared with."""
        threshold = self.parameter(m, "v_threshold", stage)
        if self.config.adaptation == "none":
            return threshold
        level = Signal(signed(self.config.state_bits + 1), name="level")
        early = self.parameter(m, "v_threshold", stage - 1)
        m.d.sync += level.eq(early + pipeline(m, self.state.th, stage - 1, "th_old"))
        return level

    def _adapt(self, m: Module, stage: int, fires: Value) -> tuple[Value, Value]:
        """The next adaptive part of the threshold, and its clamp."""
        c = self.config
        if c.adaptation == "exponential":
            m.submodules.decay_th = decay = Decay(c.state_bits)
            m.d.comb += [decay.x.eq(self.state.th), decay.d.eq(self.parameters.d_th)]
            lower: Value = pipeline(m, decay.y, stage - 1 - LEAK_LATENCY, "th_decayed")
        else:
            lower = pipeline(m, self.state.th, stage - 1, "th_late") - self.parameter(
                m, "th_dec", stage - 1
            )
        raised = lower + self.parameter(m, "th_inc", stage - 1)
        resting = Signal(lower.shape(), name="th_resting")
        fired = Signal(raised.shape(), name="th_fired")
        m.d.sync += [resting.eq(lower), fired.eq(raised)]
        chosen = Signal(raised.shape(), name="th_chosen")
        m.d.comb += chosen.eq(Mux(fires, fired, resting))
        return saturate(chosen, c.state_bits)

    def _leaked(self, m: Module) -> Value:
        """`leak(v)` in the last decay stage."""
        c = self.config
        if c.leak == "none":
            return pipeline(m, self.state.v, decay_stages(c), "v")
        exponential = c.leak == "exponential"
        cut = c.decay_rounding == "toward_zero"
        leak = Decay(c.state_bits, cut=cut) if exponential else TowardZero(c.state_bits)
        m.submodules.leak = leak
        m.d.comb += [
            leak.x.eq(self.state.v),
            leak.d.eq(self.parameters["d_mem" if exponential else "leak"]),
        ]
        return leak.y
