"""Rule `sdsp`: spike-driven synaptic plasticity, from potential and calcium."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value, signed

from ...primitives.pipeline import pipeline
from .rule import Change, Lane, Rule, Unit


class Sdsp(Rule):
    """Only the pre side learns, in the direction that the neuron's flags say."""

    post_side = False

    @property
    def latency(self) -> int:
        """None: amplitudes are parameters."""
        return 0

    def change(self, m: Module, lane: Lane) -> Change:
        """Up, down, or nothing."""
        p, up, down = lane.parameters, lane.neuron.up, lane.neuron.down
        return Change(Mux(up, p.a_plus, p.a_minus), minus=~up, moves=up | down)

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
