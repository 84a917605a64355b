"""docs/how-to/add-a-board.md, followed word for word in a folder outside the repository."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import spikeloom
from spikeloom.boards import find_board
from spikeloom.boards.elaborate import elaborate

TEXT = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-board.md").read_text()
FOLLOWED = (
    "<!-- not run: tests/docs/test_add_a_board.py follows this page, outside the repository -->"
)
BLOCK = re.compile(rf"^{re.escape(FOLLOWED)}\n\n```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def run(command: list[str], folder: Path) -> str:
    scripts = str(Path(sys.executable).parent)
    path = os.pathsep.join((scripts, os.environ["PATH"]))
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder in which the page was followed, and what its commands printed."""
    folder = tmp_path_factory.mktemp("reader")
    printed: dict[str, str] = {}
    for language, text in BLOCK.findall(TEXT):
        if language == "python":
            name = re.match(r"# (\w+\.py)\n", text)
            assert name is not None, "a Python block of this page begins with the name of its file"
            (folder / name[1]).write_text(text)
            run([sys.executable, name[1]], folder)
        else:
            for command in re.findall(r"^\$ (.*)$", text, re.MULTILINE):
                printed[command] = run(shlex.split(command), folder)
    return folder, printed


def test_the_page_can_be_followed(followed: tuple[Path, dict[str, str]]) -> None:
    folder, printed = followed
    assert len(printed) == 5
    assert "my-board" in printed["spikeloom boards my_board.py"]
    assert "32" in printed["spikeloom build --board my_board.py --estimate"]
    assert "(* top =" in (folder / "chip.v").read_text()
    board = find_board(folder / "my_board.py")
    assert spikeloom.Design.load(folder / "net.slm").config == board.config


def test_the_board_of_the_page_can_be_built(followed: tuple[Path, dict[str, str]]) -> None:
    board = find_board(followed[0] / "my_board.py")
    plan = elaborate(board, board.config)
    assert "SB_PLL40_CORE" in plan.rtlil
    assert "--hx8k" in plan.commands["nextpnr-ice40"]
    assert "-device hx -abc9" in str(plan.files["top.ys"])
