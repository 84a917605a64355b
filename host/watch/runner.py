"""The thread that a watched device belongs to."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from spikeloom.hdl.contract.errors import InputError, SpikeLoomError

from .source import LiveSource

PART_SECONDS = 0.05
"""Time that one run may take, about: so long a change waits to take effect."""
POLL_SECONDS = 0.5
"""Time between two readings of counters and thresholds."""
WEIGHT_SECONDS = 1.0
_READ_SHARE = 0.1
"""Part of the time that reading weights may take."""
_RETRY_SECONDS = 1.0
_MAX_PART = 1000
_SMOOTHING = 0.2
_EXPECTED = (SpikeLoomError, OSError)


@dataclass(frozen=True)
class Problem:
    """What went wrong, and when (`time.monotonic`)."""

    message: str
    when: float


class Runner:
    """Steps a source at a pace, between what others ask it to do.

    What fails on the device is kept in `problem` and tried again, so a board may be unplugged and
    plugged in again.

    Parameters
    ----------
    source : nobody else may use its device while the runner runs.
    running : whether to step it from the start.
    pace : steps per second to aim at.

    Attributes
    ----------
    running : step it, or only read back what there is.
    speed : steps per second that are reached.
    problem : the latest, or None.
    """

    def __init__(self, source: LiveSource, *, running: bool = True, pace: float = 500.0) -> None:
        self.source = source
        self.running = running
        self.speed = 0.0
        self.problem: Problem | None = None
        self.set_pace(pace)
        self._asked: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake, self._ended = threading.Event(), threading.Event()
        self._read_at = self._weights_at = 0.0
        self._thread = threading.Thread(target=self._run, name="spikeloom-watch", daemon=True)

    @property
    def pace(self) -> float:
        """Steps per second to aim at."""
        return self._pace

    def set_pace(self, pace: float) -> None:
        """Aim at so many steps per second."""
        if not 0 < pace < float("inf"):
            raise InputError(f"the pace is {pace:g} steps per second; give a positive number")
        self._pace = pace
        self._limit = pace

    def set_running(self, running: bool) -> None:
        """Run or pause."""
        self.running = running
        self._wake.set()

    def ask(self, action: Callable[[], None]) -> None:
        """Have something done with the source, on the device's thread, between two runs."""
        self._asked.put(action)
        self._wake.set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """End after the current part; the device is free afterwards."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            try:
                pause = self._turn(began)
            except _EXPECTED as error:
                self.problem = Problem(str(error), time.monotonic())
                self.speed = 0.0
                pause = _RETRY_SECONDS
            self._wake.wait(max(0.0, began + pause - time.monotonic()))
            self._wake.clear()

    def _turn(self, now: float) -> float:
        """Do what is due; returns seconds from `now` to the next turn."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._asked.get_nowait()()
        if now >= self._read_at:
            weights = now >= self._weights_at
            self.source.read_back(weights=weights)
            done = time.monotonic()
            self._read_at = done + POLL_SECONDS
            if weights:
                self._weights_at = done + max(WEIGHT_SECONDS, (done - now) / _READ_SHARE)
        if not self.running:
            self.speed = 0.0
            return POLL_SECONDS / 2
        steps = min(_MAX_PART, max(1, round(self._limit * PART_SECONDS)))
        began = time.monotonic()
        self.source.advance(steps)
        took = max(time.monotonic() - began, 1e-6)
        # A device slower than the pace gets smaller parts, so that the page stays live.
        self._limit = min(self._pace, 0.5 * (self._limit + steps / took))
        whole = max(time.monotonic() - now, steps / self._pace)
        self.speed += _SMOOTHING * (steps / whole - self.speed)
        return steps / self._pace
