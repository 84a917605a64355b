"""Synaptic scaling: from the sum of a neuron's weights to the gain of its next sweep."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.learning_config import SCALING_BITS
from ..contract.technology import Technology
from ..primitives.arithmetic import saturate
from ..primitives.layouts import record
from ..primitives.operations import take_latency


class Scaling(wiring.Component):
    """`sat_8((C − S) >> scaling_shift)` of each neuron whose sums are taken.

    Members
    -------
    taking : the sums of a neuron are taken, in order from neuron 0, without a gap.
    sums : by accumulator, `take_latency` cycles later.
    parameters : of the rule.
    busy : a gain is still to come.
    write, neuron, gain : the gains.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        layout = c.layout
        super().__init__(
            {
                "taking": In(1),
                "sums": In(data.ArrayLayout(signed(layout.accumulator_bits), layout.accumulators)),
                "parameters": In(record(layout.learning)),
                "busy": Out(1),
                "write": Out(1),
                "neuron": Out(range(c.neurons)),
                "gain": Out(signed(SCALING_BITS)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Sum over receptors and difference; shift; saturate."""
        m = Module()
        c, p = self._config, self.parameters
        flights = Signal(take_latency(c, Technology.of(platform).wire_stages) + 1 + 3)
        m.d.sync += flights.eq(Cat(self.taking, flights))
        m.d.comb += [self.write.eq(flights[-1]), self.busy.eq(self.taking | flights.any())]
        m.d.sync += self.neuron.eq(Mux(flights[-1], self.neuron + 1, 0))
        total: Value = Const(0)
        for r in range(c.receptors):
            total = total + self.sums[r]
        lacks = Signal(signed(c.layout.accumulator_bits + 3))
        shifted = Signal.like(lacks)
        m.d.sync += [
            lacks.eq(p.scaling_target - total),
            shifted.eq(lacks >> p.scaling_shift),
            self.gain.eq(saturate(shifted, SCALING_BITS)[0]),
        ]
        return m
