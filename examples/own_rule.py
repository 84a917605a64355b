"""A learning rule of your own, from the equation to co-simulation (docs/explanation/learning.md).

The post-side rule of Diehl and Cook 2015: when a neuron fires, the weights of recently active axons
grow and the others shrink,

    on_post: w ← bound(w + rnd(x − x_target))
"""

from __future__ import annotations

import sys

from amaranth.hdl import Const, Module, Mux, Signal, signed

from spikeloom.hdl import CoreConfig, Field, LearningConfig
from spikeloom.hdl.contract.fields import decay_field, unsigned_field
from spikeloom.hdl.contract.learning_config import RULES, RuleFormat, trace_x, trace_y
from spikeloom.hdl.contract.widths import Widths
from spikeloom.hdl.learning.rule import CHANGE_LATENCY, Lane, LaneResult, Rule
from spikeloom.hdl.learning.rule import register as register_gateware
from spikeloom.hdl.primitives.pipeline import pipeline
from spikeloom.sim.golden.learning import LearningRule
from spikeloom.sim.golden.learning import register as register_golden
from spikeloom.sim.golden.learning.synapses import Synapses

# 1. What it needs: parameters beside the common ones, and what axons and neurons keep.


def parameters(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    """The trace's increment and decay, and the target; `y` is kept by all neurons."""
    traces = [unsigned_field("x_inc", c.trace_bits), decay_field("d_x")]
    traces += [unsigned_field("y_inc", c.trace_bits), decay_field("d_y")]
    return (*traces, unsigned_field("x_target", c.trace_bits))


RULES["target_trace"] = RuleFormat(parameters, trace_x, trace_y)

# 2. The golden model, from the equation.


@register_golden("target_trace")
class GoldenTargetTrace(LearningRule):
    """In NumPy, for all synapses of the neurons that fired."""

    def on_pre(self, s: Synapses) -> None:
        """Arrivals change nothing, but count as updates."""

    def on_post(self, s: Synapses) -> None:
        """Move the weights of active axons up, the others down."""
        s.w = s.bound(s.w + s.rnd(s.axon["x"] - self.parameters["x_target"]))


# 3. The gateware, from the equation: one lane, one synapse per clock cycle.


@register_gateware("target_trace")
class TargetTrace(Rule):
    """A difference, and the change that every rule shares."""

    @property
    def latency(self) -> int:
        """The difference, and the change."""
        return CHANGE_LATENCY + 1

    def lane(self, m: Module, lane: Lane) -> LaneResult:
        """On pre the weight stays what it was."""
        z = Signal(signed(self.learning.trace_bits + 1), name=f"z_{lane.name}")
        m.d.sync += z.eq(lane.axon.x - lane.parameters.x_target)
        random = lane.random
        if random is not None:
            random = pipeline(m, random, 1, f"random_{lane.name}")
        weight = pipeline(m, lane.synapse.weight, 1, f"weight_{lane.name}")
        bounded, clamp = self.changed(m, lane, weight, z, Const(0), random)
        post = pipeline(m, lane.post, self.latency, f"post_{lane.name}")
        old = pipeline(m, lane.synapse.weight, self.latency, f"unchanged_{lane.name}")
        return LaneResult({"weight": Mux(post, bounded, old)}, clamp & post, Const(0))


def main() -> int:
    """Co-simulate the rule: 10 random networks, every spike, weight and trace."""
    from spikeloom.sim.cosim import run_campaign

    learning = LearningConfig(rule="target_trace", fraction_bits=4, stochastic=True)
    config = CoreConfig(neurons=13, axons=33, lanes=4, learning=learning)
    report = run_campaign([config], range(10))
    print(f"{report.cases} cases, {report.steps} steps, {len(report.mismatches)} mismatches")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
