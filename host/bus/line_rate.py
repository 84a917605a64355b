"""The rate of the line: measured when a board is opened, raised on demand, lowered when it must be."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from spikeloom.hdl.contract.errors import InputError, LineWarning, LinkError
from spikeloom.hdl.contract.line_rate import FEWEST_CYCLES_PER_BIT, baud_error, phase_step
from spikeloom.hdl.contract.memory_map import Identity, Region, Register

from ..link.link import Link
from . import protocol

ECHOES = 16
"""Questions of a measurement, about a kilobyte of answers: some milliseconds at 3 Mbaud."""
MOST_LOSSES = 1
"""A rate at which more of these are lost is too high."""
SLOWER = (3_000_000, 2_000_000, 1_000_000, 460_800, 230_400, 115_200)
"""Rates to go down to."""
_ROUNDS = 2
_WORTH_IT = 0.25
"""After so many lower rates no more of the losses than this part may be left."""
_WORDS = Identity.DIGEST_HIGH + 1
_LARGEST_ERROR = 0.02


@dataclass(frozen=True)
class LineQuality:
    """What a measurement found: bits per second, frames lost, and bytes per second of answers."""

    baud: int
    losses: int
    rate: float

    @property
    def good(self) -> bool:
        """Whether the rate may stay."""
        return self.losses <= MOST_LOSSES


def measure(link: Link) -> LineQuality:
    """Ask the board `ECHOES` times who it is, all at once; raises `LinkError` if it falls silent."""
    before, began = _losses(link), link.now()
    reply = 2 * (2 * _WORDS + protocol.READ_EXTRA)
    link.send(ECHOES * protocol.read_request(Region.IDENTITY.base, _WORDS))
    answers = link.receive(ECHOES * reply)
    if answers != ECHOES * answers[:reply]:
        raise LinkError(f"the board at {link.name} contradicts itself")
    return LineQuality(
        link.baudrate or 0,
        _losses(link) - before,
        len(answers) / max(link.now() - began, 1e-9),
    )


def _losses(link: Link) -> int:
    s = link.statistics
    return s.frames_spoiled + s.frames_missed + s.frames_resent


def tune(link: Link, wanted: int | None = None) -> LineQuality:
    """Go over to `wanted` bits per second if the line carries it, and down if not even less.

    Says so by a `LineWarning` when a rate has to be given up.  Raises `InputError` for a rate that
    the board cannot make.
    """
    if not link.baudrate:
        return measure(link)
    if wanted is None or wanted == link.baudrate:
        quality = measure(link)
    else:
        check_rate(_clock_hz(link), wanted)
        quality = go_over(link, wanted)
    first, rounds = quality, 0
    while not quality.good:
        slower = [rate for rate in SLOWER if rate < quality.baud]
        if not slower:
            break
        warnings.warn(
            f"{link.name}: {quality.losses} frames were lost or sent again at {quality.baud} baud; "
            f"trying {slower[0]}. A shorter cable or another adapter may help",
            LineWarning,
            stacklevel=2,
        )
        before, quality = quality.baud, go_over(link, slower[0])
        rounds += 1
        if quality.baud == before:
            break
        if rounds == _ROUNDS and quality.losses > first.losses * _WORTH_IT:
            warnings.warn(
                f"{link.name}: as many frames are lost at {quality.baud} baud; going back to "
                f"{first.baud}. The line spoils bytes for another reason than their rate",
                LineWarning,
                stacklevel=2,
            )
            go_over(link, first.baud, look=False)
            return first
    return quality


def check_rate(clock_hz: int, baud: int) -> None:
    """Raise `InputError` unless a board with this clock can make the rate."""
    if not isinstance(baud, int) or isinstance(baud, bool):
        raise InputError(f"baud is {baud!r}; give an integer, in bits per second")
    most = clock_hz // FEWEST_CYCLES_PER_BIT
    if not 0 < baud <= most:
        raise InputError(f"{baud} baud; with its clock of {clock_hz} Hz the board can do 1…{most}")
    error = baud_error(clock_hz, baud)
    if abs(error) > _LARGEST_ERROR:
        raise InputError(f"{baud} baud would be {error:+.1%} off with a clock of {clock_hz} Hz")


def go_over(link: Link, baud: int, *, look: bool = True) -> LineQuality:
    """Set the rate of both ends and measure; a rate at which the board is silent is given up.

    Without `look` the rate is known to work.
    """
    old = link.baudrate
    assert old is not None
    step = np.array([phase_step(_clock_hz(link), baud)], dtype=np.uint32)
    link.send(protocol.write_request(Region.CONTROL.base + Register.LINE, step))
    reply = protocol.to_halfwords(link.receive(2 * protocol.WRITE_REPLY))
    if reply[-1] != protocol.Status.OK:
        warnings.warn(
            f"{link.name}: this board's line rate is fixed; staying at {old}",
            LineWarning,
            stacklevel=3,
        )
        return measure(link)
    link.set_baudrate(baud)
    if not look:
        return LineQuality(baud, 0, 0.0)
    try:
        return measure(link)
    except LinkError:
        warnings.warn(
            f"{link.name}: nothing comes at {baud} baud; staying at {old}",
            LineWarning,
            stacklevel=3,
        )
        link.set_baudrate(old)
        link.open()  # the board goes back to its own rate after a while
        return measure(link)


def _clock_hz(link: Link) -> int:
    link.send(protocol.read_request(Region.CONTROL.base + Register.CLOCK_HZ, 1))
    words = protocol.to_halfwords(link.receive(2 * (2 + protocol.READ_EXTRA)))
    return max(1, int(protocol.join_words(words[2:-1])[0]))
