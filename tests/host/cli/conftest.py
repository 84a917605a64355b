"""A command line in this process, and files and a board for it."""

import sys

import pytest
from designs import CONFIG, DESIGN
from fake_board import FakeBoard

from spikeloom import cli
from spikeloom.link import serial_port


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line; gives exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["spikeloom", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


@pytest.fixture
def core_file(tmp_path):
    file = tmp_path / "core.toml"
    file.write_text(CONFIG.to_toml())
    return file


@pytest.fixture
def design_file(tmp_path):
    file = tmp_path / "net.slm"
    DESIGN.save(file)
    return file


@pytest.fixture
def fake(monkeypatch):
    board = FakeBoard(CONFIG)
    monkeypatch.setattr(serial_port.serial, "serial_for_url", lambda *_, **__: board)
    return board
