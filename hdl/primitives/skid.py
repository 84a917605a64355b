"""A register in a stream that cuts its combinational paths in both directions."""

from __future__ import annotations

from amaranth.hdl import Module, Shape, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.technology import Technology


class Skid(wiring.Component):
    """Passes a stream on, one cycle later, at one payload per cycle.

    Members
    -------
    input : its `ready` is a register.
    output : its `valid` and `payload` are registers.
    """

    def __init__(self, shape: Shape | range) -> None:
        signature = stream.Signature(shape)
        super().__init__({"input": In(signature), "output": Out(signature)})

    def elaborate(self, platform: object) -> Module:
        """The output, and a spare register for a payload that comes in the cycle in which it stalls."""
        m = Module()
        spare, full = Signal.like(self.input.payload), Signal()
        m.d.comb += self.input.ready.eq(~full)
        with m.If(self.output.ready | ~self.output.valid):
            m.d.sync += [self.output.valid.eq(self.input.valid | full), full.eq(0)]
            m.d.sync += self.output.payload.eq(self.input.payload)
            with m.If(full):
                m.d.sync += self.output.payload.eq(spare)
        with m.Elif(self.input.valid & ~full):
            m.d.sync += [spare.eq(self.input.payload), full.eq(1)]
        return m


class Relay(wiring.Component):
    """Passes a stream on: through a `Skid` where the FPGA has long ways (`Technology`), else by wires.

    Members
    -------
    input, output : of the stream.
    """

    def __init__(self, shape: Shape | range) -> None:
        self._shape = shape
        signature = stream.Signature(shape)
        super().__init__({"input": In(signature), "output": Out(signature)})

    def elaborate(self, platform: object) -> Module:
        """A skid register, or nothing."""
        m = Module()
        if not Technology.of(platform).wire_stages:
            wiring.connect(m, wiring.flipped(self.input), wiring.flipped(self.output))
            return m
        m.submodules.skid = skid = Skid(self._shape)
        wiring.connect(m, wiring.flipped(self.input), skid.input)
        wiring.connect(m, skid.output, wiring.flipped(self.output))
        return m
