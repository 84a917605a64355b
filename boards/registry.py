"""The boards that SpikeLoom knows, by name."""

from __future__ import annotations

from spikeloom.errors import InputError

from .definition import BoardDefinition
from .icebreaker import ICEBREAKER, ICEBREAKER_LEARNING
from .ulx3s import ULX3S, ULX3S_LEARNING

LEARNING = "-learning"
"""What the name of a board ends with when the core that it gets by default learns."""

BOARDS: dict[str, BoardDefinition] = {
    board.name: board for board in (ICEBREAKER, ULX3S, ICEBREAKER_LEARNING, ULX3S_LEARNING)
}


def board_named(name: str) -> BoardDefinition:
    """Look a board up; `InputError` names those that there are."""
    try:
        return BOARDS[name]
    except KeyError:
        known = ", ".join(BOARDS)
        raise InputError(f"there is no board named {name!r}; known are {known}") from None
