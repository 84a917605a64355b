"""Bus access to sums that are under way to a neuron, in a core with delays."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.technology import Technology
from ..primitives.access import AccessSignature
from ..primitives.operations import RETURN_STAGES, take_latency


class SumAccess(wiring.Component):
    """Takes a neuron's partial sums and keeps them, or stores the sum in one lane and 0 in the others.

    Members
    -------
    access : to the sum of `neuron`, for `receptor` and `slot`, between steps; done after P + 12 cycles.
    peek, put : pulses to `Conductor`.
    accumulator : which is stored.
    sums : from `Lanes`.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        layout = c.layout
        where = {
            "receptor": range(layout.accumulators),
            "slot": range(c.delay_slots),
            "neuron": range(c.neurons),
        }
        super().__init__(
            {
                "access": In(AccessSignature(where)),
                "peek": Out(1),
                "put": Out(1),
                "accumulator": Out(layout.accumulators),
                "sums": In(data.ArrayLayout(signed(layout.accumulator_bits), layout.accumulators)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A pulse, and a counter until the sum is at the end of the lanes and in memory."""
        m = Module()
        c, access = self._config, self.access
        receptor = access.where.receptor
        latency = take_latency(c, Technology.of(platform).wire_stages) + 1
        waited = Signal(range(latency + RETURN_STAGES + 1))
        begins = access.active & ~access.done & (waited == 0)
        m.d.comb += [
            self.peek.eq(begins & ~access.write),
            self.put.eq(begins & access.write),
            self.accumulator.eq(1 << receptor),
        ]
        m.d.sync += access.done.eq(0)
        with m.If(begins):
            m.d.sync += waited.eq(1)
        with m.Elif(waited == latency + RETURN_STAGES):
            m.d.sync += [waited.eq(0), access.done.eq(1)]
        with m.Elif(waited != 0):
            m.d.sync += waited.eq(waited + 1)
        value = Signal(signed(c.layout.accumulator_bits))
        with m.If(access.active):
            m.d.comb += access.value.eq(value)
        with m.If(waited == latency):
            m.d.sync += value.eq(Array(self.sums[k] for k in range(len(self.sums)))[receptor])
        return m
