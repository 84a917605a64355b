"""Boards of the user's own, defined in a Python file anywhere."""

from __future__ import annotations

import runpy
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spikeloom.hdl.contract.errors import InputError

from .definition import BoardDefinition

SUFFIX = ".py"
_NAMES = ("board", "BOARDS")
_EXPECTED = "define a BoardDefinition named `board`, or several in a tuple named `BOARDS`"


def read_board_file(file: str | Path) -> tuple[BoardDefinition, ...]:
    """The definitions in a Python file, in their order: `board`, and those in `BOARDS`.

    The file is run.  Raises `InputError` for a file that is not there, that fails (with its line), or
    that defines no board.
    """
    path = Path(file)
    if not path.is_file():
        raise InputError(f"there is no file {path}; a board file is Python: {_EXPECTED}")
    try:
        found = runpy.run_path(str(path), run_name=path.stem)
    except SyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        where = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)
        ]
        line = f", line {where[-1]}" if where else ""
        raise InputError(f"{path}{line}: {type(error).__name__}: {error}") from error
    return definitions_in(found, str(path))


def definitions_in(value: Any, source: str) -> tuple[BoardDefinition, ...]:
    """The definitions in a module's names, in a collection, or the one itself; without repetitions.

    Raises `InputError`, which begins with `source`, for anything else, and for two of one name.
    """
    boards: dict[str, BoardDefinition] = {}
    for board in _listed(value):
        if not isinstance(board, BoardDefinition):
            raise InputError(f"{source}: {board!r} is no BoardDefinition; {_EXPECTED}")
        if boards.setdefault(board.name, board) != board:
            raise InputError(f"{source}: two boards are named {board.name!r}; rename one")
    if not boards:
        raise InputError(f"{source} defines no board; {_EXPECTED}")
    return tuple(boards.values())


def _listed(value: Any) -> Iterable[Any]:
    if isinstance(value, BoardDefinition):
        return [value]
    if isinstance(value, list | tuple):
        return value
    names = value if isinstance(value, Mapping) else getattr(value, "__dict__", {})
    single = [names["board"]] if "board" in names else []
    # A mapping of this name is not the file's own, but SpikeLoom's registry, imported.
    several = names.get("BOARDS", ())
    return [*single, *(() if isinstance(several, Mapping) else _listed(several))]
