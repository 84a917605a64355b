"""Boards by name, from files, and from other packages."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spikeloom import boards
from spikeloom.boards import (
    BOARDS,
    BoardDefinition,
    board_named,
    fabric_named,
    fabric_of,
    find_board,
    presets_of,
    registry,
)
from spikeloom.boards.board_file import read_board_file
from spikeloom.boards.registry import Registry, learning_preset
from spikeloom.hdl.contract.errors import InputError

COPY = """
from dataclasses import replace
from spikeloom.boards import BOARDS as KNOWN
one = replace(KNOWN["ulx3s"], name="one", platform="a_module:OnePlatform")
two = replace(KNOWN["ulx3s-learning"], name="two", platform="a_module:OnePlatform")
"""


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str) -> Path:
        file = tmp_path / "my_board.py"
        file.write_text(text)
        return file

    return write


def test_all_ways_to_name_a_board(write: Any) -> None:
    ulx3s = BOARDS["ulx3s"]
    assert find_board("ulx3s") is find_board(ulx3s) is ulx3s
    file = write(COPY + "BOARDS = (one, two)\n")
    assert find_board(file).name == find_board(str(file)).name == "one"
    assert find_board(f"{file}:two").name == "two"
    assert find_board(write(COPY + "board = two\nBOARDS = [one, two]\n")).name == "two"
    imported = write(COPY + "from spikeloom.boards import BOARDS\nboard = one\n")
    assert [board.name for board in read_board_file(imported)] == ["one"]
    with pytest.raises(InputError, match=r"board is 5; give a name"):
        find_board(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", r"my_board\.py defines no board; define a BoardDefinition named `board`"),
        ("board = 5\n", r"my_board\.py: 5 is no BoardDefinition"),
        ("BOARDS = 5\n", r"my_board\.py defines no board"),
        ("\n\nx = 1 / 0\n", r"my_board\.py, line 3: ZeroDivisionError: division by zero"),
        ("x = (\n", r"my_board\.py, line 1: '\(' was never closed"),
        ("raise SystemExit('no')\n", r"my_board\.py, line 1: SystemExit: no"),
        (COPY + "board = replace(one, baud=0)\n", r"line 6: ConfigError: 0 baud at a clock"),
        (
            COPY + "board = one\nBOARDS = (replace(two, name='one'),)\n",
            "two boards are named 'one'",
        ),
    ],
)
def test_a_file_that_is_wrong(write: Any, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_board(write(text))


def test_a_file_or_a_name_that_is_not_there(write: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file .*none\.py"):
        find_board(tmp_path / "none.py")
    file = write(COPY + "BOARDS = (one, two)\n")
    with pytest.raises(InputError, match="no board 'three'; it has one, two"):
        find_board(f"{file}:three")
    for wrong in (f"{file}x", f"{file}:"):
        with pytest.raises(InputError, match=f"{re.escape(wrong)}.*is no board file"):
            find_board(wrong)
    with pytest.raises(InputError, match=r"known are icebreaker, .*my_board\.py"):
        find_board("icebraker")


def test_presets_are_definitions_of_one_platform(write: Any) -> None:
    names = [board.name for board in presets_of("ulx3s-learning")]
    assert names == ["ulx3s-learning", "ulx3s", "ulx3s-fabric", "ulx3s-fabric-16"]
    assert [board.name for board in presets_of("icebreaker")] == [
        "icebreaker", "icebreaker-learning"
    ]  # fmt: skip
    file = write(COPY + "BOARDS = (one, two)\n")
    assert [board.name for board in presets_of(file)] == ["one", "two"]
    assert learning_preset(file).name == "two"
    assert learning_preset("icebreaker") is BOARDS["icebreaker-learning"]
    with pytest.raises(InputError, match=r"one has no core that learns; .* icebreaker-learning"):
        learning_preset(write(COPY + "board = one\n"))
    with pytest.raises(InputError, match=r"one has no fabric.*ulx3s-fabric"):
        fabric_named(file, 4)


def test_a_fabric_of_a_file(write: Any) -> None:
    file = write(
        COPY
        + 'BOARDS = (one, replace(KNOWN["ulx3s-fabric"], platform=one.platform, name="four"))\n'
    )
    assert fabric_named(file, 4).name == "four"
    assert fabric_named(file, 2).config == fabric_of(BOARDS["ulx3s-fabric"].core, 2)


MINE = replace(BOARDS["ulx3s"], name="mine")


def entry_points(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Packages whose entry points lead to these values."""
    module = SimpleNamespace(**values)
    monkeypatch.setitem(sys.modules, "their_boards", module)  # type: ignore[arg-type]
    points = [EntryPoint(n, f"their_boards:{n}", registry.ENTRY_POINTS) for n in values]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)


@pytest.mark.parametrize(
    "value",
    [MINE, (MINE,), [MINE, MINE], SimpleNamespace(board=MINE), SimpleNamespace(BOARDS=(MINE,))],
)
def test_boards_of_other_packages(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    entry_points(monkeypatch, mine=value)
    found = Registry()
    assert list(found) == [*BOARDS, "mine"]
    assert found["mine"] == MINE
    monkeypatch.setattr(registry, "BOARDS", found)
    assert board_named("mine") == MINE


def test_a_package_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = replace(MINE, name="icebreaker")
    entry_points(monkeypatch, five=5, taken=taken, mine=MINE)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = dict(Registry())
    messages = [str(warning.message) for warning in caught]
    assert any("'five' gives no boards" in message for message in messages)
    assert any("'icebreaker'" in m and "left out" in m for m in messages)
    assert found["icebreaker"] is not taken
    assert found["mine"] == MINE


def test_boards_are_read_without_gateware_and_tools() -> None:
    code = (
        "import sys\n"
        "from spikeloom.boards import BOARDS, BoardDefinition\n"
        "list(BOARDS)\n"
        "heavy = {'amaranth', 'amaranth_boards', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there() -> None:
    for name in boards.__all__:
        assert getattr(boards, name)
    assert set(boards.__all__) <= set(dir(boards))
    assert isinstance(boards.BOARDS["ulx3s"], BoardDefinition)
    with pytest.raises(AttributeError, match="nothing"):
        _ = boards.nothing
