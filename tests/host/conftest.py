"""Boards behind a port that processes share."""

import subprocess
import sys
from pathlib import Path

import pytest
from designs import CONFIG, DESIGN
from fake_board import FakeBoard

import spikeloom
from spikeloom.link import serial_port

PORT = "/dev/fake"


@pytest.fixture
def boards(monkeypatch):
    """Boards that were found behind the port, one each time that it was opened."""
    found = []

    def serial_for_url(where, **options):
        assert where == PORT
        assert all(board.closed for board in found), "the port is open already"
        # What it holds outlives the process that opened it.
        found.append(found[0] if found else FakeBoard(CONFIG, window=2048, appetite=10_000))
        found[-1].closed = False
        return found[-1]

    monkeypatch.setattr(serial_port.serial, "serial_for_url", serial_for_url)
    return found


@pytest.fixture
def owner(boards):
    with spikeloom.open(PORT, DESIGN) as board:
        yield board


@pytest.fixture
def client(owner):
    with spikeloom.open(PORT, DESIGN) as board:
        assert board.link.attached
        assert not owner.link.attached
        yield board


@pytest.fixture
def process(request):
    """Another process that owns the port."""
    code = Path(__file__).parents[1] / "support" / "sharing_process.py"
    arguments = [sys.executable, code, *getattr(request, "param", [])]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout.readline() == "ready\n"
        yield owner
        owner.kill()
