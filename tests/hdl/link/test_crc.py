"""The CRC in gateware is `zlib.crc32`, for every starting value."""

import functools
import zlib

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from gateware import Bench, quick
from hypothesis import example, given
from hypothesis import strategies as st

from spikeloom.hdl.contract.frames import CRC_RESIDUE
from spikeloom.hdl.link import crc

words = st.integers(0, 2**32 - 1)


class Crc(wiring.Component):
    """A register that takes a byte per cycle."""

    def __init__(self):
        super().__init__({"start": In(32), "begin": In(1), "byte": In(8), "register": Out(32)})

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.register.eq(crc.update(self.register, self.byte))
        with m.If(self.begin):
            m.d.sync += self.register.eq(crc.begin(self.start))
        return m


@functools.cache
def bench():
    dut = Crc()
    return dut, Bench(dut)


@quick(40)
@given(data=st.binary(max_size=40), start=words)
@example(b"123456789", 0)
@example(b"", 0xFFFFFFFF)
def test_is_zlibs(data, start):
    dut, simulation = bench()

    async def testbench(ctx):
        ctx.set(dut.start, start)
        ctx.set(dut.begin, 1)
        await ctx.tick()
        ctx.set(dut.begin, 0)
        own = b""
        for n, byte in enumerate(data):
            assert ctx.get(dut.register) ^ 0xFFFFFFFF == zlib.crc32(data[:n], start)
            ctx.set(dut.byte, byte)
            await ctx.tick()
        own = zlib.crc32(data, start).to_bytes(4, "little")
        for byte in own:
            ctx.set(dut.byte, byte)
            await ctx.tick()
        assert ctx.get(dut.register) == crc.GOOD

    simulation.run(testbench)


@quick(40)
@given(data=st.binary(max_size=40), start=words)
def test_a_body_and_its_crc_leave_the_residue(data, start):
    own = zlib.crc32(data, start).to_bytes(4, "little")
    assert zlib.crc32(data + own, start) == CRC_RESIDUE
