"""Subtractors against integers, as carry chains."""

import pytest
from amaranth.hdl import Shape, signed, unsigned
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.primitives.sum_adder import Subtractor

SHAPES = (unsigned(8), signed(8), signed(5))


def values(shape):
    low = -(1 << (shape.width - 1)) if shape.signed else 0
    return st.integers(low, low + (1 << shape.width) - 1)


@pytest.mark.parametrize("a", SHAPES, ids=repr)
@pytest.mark.parametrize("b", SHAPES, ids=repr)
@quick()
@given(data=st.data())
def test_difference(a, b, data):
    """The bits that there are; one step after the operands."""
    given_a, given_b = data.draw(values(a)), data.draw(values(b))
    borrow = data.draw(st.integers(0, 1))
    dut = Subtractor(a, b, Shape(10, signed=True))
    found = []

    async def testbench(ctx):
        ctx.set(dut.a, given_a)
        ctx.set(dut.b, given_b)
        ctx.set(dut.borrow, borrow)
        await ctx.tick()
        found.append(ctx.get(dut.difference))

    Bench(dut).run(testbench)
    assert found == [given_a - given_b - borrow]
