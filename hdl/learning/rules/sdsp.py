"""Rule `sdsp`: spike-driven synaptic plasticity, from potential and calcium."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed

from ...primitives.pipeline import pipeline
from .rule import CHANGE_LATENCY, Lane, LaneResult, Rule, Unit


class Sdsp(Rule):
    """Only the pre side learns, in the direction that the neuron's flags say."""

    post_side = False

    @property
    def latency(self) -> int:
        """The change alone."""
        return CHANGE_LATENCY

    def lane(self, m: Module, lane: Lane) -> LaneResult:
        """Up, down, or nothing."""
        p, weight = lane.parameters, lane.synapse.weight
        up, down = lane.neuron.up, lane.neuron.down
        amplitude = Mux(up, p.a_plus, p.a_minus)
        bounded, clamp = self.changed(m, lane, weight, amplitude, ~up, lane.random)
        moves = pipeline(m, up | down, CHANGE_LATENCY, f"moves_{lane.name}")
        old = pipeline(m, weight, CHANGE_LATENCY, f"unchanged_{lane.name}")
        return LaneResult({"weight": Mux(moves, bounded, old)}, clamp & moves, Const(0))

    def neuron(self, m: Module, unit: Unit) -> tuple[dict[str, Value], list[Value]]:
        """Calcium, and the flags that follow from it and the potential."""
        p = unit.parameters
        y, clamp = self.next_trace(m, unit)
        above = Signal(signed(self.config.state_bits + 1), name=f"above_{unit.name}")
        m.d.sync += above.eq(unit.v - p.theta_m)
        up, down = Signal(name=f"up_{unit.name}"), Signal(name=f"down_{unit.name}")
        m.d.sync += [
            up.eq(~above[-1] & (y >= p.ca_1) & (y < p.ca_3)),
            down.eq(above[-1] & (y >= p.ca_1) & (y < p.ca_2)),
        ]
        y = pipeline(m, y, 1, f"y_{unit.name}")
        return {"y": y, "up": up, "down": down}, [pipeline(m, clamp, 1, f"y_c_{unit.name}")]
