"""A link to the board behind a port, at the first rate at which it answers."""

from __future__ import annotations

from functools import partial
from typing import Any

from spikeloom.hdl.contract.errors import InputError, LinkError

from ..bus.line_rate import tune
from ..link.link import Link
from ..link.port import Port
from ..link.port_owner import Claim
from ..link.serial_port import open_serial
from .known_boards import default_rates


def open_link(
    where: str,
    baud: int | None,
    timeout: float,
    claim: Claim | None = None,
    *,
    line_rate: int | None = None,
    **options: Any,
) -> Link:
    """A port with an open link, at the first rate at which the board answers.

    `claim` follows the port's name when the port is opened again after it was lost.
    """
    rates = [baud] if baud is not None else default_rates()
    for rate in rates:
        name = where if "://" in where else f"{where} at {rate} baud"
        plug = partial(_plug, where, rate, claim, options)
        try:
            return tuned_link(Link(plug(), timeout, name, reconnect=plug), line_rate)
        except LinkError:
            if rate == rates[-1]:
                raise
    raise InputError("no baud rate was given")


def tuned_link(link: Link, line_rate: int | None) -> Link:
    """Open the link, and bring the line to its rate; a link that cannot be opened is closed."""
    try:
        link.open()
        tune(link, line_rate)
    except BaseException:
        link.close()
        raise
    return link


def _plug(where: str, rate: int, claim: Claim | None, options: dict[str, Any]) -> Port:
    """Open a port, whatever its name leads to now."""
    if claim is not None:
        claim.follow()
    return open_serial(where, rate, **options)
