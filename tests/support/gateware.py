"""Simulation of one block in Amaranth's simulator, from randomised memories."""

import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

from amaranth.hdl import Elaboratable, Shape
from amaranth.lib import memory
from amaranth.sim import Simulator
from amaranth.sim._async import TestbenchContext
from hypothesis import settings

Testbench = Callable[[TestbenchContext], Awaitable[None]]

TIMEOUT = 100_000
"""Clock cycles after which a wait has failed."""


def quick(examples: int = 25) -> settings:
    """Settings of properties that simulate: few examples, always the same ones."""
    return settings(max_examples=examples, derandomize=True)


def _random_memories(rng: random.Random) -> AbstractContextManager[object]:
    """Memories that are made without contents get random ones."""
    real = memory.Memory.__init__

    def init(self: memory.Memory, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        if not kwargs.get("init"):
            shape = Shape.cast(self.shape)
            low = -(1 << shape.width) // 2 if shape.signed else 0
            self.init = [low + rng.getrandbits(shape.width) for _ in range(self.depth)]

    return mock.patch.object(memory.Memory, "__init__", init)


class Bench:
    """One block, elaborated once; each `run` starts it afresh with the same random memories."""

    def __init__(self, dut: Elaboratable, seed: int = 1) -> None:
        with _random_memories(random.Random(seed)):
            self._simulator = Simulator(dut)
        self._simulator.add_clock(1e-6)
        self._simulator.add_testbench(self._main)
        self._testbench: Testbench | None = None

    async def _main(self, ctx: TestbenchContext) -> None:
        assert self._testbench is not None
        await self._testbench(ctx)

    def run(self, testbench: Testbench) -> None:
        """Simulate from power-up until the testbench returns."""
        if self._testbench:
            self._simulator.reset()
        self._testbench = testbench
        self._simulator.run()


async def until(ctx: TestbenchContext, condition: object) -> int:
    """Wait for a cycle in which the value is not 0; returns how many passed before it."""
    for cycles in range(TIMEOUT):
        if ctx.get(condition):
            return cycles
        await ctx.tick()
    raise AssertionError(f"{condition!r} did not come")


async def idle(ctx: TestbenchContext, cycles: int) -> None:
    """Let clock cycles pass; none are allowed."""
    for _ in range(cycles):
        await ctx.tick()


async def pulse(ctx: TestbenchContext, signal: Any) -> None:
    """One cycle of 1."""
    ctx.set(signal, 1)
    await ctx.tick()
    ctx.set(signal, 0)


async def access(
    ctx: TestbenchContext, interface: Any, data: int | None = None, **where: int
) -> int:
    """An access (`AccessSignature`), as its initiator does it: write `data`, or read; returns `value`.

    `where` is the address: `neuron=3` sets `interface.where.neuron`.
    """
    for name, number in where.items():
        ctx.set(getattr(interface.where, name), number)
    ctx.set(interface.write, data is not None)
    ctx.set(interface.data, data or 0)
    ctx.set(interface.active, 1)
    await until(ctx, interface.done)
    value = ctx.get(interface.value)
    await ctx.tick()
    ctx.set(interface.active, 0)
    return int(value)
