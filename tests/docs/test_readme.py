"""What README.md tells a newcomer to type: the snippet runs, and the commands are there."""

import ast
import itertools
import re
import shlex
import sys
from pathlib import Path

import pytest

import spikeloom
from spikeloom import cli
from spikeloom.hdl import CoreConfig

TEXT = (Path(__file__).parents[2] / "README.md").read_text()
(SNIPPET,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
(CORE,) = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^    (spikeloom .*?)(?:  +.*)?$", TEXT, re.MULTILINE)


@pytest.fixture
def counted(tmp_path, monkeypatch, capsys):
    """The snippet has run here, with the golden model in place of the twin; its counters."""
    monkeypatch.chdir(tmp_path)
    assert SNIPPET.count('"twin:"') == 1
    exec(SNIPPET.replace('"twin:"', '"golden:"'), {})
    Path("core.toml").write_text(CORE)
    return ast.literal_eval(capsys.readouterr().out)


def test_the_snippet_makes_a_network_that_fires_and_fits(counted):
    assert counted["steps"] == 200
    assert counted["spikes"] > 100
    assert counted["clamps"] == 0
    assert spikeloom.Design.load("net.slm").populations == {"cells": slice(0, 8)}
    assert CoreConfig.from_toml(CORE).lanes == 4


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_are_there_and_so_are_their_files(command, counted, monkeypatch, capsys):
    words = shlex.split(command)
    for before, name in itertools.pairwise(words):
        assert before == "-o" or not name.endswith((".slm", ".toml")) or Path(name).exists()
    name = words[1:3] if words[1] == "demo" else words[1:2]
    monkeypatch.setattr(sys, "argv", ["spikeloom", *name, "--help"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    text = capsys.readouterr().out
    assert [option for option in re.findall(r"--\w+", command) if option not in text] == []


@pytest.mark.parametrize(
    "command",
    [
        c
        for c in COMMANDS
        if c.startswith(("spikeloom info --design", "spikeloom verilog", "spikeloom place"))
    ],
)
def test_commands_that_need_no_compiler_run(command, counted, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    assert "-o core.v" not in command or Path("core.v").read_text().startswith("/*")
