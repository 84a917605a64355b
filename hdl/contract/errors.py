"""Errors and warnings that a user can see, and how they show what was given.

Every message says what to do next.
"""

from __future__ import annotations


class SpikeLoomError(Exception):
    """Base of all errors that a user can cause or fix; the command line prints them without a traceback."""


class PortError(SpikeLoomError):
    """The port does not exist, is busy, or may not be opened."""


class LinkError(SpikeLoomError):
    """The line lost or corrupted data, or the board does not answer."""


class WrongBoardError(SpikeLoomError):
    """The board answers, but was built for another configuration or another SpikeLoom."""


class BoardRefusedError(SpikeLoomError):
    """The board refused a command: bad address, no image loaded, or another step was due."""


class FitError(SpikeLoomError):
    """The network does not fit the core; the message says by how much, and what would fit."""


class InputError(SpikeLoomError, ValueError):
    """An argument of the wrong shape, type or range."""


class ForeignNetworkError(InputError):
    """Another tool's network that cannot be read or mapped; the message names the place and the reason.

    Attributes
    ----------
    place, reason : of the message, apart; empty where it is about the whole.
    """

    def __init__(self, message: str, place: str = "", reason: str = "") -> None:
        super().__init__(message)
        self.place, self.reason = place, reason


class MissingToolError(SpikeLoomError):
    """A compiler or tool is not installed; the message says how to get it."""


class DesignError(SpikeLoomError):
    """A saved design cannot be read or written; the message says why."""


class FitWarning(UserWarning):
    """The compiled network cannot realise behaviour that was requested; the message says what would."""


class FallbackWarning(UserWarning):
    """What was asked for does not apply, and something slower with the same results took its place."""


class LineWarning(UserWarning):
    """The line does not carry the requested rate."""


class RoundingWarning(UserWarning):
    """Values were written to a device in the network's unit, and the nearest that it holds are others."""


_LONGEST = 60


def shown(value: object) -> str:
    """The value's `repr`, on one line and cut short; its type where that fails."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a user's own class, or an integer of too many digits
        return f"an object of type {type(value).__name__}"
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({type(value).__name__})"
