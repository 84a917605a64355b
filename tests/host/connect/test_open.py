import errno
import subprocess
import sys

import numpy as np
import pytest
import serial
from designs import CONFIG, DESIGN
from fake_board import FakeBoard

import spikeloom
from spikeloom.boards import BOARDS
from spikeloom.connect import board_link
from spikeloom.hdl.contract.errors import InputError, LinkError, PortError, WrongBoardError
from spikeloom.link import serial_port


@pytest.fixture
def plugged(monkeypatch):
    """A fake board at /dev/fake, which understands 3 Mbaud; rates at which it was opened."""
    board, rates = FakeBoard(CONFIG), []

    def serial_for_url(where, baudrate, **options):
        assert (where, options["exclusive"]) == ("/dev/fake", True)
        rates.append(baudrate)
        board.to_board = bytes if baudrate == 3_000_000 else (lambda data: b"")
        return board

    monkeypatch.setattr(serial_port.serial, "serial_for_url", serial_for_url)
    monkeypatch.setattr(board_link, "default_rates", lambda: [115_200, 3_000_000])
    return board, rates


def test_a_design_is_loaded_and_runs_like_the_golden_model(plugged):
    spikes = np.random.default_rng(0).random((20, CONFIG.axons)) < 0.3
    with spikeloom.open("/dev/fake", DESIGN) as board:
        ours = board.run(spikes)
    with spikeloom.open("golden:", DESIGN) as golden:
        theirs = golden.run(spikes)
    assert (ours.spikes == theirs.spikes).all()
    assert theirs.spikes.any()
    assert plugged[0].closed


def test_rates_are_tried_until_the_board_answers(plugged):
    _, rates = plugged
    with spikeloom.open("/dev/fake") as board:
        assert rates == [115_200, 3_000_000]
        assert board.info()["port"] == "/dev/fake at 3000000 baud"


def test_a_rate_that_is_given_is_the_only_one(plugged):
    board, rates = plugged
    with pytest.raises(LinkError, match="/dev/fake at 9600 baud does not answer"):
        spikeloom.open("/dev/fake", baud=9600)
    assert rates == [9600]
    assert board.closed


def test_default_rates_are_those_of_the_boards():
    assert set(board_link.default_rates()) == {board.baud for board in BOARDS.values()}


def test_a_board_can_be_left_as_it_is(plugged):
    board, _ = plugged
    spikeloom.open("/dev/fake", DESIGN, load=False).close()
    assert not [request for request in board.requests if not request.startswith("READ")]


def test_a_wrong_board_is_not_asked_again_at_another_rate(plugged, monkeypatch):
    board, rates = plugged
    monkeypatch.setattr(board_link, "default_rates", lambda: [3_000_000, 115_200])
    board.identity[4] = 0
    with pytest.raises(WrongBoardError):
        spikeloom.open("/dev/fake", DESIGN)
    assert rates == [3_000_000]
    assert board.closed


def test_a_missing_port_lists_those_that_exist(monkeypatch):
    class Port:
        device, description = "/dev/ttyUSB7", "FT231X"

    monkeypatch.setattr(serial_port.list_ports, "comports", lambda: [Port()])
    with pytest.raises(PortError, match=r"no port '/dev/nothing'.*ttyUSB7 \(FT231X\).*twin:"):
        spikeloom.open("/dev/nothing", DESIGN)
    monkeypatch.setattr(serial_port.list_ports, "comports", list)
    with pytest.raises(PortError, match=r"No serial port exists.*plugged in"):
        spikeloom.open("/dev/nothing", DESIGN)


@pytest.mark.parametrize(
    ("error", "match"),
    [
        (serial.SerialException(errno.EACCES, "could not open port"), "usermod -aG dialout"),
        (serial.SerialException(errno.EBUSY, "could not open port"), "in use by another program"),
        (serial.SerialException("Could not exclusively lock port"), "in use by another program"),
        (serial.SerialException("FileNotFoundError(2, 'x')"), "no port"),
        (ValueError("Not a valid baudrate: -1"), "cannot be opened.*Not a valid baudrate"),
    ],
)
def test_every_failure_to_open_says_what_would_work(monkeypatch, error, match):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(serial_port.serial, "serial_for_url", fail)
    with pytest.raises(PortError, match=match):
        spikeloom.open("COM9")


@pytest.mark.parametrize("where", ["golden:", "twin:"])
def test_models_need_a_design(where):
    with pytest.raises(InputError, match="needs a design"):
        spikeloom.open(where)


def test_importing_is_cheap_and_registers_the_url_handler():
    code = (
        "import sys, spikeloom, serial\n"
        "heavy = {'numpy', 'matplotlib', 'scipy', 'sklearn', 'rich', 'amaranth'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert 'spikeloom.sim.urlhandlers' in serial.protocol_handler_packages\n"
        "import spikeloom.driver.board, spikeloom.device.golden, spikeloom.connect.open\n"
        "heavy = {'matplotlib', 'scipy', 'sklearn', 'amaranth'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there():
    for name in spikeloom.__all__:
        assert getattr(spikeloom, name)
    assert set(spikeloom.__all__) <= set(dir(spikeloom))
    with pytest.raises(AttributeError, match="nothing"):
        _ = spikeloom.nothing
