"""The boards that SpikeLoom knows, by name, and those in files of the user's own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from pkgutil import iter_modules

from spikeloom.hdl import FabricConfig
from spikeloom.hdl.contract.errors import InputError

from . import known
from .board_file import SUFFIX, definitions_in, read_board_file
from .chip_config import fabric_of
from .definition import BoardDefinition

ENTRY_POINTS = "spikeloom.boards"
"""Group of the entry points by which other packages add boards: each names a definition, a tuple of them,
or a module with `board` or `BOARDS`."""

_ORDER = ("inference", "learning", "fabric")

BoardLike = str | Path | BoardDefinition
"""A name, a Python file ("my_board.py", or "my_board.py:NAME" where it defines several), or a definition."""


class Registry(Mapping[str, BoardDefinition]):
    """Boards by name: those of SpikeLoom (`spikeloom.boards.known`), then those of other packages."""

    def __getitem__(self, name: str) -> BoardDefinition:
        return self._boards[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._boards)

    def __len__(self) -> int:
        return len(self._boards)

    def __repr__(self) -> str:
        return f"<boards: {', '.join(self)}>"

    @cached_property
    def _boards(self) -> dict[str, BoardDefinition]:
        names = sorted(module.name for module in iter_modules(known.__path__))
        modules = [import_module(f".{name}", known.__name__) for name in names]
        own = [board for module in modules for board in module.BOARDS]
        own.sort(key=lambda board: _ORDER.index(board.preset))
        boards = {board.name: board for board in own}
        for point in entry_points(group=ENTRY_POINTS):
            for board in _boards_of(point):
                if boards.setdefault(board.name, board) is not board:
                    warnings.warn(
                        f"the board {board.name!r} of {_source(point)} is left out: there is "
                        "another one of this name",
                        stacklevel=2,
                    )
        return boards


def _source(point: EntryPoint) -> str:
    package = f" of {point.dist.name}" if point.dist is not None else ""
    return f"the entry point {point.name!r}{package}"


def _boards_of(point: EntryPoint) -> tuple[BoardDefinition, ...]:
    """The boards of another package; a package that fails must not take the others with it."""
    try:
        return definitions_in(point.load(), _source(point))
    except Exception as error:
        warnings.warn(f"{_source(point)} gives no boards: {error}", stacklevel=2)
        return ()


BOARDS: Mapping[str, BoardDefinition] = Registry()


def board_named(name: str) -> BoardDefinition:
    """Look a board up; `InputError` names those that there are."""
    try:
        return BOARDS[name]
    except KeyError:
        raise InputError(
            f"there is no board named {name!r}; known are {', '.join(BOARDS)}, "
            "or name a file of your own: my_board.py"
        ) from None


def find_board(board: BoardLike) -> BoardDefinition:
    """The definition that is meant.  Raises `InputError` for a name that is not known, or a bad file."""
    return presets_of(board)[0]


def presets_of(board: BoardLike) -> tuple[BoardDefinition, ...]:
    """The definition that is meant, then all others of the same board; raises as `find_board`.

    Definitions are of the same board where they have the same platform; they differ in the chip, and in
    its clock.
    """
    if isinstance(board, BoardDefinition):
        chosen, others = board, tuple(BOARDS.values())
    elif not isinstance(board, str | Path):
        raise InputError(f"board is {board!r}; give a name, a Python file, or a BoardDefinition")
    elif SUFFIX in str(board):
        chosen, others = _in_file(str(board))
    else:
        chosen, others = board_named(str(board)), tuple(BOARDS.values())
    return (
        chosen,
        *(b for b in others if b.platform == chosen.platform and b.name != chosen.name),
    )


def _in_file(text: str) -> tuple[BoardDefinition, tuple[BoardDefinition, ...]]:
    """The board that "file.py" or "file.py:name" means, and all that the file defines."""
    file, suffix, rest = text.rpartition(SUFFIX)
    name = rest.removeprefix(":")
    if rest and (not rest.startswith(":") or not name):
        raise InputError(f"{text!r} is no board file; give FILE{SUFFIX}, or FILE{SUFFIX}:NAME")
    boards = read_board_file(file + suffix)
    named = {board.name: board for board in boards}
    if name and name not in named:
        raise InputError(f"{file}{suffix} defines no board {name!r}; it has {', '.join(named)}")
    return (named[name] if name else boards[0]), boards


def learning_preset(board: BoardLike) -> BoardDefinition:
    """The definition of the same board whose one core learns; `InputError` where there is none."""
    presets = presets_of(board)
    for preset in presets:
        if preset.preset == "learning":
            return preset
    raise InputError(f"{presets[0].name} has no core that learns; {_those_with('learning')}")


def fabric_named(board: BoardLike, cores: int) -> BoardDefinition:
    """The definition with a fabric of so many cores, by any definition of the board.

    Where none has so many, it is that of the board's next larger fabric (or of its largest), resized, whose
    clock suits them. Raises `InputError` for an unknown board, one without a fabric, and a number that
    makes no mesh.
    """
    presets = presets_of(board)
    fabrics = {
        preset.config.cores: preset for preset in presets if isinstance(preset.config, FabricConfig)
    }
    if not fabrics:
        raise InputError(f"{presets[0].name} has no fabric of cores; {_those_with('fabric')}")
    next_larger = min((n for n in fabrics if n >= cores), default=max(fabrics))
    if next_larger == cores:
        return fabrics[cores]
    chosen = fabrics[next_larger]
    resized = f"{fabrics[min(fabrics)].name}-{cores}"
    return replace(chosen, name=resized, config=fabric_of(chosen.core, cores))


def _those_with(preset: str) -> str:
    names = [name for name, board in BOARDS.items() if board.preset == preset]
    return f"those that have one are {', '.join(names)}"
