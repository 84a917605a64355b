"""What a soma is: one neuron's update per clock cycle, and the blocks that several models have."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.errors import InputError
from ..contract.neurons import MAX_CLAMPS
from ..primitives.arithmetic import LEAK_LATENCY, Decay, saturate
from ..primitives.layouts import record
from ..primitives.pipeline import pipeline
from ..primitives.sum_adder import registered_sum

MIN_LATENCY = 6
"""Cycles that a soma takes at least: learning begins its own update as early."""


@dataclass(frozen=True)
class Update:
    """What a soma has computed, `latency − 1` cycles after its inputs.

    Attributes
    ----------
    spike : the neuron fires.
    state : the next value of each state, by name.
    clamps : a bit for each value that is stored, 1 where it was clamped; at most `MAX_CLAMPS`.
    keeps : by name, states that stay as they were where this is 1, whatever their next value.
    """

    spike: Value
    state: dict[str, Value]
    clamps: list[Value]
    keeps: dict[str, Value] = field(default_factory=dict)


class Soma(wiring.Component):
    """Updates the neuron whose accumulators, parameters and state are at the inputs.

    One neuron per cycle, `latency(config)` cycles, no back-pressure.  A model subclasses this and
    says what is computed; *stage* k are the values k cycles after the inputs.

    Members
    -------
    exists : 0 for padding, which neither fires nor counts.
    sums : accumulators by receptor.
    parameters, state : records of `CoreLayout.parameters` and `CoreLayout.states`.
    clear : in the cycle before `next_state`: it is 0, and every state is written.
    load, data : the same, but what the bus gives for one state.
    next_state, writes : the new state, and which of it differs from the old.
    spike, clamps : whether the neuron fired, and how many stored values were clamped.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = c = config
        layout = config.layout
        super().__init__(
            {
                "exists": In(1),
                "sums": In(data.ArrayLayout(signed(layout.accumulator_bits), c.receptors)),
                "parameters": In(record(layout.parameters)),
                "state": In(record(layout.states)),
                "clear": In(1),
                "load": In(1),
                "data": In(32),
                "next_state": Out(record(layout.states)),
                "writes": Out(data.StructLayout({f.name: 1 for f in layout.states})),
                "spike": Out(1),
                "clamps": Out(range(MAX_CLAMPS + 1)),
            }
        )

    @classmethod
    @abc.abstractmethod
    def latency(cls, config: CoreConfig) -> int:
        """Cycles from the inputs to the outputs, at least `MIN_LATENCY`."""

    @abc.abstractmethod
    def update(self, m: Module) -> Update:
        """The hardware of the model; the outputs are registered here afterwards."""

    def elaborate(self, platform: object) -> Module:
        """The model's update, and registers at the outputs."""
        m = Module()
        last = self.latency(self.config) - 1
        if last < MIN_LATENCY - 1:
            raise InputError(
                f"{type(self).__name__} takes {last + 1} cycles; give it a latency of at least "
                f"{MIN_LATENCY}, with pipeline registers"
            )
        update = self.update(m)
        if len(update.clamps) > MAX_CLAMPS:
            raise InputError(
                f"{type(self).__name__} clamps {len(update.clamps)} values; a core counts at most "
                f"{MAX_CLAMPS} of a neuron"
            )
        exists = pipeline(m, self.exists, last, "exists")
        # No wider than it counts: synthesis cannot see that the upper bits of the output stay 0.
        clamps = Signal(range(len(update.clamps) + 1))
        m.d.comb += clamps.eq(sum(update.clamps, Const(0)))
        m.d.sync += [
            self.spike.eq(update.spike & exists & ~self.clear),
            self.clamps.eq(Mux(exists & ~self.clear, clamps, 0)),
        ]
        for f in self.config.layout.states:
            following = Mux(self.load, self.data[: f.bits], update.state[f.name])
            m.d.sync += [
                self.next_state[f.name].eq(Mux(self.clear, 0, following)),
                self.writes[f.name].eq(
                    ~update.keeps.get(f.name, Const(0)) | self.clear | self.load
                ),
            ]
        return m

    # What several models have: each part where there are the parameters and states for it.

    def parameter(self, m: Module, name: str, stage: int) -> Value:
        """The parameter of the neuron in this stage; shared ones are the same in all."""
        if self.config.parameters == "shared":
            return self.parameters[name]
        return pipeline(m, self.parameters[name], stage, name)

    def currents(self, m: Module, stage: int) -> tuple[dict[str, Value], list[Value]]:
        """Synaptic currents by name, in stage `stage` + 2, and their clamps.

        A model without states "i" (or "i_exc" and "i_inh") has delta synapses; for others `stage` is
        at least `LEAK_LATENCY`.
        """
        c, states = self.config, self.next_state.shape().members
        currents: dict[str, Value] = {}
        clamps: list[Value] = []
        for r, suffix in enumerate(c.layout.receptor_suffixes):
            scaled = pipeline(m, self.sums[r], stage, f"sum{suffix}").shift_left(c.weight_shift)
            if "i" + suffix in states:
                m.submodules[f"decay_i{suffix}"] = decay = Decay(
                    c.state_bits, cut=c.decay_rounding == "toward_zero"
                )
                m.d.comb += [
                    decay.x.eq(self.state["i" + suffix]),
                    decay.d.eq(self.parameters["d_syn" + suffix]),
                ]
                faded = pipeline(m, decay.y, stage - LEAK_LATENCY, f"i{suffix}")
                full = registered_sum(m, f"full{suffix}", faded, scaled)
            else:
                full = pipeline(m, scaled, 1, f"full{suffix}")
            value, clamp = saturate(full, c.state_bits)
            current = Signal(signed(c.state_bits), name=f"current{suffix}")
            clamped = Signal(name=f"clamped{suffix}")
            m.d.sync += [current.eq(value), clamped.eq(clamp)]
            currents["i" + suffix] = current
            clamps.append(clamped)
        return currents, clamps

    def waiting(self, m: Module) -> list[Value]:
        """By stage: the neuron is refractory; never in a model without the state "ref"."""
        stages = self.latency(self.config)
        if "ref" not in self.next_state.shape().members:
            return [Const(0)] * stages
        waits: list[Value] = [self.state.ref != 0]
        for k in range(stages - 1):
            waits.append(pipeline(m, waits[-1], 1, f"waits_{k}"))
        return waits

    def next_refractory(self, m: Module, waits: Value, fires: Value) -> dict[str, Value]:
        """The next "ref", where there is one, in the last stage; `waits` is of stage 0."""
        if "ref" not in self.next_state.shape().members:
            return {}
        last = self.latency(self.config) - 1
        left = Signal.like(self.state.ref)
        m.d.sync += left.eq(self.state.ref - waits)
        late = pipeline(m, left, last - 1, "left")
        return {"ref": Mux(fires, self.parameter(m, "refractory", last), late)}
