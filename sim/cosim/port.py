"""A serial port into a cocotb simulation: the host library talks to the chip's byte streams."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from cocotb.task import resume
from cocotb.triggers import FallingEdge, RisingEdge, Timer

CLOCK_NS = 10
_IDLE_CYCLES = 8
_STREAM = ("valid", "payload", "ready")
PORTS = (
    "clk",
    "rst",
    *(f"{stream}__{part}" for stream in ("received", "sent") for part in _STREAM),
)
"""Signals of the chip that a bench reads or writes."""
PATTERNS = ("none", "short", "long", "mixed")
"""Stall patterns: never, a cycle or two, dozens of cycles, any."""


class Stalls:
    """How many cycles a side waits before its next byte."""

    def __init__(self, pattern: str, rng: random.Random) -> None:
        self._rng = rng
        self._pattern = pattern

    def __call__(self) -> int:
        """Cycles to wait now."""
        pattern = self._rng.choice(PATTERNS[:-1]) if self._pattern == "mixed" else self._pattern
        if pattern == "none" or self._rng.random() < 0.8:
            return 0
        return self._rng.randint(1, 2 if pattern == "short" else 30)


class SimPort:
    """Behaves like a pyserial port for code that runs in a thread beside the simulation.

    `drive` and `collect` move bytes between the queues and the chip's streams, with stalls.
    Time is simulated: `timeout` and `now` are in seconds of it.
    """

    def __init__(self, dut: Any, stalls_in: Stalls, stalls_out: Stalls) -> None:
        self.timeout: float | None = None
        self._dut = dut
        self._stalls_in, self._stalls_out = stalls_in, stalls_out
        self._outgoing: deque[int] = deque()
        self._incoming = bytearray()
        self._elapsed = 0.0

    # Both act at falling edges: nothing changes around them, and the next rising edge counts.

    async def drive(self) -> None:
        """Give queued bytes to `received`, for ever."""
        dut = self._dut
        valid, payload, falling = dut.received__valid, dut.received__payload, FallingEdge(dut.clk)
        ready = dut.received__ready
        while True:
            await falling
            if not int(ready.value):
                valid.value = 0
                await RisingEdge(ready)
                continue
            stall = self._stalls_in()
            if stall or not self._outgoing:
                valid.value = 0
                await Timer(CLOCK_NS * (stall or _IDLE_CYCLES), "ns")
                continue
            payload.value = self._outgoing.popleft()
            valid.value = 1

    async def collect(self) -> None:
        """Take bytes from `sent`, for ever."""
        dut = self._dut
        ready, valid, payload = dut.sent__ready, dut.sent__valid, dut.sent__payload
        falling, rises = FallingEdge(dut.clk), RisingEdge(valid)
        while True:
            await falling
            if not int(valid.value):
                await rises
                continue
            stall = self._stalls_out()
            if stall:
                await Timer(CLOCK_NS * stall - CLOCK_NS // 2, "ns")
                await falling
            self._incoming.append(int(payload.value))
            ready.value = 1
            await falling
            ready.value = 0

    @property
    def in_waiting(self) -> int:
        """Bytes that have come."""
        return len(self._incoming)

    def now(self) -> float:
        """Simulated time that reads have waited, in seconds."""
        return self._elapsed

    def write(self, data: bytes, /) -> int:
        """Queue bytes; they move while a read waits."""
        self._outgoing.extend(data)
        return len(data)

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes, fewer when `timeout` is over; lets the simulation go on."""
        self._wait(size)
        data = bytes(self._incoming[:size])
        del self._incoming[:size]
        return data

    @resume
    async def _wait(self, size: int) -> None:
        """Let the simulation go on until `size` bytes are there or the time is over."""
        left = self.timeout if self.timeout is not None else 1.0
        while len(self._incoming) < size and left > 0:
            await Timer(CLOCK_NS * 64, "ns")
            left -= CLOCK_NS * 64e-9
            self._elapsed += CLOCK_NS * 64e-9

    def close(self) -> None:
        """The simulation goes on."""
