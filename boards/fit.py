"""Does a core fit a board?  And if not: by how much, and what would."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.core_config import ceil_div
from spikeloom.hdl.contract.errors import FitError

from .chip_config import ChipConfig, core_of, cores_of, fabric_of, mesh_of_at_most
from .definition import BoardDefinition
from .elaborate import Plan, elaborate
from .families import Family
from .report import Utilisation
from .tools import OnLine

SMALL_MEMORY_BITS = 1024
"""Memories up to this size are not counted: Yosys may make them of logic."""

_MEMORY = re.compile(r"^((?:\s*attribute .*\n)*)\s*memory width (\d+) size (\d+)", re.MULTILINE)
"""A memory with its attributes, one of which may say that it is made of look-up tables."""


@dataclass(frozen=True)
class MemoryNeed:
    """Least number of block RAMs and SPRAMs that a design needs."""

    block_rams: int
    srams: int


def blocks_for(width: int, depth: int, family: Family) -> int:
    """Block RAMs of the best shape for a memory of `depth` words of `width` bits."""
    return min(ceil_div(width, w) * ceil_div(depth, d) for w, d in family.block_ram_shapes)


def memory_need(rtlil: str, family: Family) -> MemoryNeed:
    """What the memories of an elaborated design need; a lower bound (`SMALL_MEMORY_BITS`)."""
    shapes = [
        (int(width), int(depth))
        for attributes, width, depth in _MEMORY.findall(rtlil)
        if '"distributed"' not in attributes
    ]
    large = [(w, d) for w, d in shapes if w * d > SMALL_MEMORY_BITS]
    # Memories of which the cells are instantiated are none for Yosys.
    instantiated = _count_cells(rtlil, family.flow.block_ram) if family.flow else 0
    return MemoryNeed(
        block_rams=instantiated + sum(blocks_for(w, d, family) for w, d in large),
        srams=_count_cells(rtlil, family.sram.cell) if family.sram else 0,
    )


def _count_cells(rtlil: str, kind: str) -> int:
    return len(re.findall(rf"^\s*cell \\{kind} ", rtlil, re.MULTILINE))


def least_need(board: BoardDefinition, config: ChipConfig) -> MemoryNeed:
    """What the weights alone need at least, however they are laid out; found without elaborating."""
    core, cores = core_of(config), cores_of(config)
    words = core.axons * core.layout.groups
    bits = words * core.lanes * core.weight_bits
    if board.storage_for(config) == "spram":
        return MemoryNeed(block_rams=0, srams=cores * core.lanes)
    if words * core.weight_bits <= SMALL_MEMORY_BITS:
        return MemoryNeed(0, 0)
    return MemoryNeed(cores * ceil_div(bits, board.fpga.block_ram_bits), srams=0)


def weights_need(board: BoardDefinition, config: CoreConfig) -> MemoryNeed:
    """What the weights alone come to, a bank for each lane, counted as `memory_need` counts."""
    words, lanes = config.axons * config.layout.groups, config.lanes
    if board.storage_for(config) == "spram":
        return MemoryNeed(block_rams=0, srams=lanes)
    if words * config.weight_bits <= SMALL_MEMORY_BITS:
        return MemoryNeed(0, 0)
    return MemoryNeed(lanes * blocks_for(config.weight_bits, words, board.fpga.family), srams=0)


def _overfull(board: BoardDefinition, need: MemoryNeed) -> list[Utilisation]:
    rows = (
        Utilisation("block RAM", need.block_rams, board.fpga.block_rams),
        Utilisation("SPRAM", need.srams, board.fpga.srams),
    )
    return [row for row in rows if row.used > row.available]


def overfull_memories(board: BoardDefinition, plan: Plan) -> list[Utilisation]:
    """Memories of which the elaborated design needs more than the board has."""
    return _overfull(board, memory_need(plan.rtlil, board.fpga.family))


def too_much(
    board: BoardDefinition, config: ChipConfig, over: list[Utilisation], what: str = "it needs"
) -> str:
    """The part of a `FitError` that says which resource lacks by how much."""
    lacking = ", ".join(
        f"{row.used} {row.resource} of {row.available} ({row.used - row.available} too many)"
        for row in over
    )
    kind = "fabric" if isinstance(config, FabricConfig) else "core"
    return f"this {kind} does not fit {board.title}: {what} {lacking}"


def elaborate_checked(
    board: BoardDefinition, config: ChipConfig, show: OnLine | None = None
) -> Plan:
    """Elaborate and check the memories; `FitError` says what would fit, `show` what is tried."""
    over = _overfull(board, least_need(board, config))
    if over:  # elaborating a memory of many megabits would take minutes
        problem = too_much(board, config, over, "its weights alone need at least")
        raise FitError(f"{problem}; {_smaller(board, config, show)}")
    try:
        plan = elaborate(board, config)
    except FitError as error:
        raise FitError(f"{error}; {_smaller(board, config, show)}") from error
    over = overfull_memories(board, plan)
    if over:
        raise FitError(f"{too_much(board, config, over)}; {_smaller(board, config, show)}")
    return plan


def _elaborated_need(board: BoardDefinition, config: ChipConfig) -> MemoryNeed | None:
    """What the memories need, or None when that is certainly too much."""
    if _overfull(board, least_need(board, config)):
        return None
    try:
        plan = elaborate(board, config)
    except FitError:
        return None
    need = memory_need(plan.rtlil, board.fpga.family)
    return None if _overfull(board, need) else need


def _smaller(board: BoardDefinition, config: ChipConfig, show: OnLine | None) -> str:
    """Advice: the most cores whose memories fit, or else the largest core."""
    if not isinstance(config, FabricConfig):
        return _smaller_memory(board, config, show)

    def need(cores: int) -> MemoryNeed | None:
        if show is not None:
            show(f"what would fit? cores: {cores}")
        return _elaborated_need(board, fabric_of(core, cores))

    core = config.core
    one = need(1)
    if one is None:
        return f"not even one of these cores does; {_smaller_memory(board, core, show)}"
    two = need(2)
    cores = 1
    if two is not None:
        rams, srams = two.block_rams - one.block_rams, two.srams - one.srams
        # All that is over beside the first core, in units of what the second one added.
        more = [(board.fpga.block_rams - one.block_rams) // rams] if rams else []
        more += [(board.fpga.srams - one.srams) // srams] if srams else []
        cores = mesh_of_at_most(min([config.cores - 1, *(1 + n for n in more)]))
    return f"at most {cores} of these cores fit"


def _smaller_memory(board: BoardDefinition, config: CoreConfig, show: OnLine | None) -> str:
    """Advice: the most axons, or else the most neurons, whose memories fit."""

    def need(**sizes: int) -> MemoryNeed | None:
        if show is not None:
            show(f"what would fit? {', '.join(f'{n} {what}' for what, n in sizes.items())}")
        return _elaborated_need(board, replace(config, **sizes))  # type: ignore[arg-type]

    smallest = need(axons=1)
    if smallest is not None:
        weights = weights_need(board, replace(config, axons=1))

        def seems_to_fit(axons: int) -> bool:
            more = weights_need(board, replace(config, axons=axons))
            rams = smallest.block_rams + more.block_rams - weights.block_rams
            srams = smallest.srams + more.srams - weights.srams
            return not _overfull(board, MemoryNeed(rams, srams))

        guess = largest(config.axons, seems_to_fit)
        axons = largest(config.axons, lambda n: need(axons=n) is not None, guess)
        return f"with {config.neurons} neurons, at most {max(axons, 1)} axons fit"
    least = config.lanes
    neurons = largest(config.neurons, lambda n: n >= least and need(axons=1, neurons=n) is not None)
    if neurons:
        return f"even with one axon, at most {neurons} neurons fit"
    return "no size of this core fits; use fewer lanes"


def largest(below: int, fits: Callable[[int], bool], guess: int | None = None) -> int:
    """Largest n in 1 … below - 1 that fits, assuming that whatever is smaller fits too; or 0.

    A good `guess` saves calls of `fits`.
    """
    low, high, stride = 0, below, 1
    while high - low > 1:
        # From the guess outwards in doubling strides, then by halves.
        middle = (low + high) // 2
        if guess is not None and low < guess < high:
            middle = guess
        if fits(middle):
            low = middle
            guess = None if guess is None else low + stride
        else:
            high = middle
            guess = None if guess is None else high - stride
        stride *= 2
    return low
