"""What is known of the boards that can be built: their rates, and whose configuration this is.

Definitions of boards need Amaranth, which a program that only talks to a board can do without until
it asks for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikeloom.hdl import CoreConfig

if TYPE_CHECKING:
    from spikeloom.boards.definition import BoardDefinition


def known_boards() -> dict[str, BoardDefinition]:
    """The boards that can be built, by name."""
    from spikeloom.boards.registry import BOARDS  # needs Amaranth

    return dict(BOARDS)


def default_rates() -> list[int]:
    """Baud rates that the known boards are built with."""
    return list(dict.fromkeys(board.baud for board in known_boards().values()))


def board_with(digest: int) -> str:
    """Name of the known board whose configuration has this digest; "" if there is none."""
    names = (name for name, board in known_boards().items() if board.config.digest == digest)
    return next(names, "")


def core_with(digest: int) -> CoreConfig | None:
    """The configuration of the known board with this digest; None for a fabric, or if there is none."""
    name = board_with(digest)
    config = known_boards()[name].config if name else None
    return config if isinstance(config, CoreConfig) else None
