"""The soma: one neuron's update per clock cycle, as docs/reference/semantics.md says (section "Update")."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..primitives.arithmetic import LEAK_LATENCY, Decay, TowardZero, saturate
from ..primitives.latencies import decay_stages, soma_latency
from ..primitives.layouts import record
from ..primitives.pipeline import pipeline


class Soma(wiring.Component):
    """Updates the neuron whose accumulators, parameters and state are at the inputs.

    One neuron per cycle, `soma_latency(config)` cycles, no back-pressure.

    Members
    -------
    exists : 0 for padding, which neither fires nor counts.
    sums : accumulators by receptor.
    parameters, state : records of `CoreLayout.parameters` and `CoreLayout.states`.
    next_state, spike, clamps : the new state, whether the neuron fired, and how many stored values
        were clamped.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        layout = config.layout
        self._max_clamps = c.receptors + 1 + (c.reset == "subtract") + (c.adaptation != "none")
        super().__init__(
            {
                "exists": In(1),
                "sums": In(data.ArrayLayout(signed(layout.accumulator_bits), c.receptors)),
                "parameters": In(record(layout.parameters)),
                "state": In(record(layout.states)),
                "next_state": Out(record(layout.states)),
                "spike": Out(1),
                "clamps": Out(range(self._max_clamps + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Decay; add inputs; clamp currents; add currents; clamp potential; compare; reset."""
        m = Module()
        c = self._config
        t = decay_stages(c)  # the stage whose registers hold the decayed values

        exists = pipeline(m, self.exists, t + 5, "exists")
        held, barred, refractory_next = self._refractory(m)
        currents, current_clamps = self._currents(m)

        leaked = self._leaked(m)
        bias = self._parameter(m, "bias", t) if c.bias else Const(0)
        resting = Signal(signed(c.state_bits + 1))
        v_old = pipeline(m, self.state.v, t, "v_old")
        m.d.sync += resting.eq(Mux(held[t], v_old, leaked + bias))
        resting = pipeline(m, resting, 1, "resting")

        total: Value = Const(0)
        for current in currents:  # registers of stage t + 2
            total = total + Mux(held[t + 2], 0, current)
        potential = Signal(signed(c.state_bits + 3))
        m.d.sync += potential.eq(resting + total)

        clamped, v_clamps = saturate(potential, c.state_bits)
        v = Signal(signed(c.state_bits))
        v_clamped = Signal()
        m.d.sync += [v.eq(clamped), v_clamped.eq(v_clamps)]

        above = Signal(signed(c.state_bits + (1 if c.adaptation == "none" else 2)))
        m.d.sync += above.eq(v - self._threshold(m, t + 4))
        v_late = pipeline(m, v, 1, "v_late")

        fires = Signal()
        m.d.comb += fires.eq(~above[-1] & ~barred[t + 5] & exists)
        clamps = [pipeline(m, flag, 3, "i_clamp") for flag in current_clamps]
        clamps.append(pipeline(m, v_clamped, 1, "v_clamp"))
        if c.reset == "subtract":
            after, after_clamps = saturate(above, c.state_bits)
            clamps.append(after_clamps & fires)
        else:
            after = self._parameter(m, "v_reset", t + 5)

        if c.adaptation != "none":
            clamps.append(self._adapt(m, t + 5, fires))
        m.d.sync += [
            self.spike.eq(fires),
            self.clamps.eq(Mux(exists, sum(clamps, Const(0)), 0)),
            self.next_state.v.eq(Mux(fires, after, v_late)),
        ]
        if c.synapse == "exponential":
            for field, current in zip(c.layout.states[1:], currents, strict=False):
                late = pipeline(m, current, 3, "i_late")
                m.d.sync += self.next_state[field.name].eq(late)
        if c.refractory_bits:
            period = self._parameter(m, "refractory", t + 5)
            m.d.sync += self.next_state.ref.eq(Mux(fires, period, refractory_next))
        return m

    def _threshold(self, m: Module, stage: int) -> Value:
        """What the potential is compared with."""
        threshold = self._parameter(m, "v_threshold", stage)
        if self._config.adaptation == "none":
            return threshold
        level = Signal(signed(self._config.state_bits + 1), name="level")
        early = self._parameter(m, "v_threshold", stage - 1)
        m.d.sync += level.eq(early + pipeline(m, self.state.th, stage - 1, "th_old"))
        return level

    def _adapt(self, m: Module, stage: int, fires: Value) -> Value:
        """The next adaptive part of the threshold; returns its clamp."""
        c = self._config
        if c.adaptation == "exponential":
            m.submodules.decay_th = decay = Decay(c.state_bits)
            m.d.comb += [decay.x.eq(self.state.th), decay.d.eq(self.parameters.d_th)]
            lower: Value = pipeline(m, decay.y, stage - 1 - LEAK_LATENCY, "th_decayed")
        else:
            lower = pipeline(m, self.state.th, stage - 1, "th_late") - self._parameter(
                m, "th_dec", stage - 1
            )
        raised = lower + self._parameter(m, "th_inc", stage - 1)
        resting = Signal(lower.shape(), name="th_resting")
        fired = Signal(raised.shape(), name="th_fired")
        m.d.sync += [resting.eq(lower), fired.eq(raised)]
        chosen = Signal(raised.shape(), name="th_chosen")
        m.d.comb += chosen.eq(Mux(fires, fired, resting))
        value, clamp = saturate(chosen, c.state_bits)
        m.d.sync += self.next_state.th.eq(value)
        return clamp

    def _parameter(self, m: Module, name: str, stage: int) -> Value:
        """The parameter of the neuron in this stage; shared ones are the same in all."""
        if self._config.parameters == "shared":
            return self.parameters[name]
        return pipeline(m, self.parameters[name], stage, name)

    def _refractory(self, m: Module) -> tuple[list[Value], list[Value], Value]:
        """By stage: is `v` held, may the neuron not fire; and the steps left in the last stage."""
        stages = soma_latency(self._config)
        if not self._config.refractory_bits:
            never: list[Value] = [Const(0)] * stages
            return never, never, Const(0)
        refractory = self.state.ref != 0
        barred = [refractory]
        for k in range(stages - 1):
            barred.append(pipeline(m, barred[-1], 1, f"barred_{k}"))
        left = Signal.like(self.state.ref)
        m.d.sync += left.eq(self.state.ref - refractory)
        left_late = pipeline(m, left, decay_stages(self._config) + 4, "left")
        held = [Const(0)] * stages if self._config.integrate_refractory else barred
        return held, barred, left_late

    def _currents(self, m: Module) -> tuple[list[Value], list[Value]]:
        """Clamped currents by receptor, in two stages after the decay, and their clamps."""
        c = self._config
        currents: list[Value] = []
        clamps: list[Value] = []
        for r, suffix in enumerate(c.layout.receptor_suffixes):
            scaled = pipeline(m, self.sums[r], decay_stages(c), f"sum{suffix}").shift_left(
                c.weight_shift
            )
            if c.synapse == "exponential":
                m.submodules[f"decay_i{suffix}"] = decay = Decay(c.state_bits)
                m.d.comb += [
                    decay.x.eq(self.state["i" + suffix]),
                    decay.d.eq(self.parameters["d_syn" + suffix]),
                ]
                scaled = decay.y + scaled
            full = Signal(scaled.shape(), name=f"full{suffix}")
            m.d.sync += full.eq(scaled)
            value, clamp = saturate(full, c.state_bits)
            current = Signal(signed(c.state_bits), name=f"current{suffix}")
            clamped = Signal(name=f"clamped{suffix}")
            m.d.sync += [current.eq(value), clamped.eq(clamp)]
            currents.append(current)
            clamps.append(clamped)
        return currents, clamps

    def _leaked(self, m: Module) -> Value:
        """`leak(v)` in the last decay stage."""
        c = self._config
        if c.leak == "none":
            return pipeline(m, self.state.v, decay_stages(c), "v")
        exponential = c.leak == "exponential"
        leak = Decay(c.state_bits) if exponential else TowardZero(c.state_bits)
        m.submodules.leak = leak
        m.d.comb += [
            leak.x.eq(self.state.v),
            leak.d.eq(self.parameters["d_mem" if exponential else "leak"]),
        ]
        return leak.y
