"""Rule `rectangular`: a constant change inside a window of steps."""

from __future__ import annotations

from amaranth.hdl import Module, Mux

from .rule import Change, Lane, Rule


class Rectangular(Rule):
    """The window is open while the other side's timer runs."""

    timer = True

    @property
    def latency(self) -> int:
        """None: amplitudes are parameters."""
        return 0

    def change(self, m: Module, lane: Lane) -> Change:
        """On pre less, on post more, or nothing."""
        p = lane.parameters
        is_open = Mux(lane.post, lane.axon.x, lane.neuron.y) != 0
        return Change(Mux(lane.post, p.a_plus, p.a_minus), moves=is_open)
