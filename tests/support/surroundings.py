"""What is around a command processor, played by a test."""

import numpy as np
from gateware import TIMEOUT

from spikeloom.bus.protocol import to_halfwords


class Surroundings:
    """Everything around a processor: a memory on the bus, a core that does as it is told.

    Attributes
    ----------
    memory : bus words by address; others are errors.
    spikes : neurons that fire, by step.
    arrived : (step, axon) in the order of arrival.
    started : clock cycle in which each step began.
    """

    def __init__(self, ctx, dut, stalls=(), step_cycles=9):
        self.ctx, self.dut = ctx, dut
        self.memory, self.spikes, self.arrived, self.started = {}, {}, [], []
        self.step, self.now, self.late, self.overruns, self.stalled = 0, 0, 0, 0, 0
        self._stalls = [*stalls, False]
        self._step_cycles, self._left, self._queue = step_cycles, 0, []
        self._bus_wait = 0
        self._requests = []
        self.replies = []
        ctx.set(dut.image_loaded, 1)

    @property
    def stepping(self):
        return self._left > 0 or bool(self._queue)

    def tick_every(self, cycles):
        self.ctx.set(self.dut.ticking, 1)
        self.ctx.set(self.dut.tick_period, cycles)

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
        half = self.step >> 16 * ctx.get(dut.step_high) & 0xFFFF
        ctx.set(dut.step_half, half if ctx.get(dut.shows_step) else 0)

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
        self.late += ctx.get(dut.late)
        self.overruns += ctx.get(dut.overrun)
        self.stalled += ctx.get(dut.stalled)
        await ctx.tick()
        self.now += 1

        self._left = max(self._left - 1, 0)
        if start:
            assert not stepping
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
