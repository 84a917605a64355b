"""A multiplier with registers before and after it."""

from __future__ import annotations

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.technology import Technology

PRODUCT_LATENCY = 2
"""Cycles from the factors to their product."""

_FACTOR_BITS = 18
_PRODUCT_BITS = 36


class Multiplier(wiring.Component):
    """`product = a * b`, `PRODUCT_LATENCY` cycles later, one per cycle.

    Where the FPGA is ECP5 it is a MULT18X18D, whose registers Yosys does not infer.

    Parameters
    ----------
    a, b : shapes of the factors.
    """

    def __init__(self, a: Shape, b: Shape) -> None:
        product = Shape(a.width + b.width, signed=a.signed or b.signed)
        super().__init__({"a": In(a), "b": In(b), "product": Out(product)})

    def elaborate(self, platform: object) -> Module:
        """The cell, or a product between registers."""
        m = Module()
        fits = max(len(self.a), len(self.b)) <= _FACTOR_BITS
        if fits and Technology.of(platform).multiplier == "mult18x18d":
            self._cell(m)
            return m
        a, b = Signal.like(self.a), Signal.like(self.b)
        m.d.sync += [a.eq(self.a), b.eq(self.b), self.product.eq(a * b)]
        return m

    def _cell(self, m: Module) -> None:
        """Ports and parameters: ECP5 and ECP5-5G sysDSP usage guide FPGA-TN-02205."""
        ports: dict[str, Value] = {}
        for name, value in (("A", self.a), ("B", self.b)):
            sign = value[-1] if value.shape().signed else Const(0)
            factor = Cat(value, sign.replicate(_FACTOR_BITS))
            ports |= {f"i_{name}{k}": factor[k] for k in range(_FACTOR_BITS)}
            ports[f"i_SIGNED{name}"] = Const(int(value.shape().signed))
            ports[f"i_SOURCE{name}"] = Const(0)
        found = Signal(_PRODUCT_BITS)
        ports |= {f"o_P{k}": found[k] for k in range(_PRODUCT_BITS)}
        for k in range(4):
            ports |= {f"i_CE{k}": Const(1), f"i_RST{k}": Const(0)}
            ports[f"i_CLK{k}"] = ClockSignal() if k == 0 else Const(0)
        m.submodules.cell = Instance(
            "MULT18X18D",
            p_REG_INPUTA_CLK="CLK0",
            p_REG_INPUTB_CLK="CLK0",
            p_REG_OUTPUT_CLK="CLK0",
            p_GSR="DISABLED",
            **ports,
        )
        m.d.comb += self.product.eq(found)
