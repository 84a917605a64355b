"""Does a core fit a board?  And if not: by how much, and what would."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from spikeloom.errors import FitError
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.config import ceil_div

from .definition import BoardDefinition, Family
from .elaborate import Plan, elaborate
from .report import Utilisation

ASPECTS: dict[Family, tuple[tuple[int, int], ...]] = {
    "ice40": ((16, 256), (8, 512), (4, 1024), (2, 2048)),
    "ecp5": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
}
"""Shapes of a block RAM: bits per word, words."""

SMALL_MEMORY_BITS = 1024
"""Memories up to this size are not counted: Yosys may make them of logic."""

_MEMORY = re.compile(r"^\s*memory width (\d+) size (\d+)", re.MULTILINE)
_SPRAM = re.compile(r"^\s*cell \\SB_SPRAM256KA ", re.MULTILINE)


@dataclass(frozen=True)
class MemoryNeed:
    """Least number of block RAMs and SPRAMs that a design needs."""

    block_rams: int
    srams: int


def blocks_for(width: int, depth: int, family: Family) -> int:
    """Block RAMs of the best shape for a memory of `depth` words of `width` bits."""
    return min(ceil_div(width, w) * ceil_div(depth, d) for w, d in ASPECTS[family])


def memory_need(rtlil: str, family: Family) -> MemoryNeed:
    """What the memories of an elaborated design need; a lower bound (`SMALL_MEMORY_BITS`)."""
    shapes = [(int(width), int(depth)) for width, depth in _MEMORY.findall(rtlil)]
    large = [(w, d) for w, d in shapes if w * d > SMALL_MEMORY_BITS]
    return MemoryNeed(
        block_rams=sum(blocks_for(w, d, family) for w, d in large),
        srams=len(_SPRAM.findall(rtlil)),
    )


def overfull_memories(board: BoardDefinition, plan: Plan) -> list[Utilisation]:
    """Memories of which the elaborated design needs more than the board has."""
    need = memory_need(plan.rtlil, board.fpga.family)
    rows = (
        Utilisation("block RAM", need.block_rams, board.fpga.block_rams),
        Utilisation("SPRAM", need.srams, board.fpga.srams),
    )
    return [row for row in rows if row.used > row.available]


def too_much(board: BoardDefinition, over: list[Utilisation]) -> str:
    """The part of a `FitError` that says which resource lacks by how much."""
    lacking = ", ".join(
        f"{row.used} {row.resource} of {row.available} ({row.used - row.available} too many)"
        for row in over
    )
    return f"this core does not fit {board.title}: it needs {lacking}"


def elaborate_checked(board: BoardDefinition, config: CoreConfig) -> Plan:
    """Elaborate and check the memories; `FitError` says what would fit."""
    try:
        plan = elaborate(board, config)
    except FitError as error:
        raise FitError(f"{error}; {_smaller_memory(board, config)}") from error
    over = overfull_memories(board, plan)
    if over:
        raise FitError(f"{too_much(board, over)}; {_smaller_memory(board, config)}")
    return plan


def _memories_fit(board: BoardDefinition, config: CoreConfig) -> bool:
    try:
        return not overfull_memories(board, elaborate(board, config))
    except FitError:
        return False


def _smaller_memory(board: BoardDefinition, config: CoreConfig) -> str:
    """Advice: the most axons, or else the most neurons, whose memories fit."""
    axons = largest(config.axons, lambda n: _memories_fit(board, replace(config, axons=n)))
    if axons:
        return f"with {config.neurons} neurons, at most {axons} axons fit"
    least = config.lanes
    neurons = largest(
        config.neurons,
        lambda n: n >= least and _memories_fit(board, replace(config, axons=1, neurons=n)),
    )
    if neurons:
        return f"even with one axon, at most {neurons} neurons fit"
    return "no size of this core fits; use fewer lanes"


def largest(below: int, fits: Callable[[int], bool]) -> int:
    """Largest n in 1 … below - 1 that fits, assuming that whatever is smaller fits too; or 0."""
    low, high = 0, below
    while high - low > 1:
        middle = (low + high) // 2
        if fits(middle):
            low = middle
        else:
            high = middle
    return low
