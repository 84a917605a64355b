"""What a learning rule is in gateware."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import data

from ...contract.core_config import CoreConfig
from ...contract.learning_config import TAG_BITS
from ...primitives.pipeline import pipeline
from ..traces import DECAY_LATENCY, TraceDecay, bumped

NEURON_LATENCY = 2
"""Cycles from a neuron's spike to its next record."""


@dataclass(frozen=True)
class Lane:
    """Inputs of one lane, all in the same cycle.  In a row `neuron` is the lane's, in a column `axon`.

    `random` is the synapse's 16-bit random number (None without stochastic rounding), `gain` the
    neuron's scaling factor (None in rules that do not scale), `eligibility` None in rules without.
    `post` or `sweep` is 1, or none (the pre side).
    """

    name: str
    post: Value
    sweep: Value
    weight: Value
    eligibility: Value | None
    axon: data.View[data.StructLayout]
    neuron: data.View[data.StructLayout]
    random: Value | None
    gain: Value | None
    parameters: data.View[data.StructLayout]


@dataclass(frozen=True)
class Change:
    """What becomes of a synapse: `weight ± rnd(amount)`, bounded in the direction of the change.

    Attributes
    ----------
    amount : in units of 2^-F, `Rule.latency` cycles after the inputs.
    minus : it is subtracted, as late as `amount`; or None, if that is so on the pre side and in sweeps
        and not on the post side, and no amount is negative.
    moves : the weight changes at all, as late as `amount`.
    eligibility, state_clamp : the next eligibility and whether it was clamped,
        `Rule.write_latency` cycles after the inputs.
    """

    amount: Value
    minus: Value | None = None
    moves: Value = field(default_factory=lambda: Const(1))
    eligibility: Value | None = None
    state_clamp: Value = field(default_factory=lambda: Const(0))


@dataclass(frozen=True)
class Unit:
    """Inputs of one neuron's update: `state` and `modulation` early, `spike` and `v` `latency` later.

    `modulation` is the accumulator of the modulatory axons; `first` says that the step begins a period.
    """

    name: str
    latency: int
    state: data.View[data.StructLayout]
    modulation: Value
    first: Value
    spike: Value
    v: Value
    parameters: data.View[data.StructLayout]


class Rule(abc.ABC):
    """The gateware of one rule.  A subclass says what a synapse does, and what a neuron keeps.

    Attributes
    ----------
    latency : cycles from a lane's inputs to its `Change`, at a throughput of one synapse per cycle.
    timer : traces are timers that count down (docs/reference/semantics.md, rule `rectangular`).
    post_side : neurons that fire change their columns.
    wire_stages : of the FPGA (`Technology`); the lanes set it before they ask for latencies.
    """

    timer = False
    post_side = True

    def __init__(self, config: CoreConfig) -> None:
        assert config.learning is not None
        self.config = config
        self.learning = config.learning
        self.fraction = config.learning.fraction_bits
        self.wire_stages = 0
        self.replace = self.timer or config.learning.pairing == "nearest"

    @property
    @abc.abstractmethod
    def latency(self) -> int:
        """Cycles from a lane's inputs to its `Change`."""

    @property
    def change_latency(self) -> int:
        """The same, but at least one where a random number is to be computed meanwhile, or ways are long."""
        return max(self.latency, int(self.learning.stochastic), self.wire_stages)

    @property
    def write_latency(self) -> int:
        """Cycles from a lane's inputs to what is written: the change is rounded, added and bounded."""
        return self.change_latency + (1 if self.fraction else 0) + 2 + self.wire_stages

    @abc.abstractmethod
    def change(self, m: Module, lane: Lane) -> Change:
        """The hardware of one lane, up to the change."""

    def trace_increment(self, parameters: data.View[data.StructLayout], trace: str) -> Value:
        """What a spike adds to the trace "x" or "y", or replaces it by."""
        return parameters[f"{trace}_window" if self.timer else f"{trace}_inc"]

    def decayed(
        self, m: Module, value: Value, parameters: data.View[data.StructLayout], trace: str
    ) -> Value:
        """The decayed trace, `DECAY_LATENCY` cycles later."""
        unit = TraceDecay(self.learning.trace_bits, timer=self.timer)
        m.submodules += unit
        m.d.comb += unit.trace.eq(value)
        if not self.timer:
            m.d.comb += unit.d.eq(parameters[f"d_{trace}"])
        return unit.decayed

    def neuron(self, m: Module, unit: Unit) -> tuple[dict[str, Value], list[Value]]:
        """(next values by field, clamps), `NEURON_LATENCY` cycles after the spike.  Here: the trace `y`."""
        y, clamp = self.next_trace(m, unit)
        return {"y": pipeline(m, y, 1, f"y_{unit.name}")}, [
            pipeline(m, clamp, 1, f"y_c_{unit.name}")
        ]

    def next_trace(self, m: Module, unit: Unit) -> tuple[Value, Value]:
        """(y, clamped), one cycle after the spike."""
        decayed = self.decayed(m, unit.state.y, unit.parameters, "y")
        decayed = pipeline(m, decayed, unit.latency - DECAY_LATENCY, f"y_late_{unit.name}")
        increment = self.trace_increment(unit.parameters, "y")
        value, clamp = bumped(decayed, unit.spike, increment, replace=self.replace)
        y = Signal(self.learning.trace_bits, name=f"y_next_{unit.name}")
        clamped = Signal(name=f"y_clamped_{unit.name}")
        m.d.sync += [y.eq(value), clamped.eq(clamp)]
        return y, clamped

    def rounded(self, z: Value, random: Value | None) -> Value:
        """`rnd(z)`, combinational, from z in units of 2^-F."""
        f = self.fraction
        if not f:
            return z
        rho: Value = Const(1 << (f - 1), f) if random is None else random[TAG_BITS - f :]
        return (z + rho).shift_right(f)
