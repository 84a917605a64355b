"""A trial of a link: random traffic over a line with faults, and whether all of it got through."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable

import serial

from spikeloom.hdl.contract.errors import SpikeLoomError

from ..design.design import Design
from ..driver.board import Board
from ..link.link import TIMEOUT, Link, Port
from .faults import FaultRates, FaultyPort
from .report import DIRECTIONS, LinkTestReport
from .traffic import Mismatch, Traffic

LARGEST = 16_384
"""Bytes that one command sends or brings, about, at most."""


class MeteredLine(FaultyPort):
    """A faulty line that measures how long nothing gets through.

    Attributes
    ----------
    progress : counts what got through; it is asked whenever somebody reads.
    longest_stall : seconds of the line's time without any progress, at most.
    """

    def __init__(self, port: Port, rates: FaultRates, seed: int) -> None:
        super().__init__(port, rates, seed)
        self.progress: Callable[[], int] = lambda: 0
        self.longest_stall = 0.0
        self._seen = 0
        self._since = self.time

    @property
    def time(self) -> float:
        """The line's time, in seconds."""
        return self._clock()

    def read(self, size: int = 1, /) -> bytes:
        """As every port reads."""
        seen, now = self.progress(), self.time
        self.longest_stall = max(self.longest_stall, now - self._since)
        if seen != self._seen:
            self._seen, self._since = seen, now
        return super().read(size)


class CountedLink(Link):
    """A link that counts the commands that are sent: each is sent as a whole.

    Attributes
    ----------
    commands : how many there were.
    """

    commands = 0

    def send(self, data: bytes, allowance: float = 0.0, run: object = None) -> None:
        """As every link sends."""
        self.commands += 1
        super().send(data, allowance, run)


def link_test(
    port: Port,
    design: Design,
    *,
    rates: FaultRates | float = 0.0,
    seed: int = 0,
    count: int = 10_000,
    timeout: float = TIMEOUT,
    name: str = "the port",
    advance: Callable[[int], object] = lambda count: None,
) -> LinkTestReport:
    """Exchange random traffic over a line with faults, and compare all of it with the golden model.

    What the board held is overwritten.  The port is closed at the end.

    Parameters
    ----------
    port : open, with a board behind it that was built for `design`.
    rates : faults in each direction; a number stands for that rate of every kind.
    seed : chooses faults and traffic.
    count : bytes of commands, and of replies, that get through at least.
    timeout : of the link, in seconds.
    advance : is told of progress, `count` units in all.

    Returns a report, whatever happens: that the link gave up is a finding, too.
    """
    if not isinstance(rates, FaultRates):
        rates = FaultRates.of_every_kind(rates)
    line = MeteredLine(port, rates, seed)
    link = CountedLink(line, timeout, name)
    line.progress = lambda: sum(_delivered(link).values())
    report, began = LinkTestReport(seed), line.time
    try:
        try:
            _exchange(link, design, report, count, advance)
        except (SpikeLoomError, Mismatch) as error:
            report.finding = f"{type(error).__name__}: {error}"
        # A board that cannot be opened has closed its port, and with it a simulated clock.
        with contextlib.suppress(serial.PortNotOpenError):
            report.seconds = line.time - began
        report.longest_stall = line.longest_stall
        report.stream_bytes = _delivered(link)
        report.line_bytes = {k: getattr(line, k).carried for k in DIRECTIONS}
        report.faults = line.fault_counts
        report.statistics = dataclasses.asdict(link.statistics)
    finally:
        link.close()
    return report


def _exchange(
    link: CountedLink,
    design: Design,
    report: LinkTestReport,
    count: int,
    advance: Callable[[int], object],
) -> None:
    board = Board(link, design, progress=False)
    traffic = Traffic(board, report.seed, min(LARGEST, count), lambda: link.commands)
    told = 0
    while told < count:
        done = _delivered(link)
        traffic.exchange(more_out=done["to_board"] < count, more_in=done["to_host"] < count)
        report.commands = link.commands
        least = min(count, *_delivered(link).values())
        advance(least - told)
        told = least
    traffic.check()
    report.commands = link.commands
    counters = board.counters()
    report.counters = {k: value for k, value in counters.items() if k.startswith("link_")}


def _delivered(link: Link) -> dict[str, int]:
    """Bytes of the streams that got through, by direction."""
    statistics = link.statistics
    return {
        "to_board": statistics.stream_bytes_sent,
        "to_host": statistics.stream_bytes_received,
    }
