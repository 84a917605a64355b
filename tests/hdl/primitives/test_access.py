"""Access to blocks: answers after a fixed time, and the decoder that finds the block of an address."""

import functools

import gateware
from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from gateware import Bench, quick, until
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.contract.memory_map import REGION_SHIFT, Region
from spikeloom.hdl.primitives.access import AccessSignature, answer_after
from spikeloom.hdl.primitives.bus import BusSignature
from spikeloom.hdl.primitives.decoder import Window, decode_bus

WORDS = 4
CYCLES = (1, 2, 3)
"""What the blocks behind the bus take for an access."""
DECODER_CYCLES = 2


class Block(wiring.Component):
    """A few registers that answer after `cycles`."""

    def __init__(self, cycles):
        self._cycles = cycles
        self.stages = Signal(cycles)
        super().__init__({"access": In(AccessSignature({"word": range(WORDS)}))})

    def elaborate(self, platform):
        m = Module()
        words = Array(Signal(32, name=f"word_{k}") for k in range(WORDS))
        stages = answer_after(m, self.access, self._cycles)
        m.d.comb += self.stages.eq(Cat(stages))
        word = words[self.access.where.word]
        with m.If(stages[0] & self.access.write):
            m.d.sync += word.eq(self.access.data)
        # Defined only while the access is done, and 0 while there is none, as the signature has it.
        m.d.comb += self.access.value.eq(
            Mux(self.access.done, word, Mux(self.access.active, 0xBAD, 0))
        )
        return m


class Blocks(wiring.Component):
    """Three blocks: one in a region of its own, two in halves of another, one of them in a third too."""

    def __init__(self):
        self.blocks = [Block(cycles) for cycles in CYCLES]
        super().__init__({"bus": In(BusSignature()), "ready": In(1)})

    def elaborate(self, platform):
        m = Module()
        first, second, third = self.blocks
        m.submodules += self.blocks
        offset = self.bus.address[:REGION_SHIFT]
        word, upper, exists = offset[:2], offset[8], offset[2:8] == 0
        windows = [
            Window(Region.PARAMETERS, first.access, {"word": word}, offset < WORDS),
            Window(Region.ROUTES, second.access, {"word": word}, exists, selected=~upper),
            Window(Region.ROUTES, third.access, {"word": word}, exists, selected=upper),
            # The same words, in reverse order.
            Window(Region.STATES, third.access, {"word": ~word}, offset < WORDS),
        ]
        decode_bus(m, self.bus, self.ready, windows)
        return m


@functools.cache
def block(cycles):
    dut = Block(cycles)
    return dut, Bench(dut)


@functools.cache
def blocks():
    dut = Blocks()
    return dut, Bench(dut)


@quick(12)
@given(cycles=st.sampled_from(CYCLES), pauses=st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_an_access_is_done_after_as_many_cycles_as_were_said(cycles, pauses):
    dut, simulation = block(cycles)

    async def testbench(ctx):
        for pause in pauses:
            ctx.set(dut.access.active, 0)
            for _ in range(pause):
                assert ctx.get(dut.stages) == 0
                assert not ctx.get(dut.access.done)
                await ctx.tick()
            ctx.set(dut.access.active, 1)
            for cycle in range(cycles):
                assert ctx.get(dut.stages) == 1 << cycle
                assert not ctx.get(dut.access.done)
                await ctx.tick()
            assert ctx.get(dut.access.done)
            assert ctx.get(dut.stages) == 0
            await ctx.tick()

    simulation.run(testbench)


def test_what_was_written_is_read():
    dut, simulation = block(3)

    async def testbench(ctx):
        for word in range(WORDS):
            await gateware.access(ctx, dut.access, 100 + word, word=word)
        for word in range(WORDS):
            assert await gateware.access(ctx, dut.access, word=word) == 100 + word

    simulation.run(testbench)


ADDRESSES = {
    **{Region.PARAMETERS.base + k: (0, k) for k in range(WORDS)},
    **{Region.ROUTES.base + k: (1, k) for k in range(WORDS)},
    **{Region.ROUTES.base + 256 + k: (2, k) for k in range(WORDS)},
    **{Region.STATES.base + k: (2, WORDS - 1 - k) for k in range(WORDS)},
}
"""Block and word behind each address that exists."""

addresses = st.one_of(
    st.sampled_from(sorted(ADDRESSES)),
    st.builds(
        lambda region, offset: region.base + offset,
        st.sampled_from([Region.PARAMETERS, Region.ROUTES, Region.STATES, Region.ARRIVALS]),
        st.sampled_from([0, 3, 4, 5, 255, 256, 260]),
    ),
)


@quick(25)
@given(
    accesses=st.lists(
        st.tuples(addresses, st.none() | st.integers(0, 2**32 - 1), st.integers(0, 3)), max_size=12
    )
)
def test_the_decoder_finds_the_block_of_every_address(accesses):
    dut, simulation = blocks()
    words = {place: 0 for place in ADDRESSES.values()}

    async def testbench(ctx):
        bus = dut.bus
        for address, data, wait in accesses:
            place = ADDRESSES.get(address)
            ctx.set(bus.address, address)
            ctx.set(bus.write, data is not None)
            ctx.set(bus.data, data or 0)
            ctx.set(dut.ready, 0)
            ctx.set(bus.valid, 1)
            for _ in range(wait):
                await ctx.tick()
                assert not ctx.get(bus.done)
            ctx.set(dut.ready, 1)
            cycles = await until(ctx, bus.done)
            assert cycles == DECODER_CYCLES + (CYCLES[place[0]] if place else 0)
            assert ctx.get(bus.error) == (place is None)
            if place is not None and data is None:
                assert ctx.get(bus.value) == words[place]
            elif place is not None:
                words[place] = data
            ctx.set(bus.valid, 0)
            await ctx.tick()

    simulation.run(testbench)
