"""The boards that SpikeLoom knows, by name."""

from __future__ import annotations

from spikeloom.errors import InputError

from .definition import BoardDefinition
from .icebreaker import ICEBREAKER
from .ulx3s import ULX3S

BOARDS: dict[str, BoardDefinition] = {board.name: board for board in (ICEBREAKER, ULX3S)}


def board_named(name: str) -> BoardDefinition:
    """Look a board up; `InputError` names those that there are."""
    try:
        return BOARDS[name]
    except KeyError:
        known = ", ".join(BOARDS)
        raise InputError(f"there is no board named {name!r}; known are {known}") from None
