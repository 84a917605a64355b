"""Adders and subtractors with a register, of DSP blocks where an FPGA has them."""

from __future__ import annotations

from amaranth.hdl import (
    Cat,
    ClockSignal,
    Const,
    Instance,
    Module,
    Mux,
    Shape,
    Signal,
    Value,
    signed,
)
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.technology import Technology

_CASCADE_BITS = 48
_AB_BITS = (30, 18)
_ADDS, _SUBTRACTS = 0b0000, 0b0011
"""ALUMODE of Z + (X + Y + CIN), and of Z - (X + Y + CIN)."""


class SumAdder(wiring.Component):
    """`total = word + weight`, or `word + before`, or `word`, a cycle later, one per cycle.

    Where the FPGA has DSP48E1 (7 series) the adder is one, and the sum of the lane before comes along
    the column of these blocks.

    Members
    -------
    word : the sum, as it was.
    own, weight : the weight is added.
    passes, before : what the lane before has is added; never together with `own`.
    cascade_in, cascade : the same sum, between neighbouring DSP blocks; `before` is for the first lane.
    total : the new sum.

    Parameters
    ----------
    word_bits, weight_bits, before_bits, total_bits : widths.
    first : there is no lane before; `before` comes from elsewhere.
    """

    def __init__(
        self,
        *,
        word_bits: int,
        weight_bits: int,
        before_bits: int,
        total_bits: int,
        first: bool,
    ) -> None:
        self._first = first
        super().__init__(
            {
                "word": In(signed(word_bits)),
                "weight": In(signed(weight_bits)),
                "own": In(1),
                "before": In(signed(before_bits)),
                "passes": In(1),
                "cascade_in": In(_CASCADE_BITS),
                "cascade": Out(_CASCADE_BITS),
                "total": Out(signed(total_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A DSP block, or whatever synthesis makes of an addition."""
        m = Module()
        if Technology.of(platform).adder == "dsp48e1":
            self._dsp48e1(m)
            return m
        width = max(len(self.weight), len(self.before))
        mine = _extended(self.weight, width) & self.own.replicate(width)
        other = _extended(self.before, width) & self.passes.replicate(width)
        m.d.sync += self.total.eq(self.word + (mine | other).as_signed())
        return m

    def _dsp48e1(self, m: Module) -> None:
        """P = C + A:B, C + PCIN, or C, registered; the first lane has no PCIN."""
        ab: Value = self.weight
        takes_ab, takes_cascade = self.own, self.passes
        if self._first:
            ab = Mux(self.own, self.weight, self.before)
            takes_ab, takes_cascade = self.own | self.passes, Const(0)
        total = _dsp48e1(
            m,
            ab=ab,
            c=self.word,
            cascade_in=self.cascade_in if not self._first else Const(0, _CASCADE_BITS),
            cascade=self.cascade,
            # X is A:B or 0, Y is C, Z is PCIN or 0.
            opmode=Cat(takes_ab, takes_ab, Const(0b11, 2), takes_cascade, Const(0, 2)),
            alumode=_ADDS,
            carry=Const(0),
        )
        m.d.comb += self.total.eq(total)


class Subtractor(wiring.Component):
    """`difference = a - b - borrow`, a cycle later, one per cycle, in as many bits as it has.

    Where the FPGA has DSP48E1 (7 series) it is one.

    Members
    -------
    a, b, borrow, difference : see above.

    Parameters
    ----------
    a, b, difference : shapes.
    """

    def __init__(self, a: Shape, b: Shape, difference: Shape) -> None:
        super().__init__({"a": In(a), "b": In(b), "borrow": In(1), "difference": Out(difference)})

    def elaborate(self, platform: object) -> Module:
        """A DSP block, or a carry chain, in which a bit below the lowest one makes the borrow."""
        m = Module()
        if Technology.of(platform).adder != "dsp48e1":
            total = _lengthened(Const(0), self.a) - _lengthened(self.borrow, self.b)
            m.d.sync += self.difference.eq(total.shift_right(1))
            return m
        total = _dsp48e1(
            m,
            ab=self.b,
            c=self.a,
            cascade_in=Const(0, _CASCADE_BITS),
            cascade=Signal(_CASCADE_BITS),
            # X is A:B, Y is 0, Z is C.
            opmode=Const(0b0110011, 7),
            alumode=_SUBTRACTS,
            carry=self.borrow,
        )
        m.d.comb += self.difference.eq(total)
        return m


def registered_sum(m: Module, name: str, a: Value, b: Value) -> Value:
    """`a + b`, a cycle later, of two signed values."""
    bits = max(len(a), len(b)) + 1
    m.submodules[f"sum_{name}"] = adder = SumAdder(
        word_bits=len(a), weight_bits=len(b), before_bits=1, total_bits=bits, first=True
    )
    m.d.comb += [adder.word.eq(a), adder.weight.eq(b), adder.own.eq(1)]
    return adder.total


def registered_difference(m: Module, name: str, a: Value, b: Value) -> Value:
    """`a - b`, a cycle later, of two signed values."""
    bits = max(len(a), len(b)) + 1
    subtractor = Subtractor(a.shape(), b.shape(), signed(bits))
    m.submodules[f"difference_{name}"] = subtractor
    m.d.comb += [subtractor.a.eq(a), subtractor.b.eq(b)]
    return subtractor.difference


def _dsp48e1(
    m: Module,
    *,
    ab: Value,
    c: Value,
    cascade_in: Value,
    cascade: Signal,
    opmode: Value,
    alumode: int,
    carry: Value,
) -> Value:
    """P of a DSP48E1 of which only P has a register: ports and modes as in Xilinx UG479."""
    a_bits, b_bits = _AB_BITS
    wide = _extended(ab, a_bits + b_bits)
    total = Signal(_CASCADE_BITS)
    registers = (
        "ACASCREG", "ADREG", "ALUMODEREG", "AREG", "BCASCREG", "BREG", "CARRYINREG",
        "CARRYINSELREG", "CREG", "DREG", "INMODEREG", "MREG", "OPMODEREG",
    )  # fmt: skip
    idle = (
        "CEA1", "CEA2", "CEAD", "CEALUMODE", "CEB1", "CEB2", "CEC", "CECARRYIN", "CECTRL", "CED",
        "CEINMODE", "CEM", "RSTA", "RSTALLCARRYIN", "RSTALUMODE", "RSTB", "RSTC", "RSTCTRL",
        "RSTD", "RSTINMODE", "RSTM", "RSTP", "CARRYCASCIN", "MULTSIGNIN",
    )  # fmt: skip
    m.submodules.dsp = Instance(
        "DSP48E1",
        p_USE_MULT="NONE",
        p_PREG=1,
        **{f"p_{name}": 0 for name in registers},
        **{f"i_{name}": Const(0) for name in idle},
        i_CLK=ClockSignal("sync"),
        i_CEP=Const(1),
        i_A=wide[b_bits:],
        i_B=wide[:b_bits],
        i_C=_extended(c, _CASCADE_BITS),
        i_D=Const(0, 25),
        i_ACIN=Const(0, a_bits),
        i_BCIN=Const(0, b_bits),
        i_PCIN=cascade_in,
        i_OPMODE=opmode,
        i_ALUMODE=Const(alumode, 4),
        i_CARRYIN=carry,
        i_CARRYINSEL=Const(0, 3),
        i_INMODE=Const(0, 5),
        o_P=total,
        o_PCOUT=cascade,
    )
    return total


def _extended(value: Value, width: int) -> Value:
    """A value in so many bits."""
    if width <= len(value):
        return value[:]
    sign = value[-1] if value.shape().signed else Const(0)
    return Cat(value, sign.replicate(width - len(value)))


def _lengthened(lowest: Value, value: Value) -> Value:
    """A value with a bit below its lowest one."""
    result = Cat(lowest, value)
    return result.as_signed() if value.shape().signed else result
