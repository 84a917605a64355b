"""What is known of the boards that can be built: their rates, and whose configuration this is."""

from __future__ import annotations

from spikeloom.boards.registry import BOARDS
from spikeloom.hdl import CoreConfig


def default_rates() -> list[int]:
    """Baud rates that the known boards are built with."""
    return list(dict.fromkeys(board.baud for board in BOARDS.values()))


def board_with(digest: int) -> str:
    """Name of the known board whose configuration has this digest; "" if there is none."""
    names = (name for name, board in BOARDS.items() if board.config.digest == digest)
    return next(names, "")


def core_with(digest: int) -> CoreConfig | None:
    """The configuration of the known board with this digest; None for a fabric, or if there is none."""
    name = board_with(digest)
    config = BOARDS[name].config if name else None
    return config if isinstance(config, CoreConfig) else None
