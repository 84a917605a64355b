"""What is around a command processor, played by a test."""

import numpy as np
from gateware import TIMEOUT

from spikeloom.bus.protocol import join_words, read_request, to_halfwords, write_request
from spikeloom.hdl.contract.commands import Opcode, Status
from spikeloom.hdl.contract.memory_map import COUNTERS, Region, Register

CLEARING = 20
"""Clock cycles for which the core is not ready after a clear."""


class Surroundings:
    """Everything around a processor: a memory on the bus, a core that does as it is told.

    Attributes
    ----------
    memory : bus words by address; others are errors.  Those of registers never get on the bus.
    spikes : neurons that fire, by step.
    arrived : (step, axon) in the order of arrival.
    started : clock cycle in which each step began.
    clears : how often the core was cleared.
    """

    def __init__(self, ctx, dut, step_cycles=9):
        self.ctx, self.dut = ctx, dut
        self.memory, self.spikes, self.arrived, self.started = {}, {}, [], []
        self.step, self.now, self.overruns, self.clears = 0, 0, 0, 0
        self._stalls = [False]
        self._step_cycles, self._left, self._queue = step_cycles, 0, []
        self._bus_wait = 0
        self._requests = []
        self.replies = []

    def stall(self, pattern):
        """From now on the replies are not taken in those cycles, over and over."""
        self._stalls, self.now = [*pattern, False], 0

    @property
    def stepping(self):
        return self._left > 0 or bool(self._queue)

    async def access(self, address, *data):
        """(value, refused) of a word that is read, or written, by a command."""
        if data:
            reply = await self.answer(write_request(address, np.array(data, dtype=np.uint32)))
            return None, reply[-1] != Status.OK
        reply = await self.answer(read_request(address, 1))
        assert reply[:2].tolist() == [Opcode.READ, 1]
        return int(join_words(reply[2:-1])[0]), reply[-1] != Status.OK

    async def read(self, address):
        value, refused = await self.access(address)
        assert not refused
        return value

    async def write(self, address, data):
        """Was it accepted?"""
        return not (await self.access(address, data))[1]

    async def set_register(self, register, value):
        assert await self.write(Region.CONTROL.base + register, value)

    async def counter(self, name):
        """All 64 bits of a counter that stands still."""
        address = Region.COUNTERS.base + 2 * list(COUNTERS).index(name)
        low, high = [await self.read(address + word) for word in range(2)]
        return low | high << 32

    async def restart(self):
        """A new connection: what is left of the last one's requests is dropped."""
        self._requests.clear()
        self.ctx.set(self.dut.restart, 1)
        while not self.ctx.get(self.dut.restarted):
            await self.cycle()
        await self.cycle()
        self.ctx.set(self.dut.restart, 0)

    async def next_step(self):
        return await self.read(Region.CONTROL.base + Register.STEP)

    async def load(self, step=0):
        """An image, and the number of the next step."""
        await self.set_register(Register.IMAGE, 0xDEAD0001)
        if step:
            await self.set_register(Register.STEP, step)
            self.step = step

    async def tick_every(self, cycles):
        await self.set_register(Register.TICK_PERIOD, cycles)

    def ask(self, data):
        self._requests += to_halfwords(data).tolist()

    async def answer(self, data=b""):
        """Replies up to the next one that ends with `flush`, which is the end of a command."""
        self.ask(data)
        for _ in range(TIMEOUT):
            if self.replies and self.replies[-1][1]:
                values = np.array([value for value, _ in self.replies], dtype=np.uint16)
                assert not any(flush for _, flush in self.replies[:-1])
                self.replies = []
                return values
            await self.cycle()
        raise AssertionError("no answer")

    async def cycle(self):
        ctx, dut = self.ctx, self.dut
        stepping = self.stepping
        ctx.set(dut.ready, not stepping)
        ctx.set(dut.arriving.ready, not stepping)
        ctx.set(dut.reported.valid, bool(self._queue))
        if self._queue:
            ctx.set(dut.reported.payload, self._queue[0])
        ctx.set(dut.requests.valid, bool(self._requests))
        if self._requests:
            ctx.set(dut.requests.payload, self._requests[0])
        ctx.set(dut.replies.ready, not self._stalls[self.now % len(self._stalls)])
        self._bus()
        if ctx.get(dut.arriving.valid) and not stepping:
            self.arrived.append((self.step, ctx.get(dut.arriving.payload)))
        start = ctx.get(dut.start)
        if self._queue and ctx.get(dut.reported.ready):
            self._queue.pop(0)
        if self._requests and ctx.get(dut.requests.ready):
            self._requests.pop(0)
        if ctx.get(dut.replies.valid) and ctx.get(dut.replies.ready):
            payload = ctx.get(dut.replies.payload)
            self.replies.append((payload.value, payload.flush))
        self.overruns += ctx.get(dut.overrun)
        clear = ctx.get(dut.clear)
        await ctx.tick()
        self.now += 1

        self._left = max(self._left - 1, 0)
        if clear:
            assert not stepping
            self.clears += 1
            self._left = CLEARING
            self.step = -1  # 0, when that is over
        if start:
            assert not stepping
            assert ctx.get(dut.step) == self.step
            self.started.append(self.now)
            self._left = self._step_cycles
            self._queue = list(self.spikes.get(self.step, []))
        elif stepping and not self._left and not self._queue:
            self.step += 1

    def _bus(self):
        """Answers two cycles after `valid`; what it holds in between is wrong."""
        ctx, bus = self.ctx, self.dut.bus
        self._bus_wait = self._bus_wait + 1 if ctx.get(bus.valid) else 0
        done = self._bus_wait == 3
        address = ctx.get(bus.address)
        ctx.set(bus.done, done)
        ctx.set(bus.value, self.memory.get(address, 0xBAD) if done else 0xBAD)
        ctx.set(bus.error, address not in self.memory)
        if done:
            self._bus_wait = -1
            if ctx.get(bus.write) and address in self.memory:
                self.memory[address] = ctx.get(bus.data)
