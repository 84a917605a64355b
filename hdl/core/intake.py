"""Spikes into the arrival bitmap: from the host between steps, from routes or the fabric in one."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..primitives.layouts import spike_layout


class Intake(wiring.Component):
    """Lets one spike per cycle into `Arrivals`; a spike for an axon that does not exist is counted.

    Members
    -------
    host : stream of axons (16 bits, so that unknown ones can be counted) for the next step.
    open : host spikes are taken.
    between_steps : spikes come from the host, not from the step.
    routed, routed_axon : from `RouteTable`, in a core that is not one of a fabric.
    inbound : stream of spikes from the fabric, in a core that is one of it.
    inbound_open : spikes from the fabric are taken.
    arrive, arrive_axon, arrive_delay : to `Arrivals`.
    unknown : pulse, a host spike was dropped.
    in_flight : a spike that this step needs is on its way into the bitmap.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        members: dict[str, Any] = {
            "host": In(stream.Signature(16)),
            "open": In(1),
            "between_steps": In(1),
            "arrive": Out(1),
            "arrive_axon": Out(range(c.axons)),
            "arrive_delay": Out(range(c.axonal_delay_slots)),
            "unknown": Out(1),
            "in_flight": Out(1),
        }
        if c.route_entries:
            members["inbound"] = In(stream.Signature(spike_layout(c)))
            members["inbound_open"] = In(1)
        else:
            members["routed"] = In(1)
            members["routed_axon"] = In(range(c.axons))
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """A choice by phase, and the cycles until a spike is in the bitmap."""
        m = Module()
        fabric = bool(self._config.route_entries)
        axon, taken = self.host.payload, Signal()
        exists = axon < self._config.axons
        if fabric:
            inbound = self.inbound
            m.d.comb += inbound.ready.eq(self.inbound_open)
            arrive, arrive_axon = inbound.valid & inbound.ready, inbound.payload.axon
            m.d.sync += self.arrive_delay.eq(Mux(self.between_steps, 0, inbound.payload.delay))
        else:
            arrive, arrive_axon = self.routed, self.routed_axon
        m.d.comb += [
            self.host.ready.eq(self.open),
            taken.eq(self.host.valid & self.open),
            self.unknown.eq(taken & ~exists),
        ]
        m.d.sync += [
            self.arrive.eq(Mux(self.between_steps, taken & exists, arrive)),
            self.arrive_axon.eq(Mux(self.between_steps, axon, arrive_axon)),
        ]
        in_flight = Signal(4)
        m.d.sync += in_flight.eq(Cat(taken | arrive if fabric else taken, in_flight))
        m.d.comb += self.in_flight.eq(in_flight.any())
        return m
