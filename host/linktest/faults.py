"""A line that spoils what it carries, reproducibly: to show what a link survives."""

from __future__ import annotations

import dataclasses
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from spikeloom.hdl.contract.errors import InputError

from ..link.link import Port
from .port_wrapper import PortWrapper

HOLD_BYTES = 32
"""A delayed byte comes after 1…HOLD_BYTES of the bytes that follow it,"""
HOLD_SECONDS = 5e-3
"""or after so much time, if they do not follow."""


@dataclass(frozen=True)
class FaultRates:
    """Probability that a byte meets a fault, by kind; a byte meets one fault at most.

    Attributes
    ----------
    drop : it does not arrive.
    flip : one of its bits arrives inverted.
    duplicate : it arrives twice.
    delay : it arrives behind bytes that were sent after it.
    insert : a random byte arrives before it.
    """

    drop: float = 0.0
    flip: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    insert: float = 0.0

    def __post_init__(self) -> None:
        rates = dataclasses.asdict(self)
        for kind, rate in rates.items():
            if not 0 <= rate <= 1:
                raise InputError(f"the rate of {kind} faults is {rate}; give 0…1 per byte")
        if self.total > 1:
            raise InputError(
                f"the fault rates add up to {self.total:g}; give at most 1 for all kinds together, "
                f"that is {1 / len(rates):g} for each"
            )

    @property
    def total(self) -> float:
        """Probability that a byte meets a fault of any kind."""
        return math.fsum(dataclasses.astuple(self))

    @classmethod
    def of_every_kind(cls, rate: float) -> FaultRates:
        """The same rate for every kind."""
        return cls(**dict.fromkeys(FAULT_KINDS, rate))


FAULT_KINDS = tuple(field.name for field in dataclasses.fields(FaultRates))


@dataclass
class _Held:
    """A delayed byte, the position in the stream that it comes before, and its last moment."""

    value: int
    position: int
    deadline: float


class FaultyLine:
    """One direction of a line.  What it spoils depends on the seed and on the bytes' positions.

    Attributes
    ----------
    counts : faults so far, by kind.
    carried : bytes that went in.
    """

    def __init__(
        self, rates: FaultRates, seed: int | str, hold_seconds: float = HOLD_SECONDS
    ) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys(FAULT_KINDS, 0))
        self.carried = 0
        self._total = rates.total
        self._weights = dataclasses.astuple(rates)
        self._random = random.Random(seed)
        self._hold_seconds = hold_seconds
        self._held: list[_Held] = []
        self._next_fault = self._gap()

    def carry(self, data: bytes, now: float) -> bytes:
        """What arrives when `data` is sent at time `now`."""
        first, end = self.carried, self.carried + len(data)
        out = bytearray(self.overdue(now))
        while True:
            release = min((held.position for held in self._held), default=end)
            stop = int(min(end, release, self._next_fault))
            out += data[self.carried - first : stop - first]
            self.carried = stop
            if self._held and release == stop:
                out += self._release(lambda held: held.position == stop)  # noqa: B023
            elif stop == end:
                return bytes(out)
            else:
                self.carried += 1
                out += self._spoil(data[stop - first], now)
                self._next_fault = self.carried + self._gap()

    def overdue(self, now: float) -> bytes:
        """Delayed bytes whose time is over."""
        return self._release(lambda held: held.deadline <= now)

    @property
    def deadline(self) -> float:
        """When the next delayed byte comes at the latest; infinite when none is held back."""
        return min((held.deadline for held in self._held), default=math.inf)

    def _gap(self) -> float:
        """Bytes that get through before the next fault: geometrically distributed."""
        if self._total == 0:
            return math.inf
        if self._total >= 1:
            return 0
        return math.floor(math.log1p(-self._random.random()) / math.log1p(-self._total))

    def _spoil(self, value: int, now: float) -> bytes:
        """What arrives at once in place of the byte `value`."""
        (kind,) = self._random.choices(FAULT_KINDS, self._weights)
        self.counts[kind] += 1
        if kind == "flip":
            return bytes([value ^ 1 << self._random.randrange(8)])
        if kind == "duplicate":
            return bytes([value, value])
        if kind == "insert":
            return bytes([self._random.randrange(256), value])
        if kind == "delay":
            position = self.carried + self._random.randint(1, HOLD_BYTES)
            self._held.append(_Held(value, position, now + self._hold_seconds))
        return b""

    def _release(self, due: Callable[[_Held], bool]) -> bytes:
        if not self._held:
            return b""
        released = bytes(held.value for held in self._held if due(held))
        self._held = [held for held in self._held if not due(held)]
        return released


class FaultyPort(PortWrapper):
    """A port whose line drops, flips, doubles, delays and inserts bytes.

    Which bytes of each direction it spoils, and how, depends on the seed alone, however they are
    divided over calls.  A delayed byte which nothing follows arrives by time, which in a simulation
    is simulated time.

    Parameters
    ----------
    port : the port behind it.
    rates : faults in both directions; a number stands for that rate of every kind.
    seed : chooses the faults.
    to_board, to_host : rates of one direction, in place of `rates`.
    hold_seconds : time after which a delayed byte arrives in any case.

    Attributes
    ----------
    to_board, to_host : the two directions, with their counts.
    """

    def __init__(
        self,
        port: Port,
        rates: FaultRates | float = 0.0,
        seed: int = 0,
        *,
        to_board: FaultRates | None = None,
        to_host: FaultRates | None = None,
        hold_seconds: float = HOLD_SECONDS,
    ) -> None:
        super().__init__(port)
        if not isinstance(rates, FaultRates):
            rates = FaultRates.of_every_kind(rates)
        self.to_board = FaultyLine(to_board or rates, f"{seed} to board", hold_seconds)
        self.to_host = FaultyLine(to_host or rates, f"{seed} to host", hold_seconds)
        self._arrived = bytearray()

    @property
    def fault_counts(self) -> dict[str, dict[str, int]]:
        """Faults so far, by direction and kind."""
        return {"to_board": dict(self.to_board.counts), "to_host": dict(self.to_host.counts)}

    @property
    def in_waiting(self) -> int:
        """Bytes that `read` gives without waiting."""
        self._exchange()
        return len(self._arrived)

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes; fewer when `timeout` is over."""
        end = math.inf if self.timeout is None else self._clock() + self.timeout
        self._exchange()
        while len(self._arrived) < size:
            now = self._clock()
            if now >= end:
                break
            until = min(end, self.to_board.deadline, self.to_host.deadline)
            wait = None if until == math.inf else max(0.0, until - now)
            came = self._read_inner(size - len(self._arrived), wait)
            self._arrived += self.to_host.carry(came, self._clock())
            self._exchange()
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        return data

    def write(self, data: bytes, /) -> int:
        """Send `data`, or what becomes of it."""
        self.inner.write(self.to_board.carry(data, self._clock()))
        return len(data)

    def _exchange(self) -> None:
        """Take what has come, and let go of delayed bytes whose time is over."""
        now = self._clock()
        if late := self.to_board.overdue(now):
            self.inner.write(late)
        waiting = self.inner.in_waiting
        self._arrived += self.to_host.carry(self.inner.read(waiting) if waiting else b"", now)
