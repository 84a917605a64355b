"""The boards that SpikeLoom knows, by name."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.hdl import FabricConfig
from spikeloom.hdl.contract.errors import InputError

from .chip_config import fabric_of
from .definition import BoardDefinition
from .icebreaker import ICEBREAKER, ICEBREAKER_LEARNING
from .ulx3s import ULX3S, ULX3S_FABRIC, ULX3S_FABRIC_16, ULX3S_LEARNING

LEARNING = "-learning"
"""What the name of a board ends with when the core that it gets by default learns."""

BOARDS: dict[str, BoardDefinition] = {
    board.name: board
    for board in (
        ICEBREAKER,
        ULX3S,
        ICEBREAKER_LEARNING,
        ULX3S_LEARNING,
        ULX3S_FABRIC,
        ULX3S_FABRIC_16,
    )
}


def board_named(name: str) -> BoardDefinition:
    """Look a board up; `InputError` names those that there are."""
    try:
        return BOARDS[name]
    except KeyError:
        known = ", ".join(BOARDS)
        raise InputError(f"there is no board named {name!r}; known are {known}") from None


def fabric_named(name: str, cores: int) -> BoardDefinition:
    """The definition with a fabric of so many cores, by the name of any definition of the board.

    Where none has so many, it is that of the board's next larger fabric (or of its largest), resized, whose
    clock suits them. Raises `InputError` for an unknown board, one without a fabric, and a number that
    makes no mesh.
    """
    platform = board_named(name).platform
    fabrics = {
        board.config.cores: board
        for board in BOARDS.values()
        if isinstance(board.config, FabricConfig) and board.platform == platform
    }
    if not fabrics:
        known = [n for n, board in BOARDS.items() if isinstance(board.config, FabricConfig)]
        raise InputError(
            f"{name} has no fabric of cores; those that have one are {', '.join(known)}"
        )
    next_larger = min((n for n in fabrics if n >= cores), default=max(fabrics))
    if next_larger == cores:
        return fabrics[cores]
    chosen = fabrics[next_larger]
    resized = f"{fabrics[min(fabrics)].name}-{cores}"
    return replace(chosen, name=resized, config=fabric_of(chosen.core, cores))
