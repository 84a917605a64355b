import json
import os
import sys
import threading
import time
from typing import NamedTuple

import pytest
import serial
from designs import CONFIG, DESIGN
from fake_board import FakeBoard

import spikeloom
from spikeloom import cli
from spikeloom.boards import BOARDS
from spikeloom.connect import discovery as devices
from spikeloom.connect.discovery import find_boards
from spikeloom.hdl.contract.errors import PortError
from spikeloom.link import port_owner as ownership
from spikeloom.link import serial_port

pytestmark = pytest.mark.timeout(60)


class SystemPort(NamedTuple):
    """As pyserial lists it."""

    device: str
    description: str


@pytest.fixture
def machine(monkeypatch):
    """Ports of this machine by name: a fake board, or a function that fails to open it."""
    ports = {}

    def serial_for_url(where, **_):
        behind = ports[where]
        if not isinstance(behind, FakeBoard):
            behind()
        assert behind.closed is not False, f"{where} is open already"
        behind.closed = False
        return behind

    def comports():
        return [SystemPort(name, "FT231X") for name in ports]

    monkeypatch.setattr(serial_port.serial, "serial_for_url", serial_for_url)
    monkeypatch.setattr(devices.list_ports, "comports", comports)
    monkeypatch.setattr(devices, "TIMEOUT", 0.05)
    return ports


def board_of(config=CONFIG, **options):
    board = FakeBoard(config, window=2048, appetite=10_000, **options)
    board.closed = True
    return board


def silent():
    board = board_of()
    board.to_board = lambda data: b""
    return board


@pytest.fixture
def run(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["spikeloom", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


def test_each_board_says_what_it_runs_and_nothing_is_changed(machine):
    machine["/dev/a"], machine["/dev/b"] = board_of(build="mine"), silent()
    machine["/dev/c"] = board_of(BOARDS["icebreaker"].config)
    with spikeloom.open("/dev/a", DESIGN) as board:
        board.run(steps=5)
    machine["/dev/a"].requests.clear()

    a, c, b = find_boards({"net.slm": DESIGN}).ports
    assert (a.port, a.description, a.problem, a.owner) == ("/dev/a", "FT231X", "", "")
    assert (a.board.build, a.board.core, a.board.design, a.board.step) == ("mine", "", "net.slm", 5)
    assert a.board.digest == f"{CONFIG.digest:016x}"
    assert a.board.image == f"{DESIGN.identity:08x}"
    assert (c.board.core, c.board.image, c.board.design) == ("icebreaker", "", "")
    assert b.board is None
    assert b.problem == "no board answers at 3000000 baud"
    assert all(request.startswith("READ") for request in machine["/dev/a"].requests)
    assert machine["/dev/a"].core.step_number == 5
    assert all(board.closed for board in machine.values())
    assert ownership.records(ownership.OWNER) == []


def test_ports_that_hang_or_fail_are_given_up(machine, monkeypatch):
    monkeypatch.setattr(devices, "DEADLINE", 0.5)
    go_on = threading.Event()

    def hang():
        go_on.wait(20)
        raise serial.SerialException("at last")

    def fail():
        raise serial.SerialException(13, "Permission denied")

    machine.update({"/dev/a": hang, "/dev/b": fail, "/dev/c": board_of()})
    before = time.monotonic()
    found = {port.port: port for port in find_boards().ports}
    assert time.monotonic() - before < 5
    assert "does not let go" in found["/dev/a"].problem
    assert "dialout" in found["/dev/b"].problem
    assert found["/dev/c"].board
    go_on.set()


def test_an_open_board_is_asked_through_its_owner(machine):
    machine["/dev/a"] = board_of()
    with spikeloom.open("/dev/a", DESIGN) as board:
        board.run(steps=2)
        [found] = find_boards().ports
        assert found.board.step == 2
        assert f"process {os.getpid()} (" in found.owner
        assert board.run(steps=1).start == 2
        with board.exclusive():
            [found] = _with_little_patience(find_boards).ports
            assert found.board is None
            assert "busy" in found.problem
            assert str(os.getpid()) in found.owner
    with spikeloom.open("/dev/a", DESIGN, share=False) as board:
        [found] = find_boards().ports
        assert found.board is None
        assert found.problem == "it is open and not shared"
        assert str(os.getpid()) in found.owner


def _with_little_patience(call):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "PATIENCE", 0.2)
        return call()


def test_owned_and_served_ports_are_found_whatever_the_system_lists(machine, monkeypatch, tmp_path):
    machine["/dev/a"] = machine["/tmp/twin"] = board_of()
    link = tmp_path / "by-name"
    link.symlink_to("/dev/a")
    machine[str(link)] = machine["/dev/a"]
    with spikeloom.open(str(link)):
        monkeypatch.setattr(devices.list_ports, "comports", list)
        assert [found.port for found in find_boards().ports] == [str(link)]
        listed = [SystemPort("/dev/a", "n/a")]
        monkeypatch.setattr(devices.list_ports, "comports", lambda: listed)
        [found] = find_boards().ports
        assert (found.port, found.description) == ("/dev/a", "serial port")
    monkeypatch.setattr(devices.list_ports, "comports", list)
    twin = ownership.Claim.take("/tmp/twin", ownership.TWIN)
    [found] = find_boards().ports
    assert (found.port, found.description) == ("/tmp/twin", "simulated")
    assert found.board
    twin.release()


def test_open_takes_the_one_board_there_is(machine):
    machine["/dev/a"], machine["/dev/b"] = silent(), board_of()
    with spikeloom.open(design=DESIGN) as board:
        assert board.run(steps=3).steps == 3
        assert not machine["/dev/b"].closed
        with spikeloom.open() as again:
            assert again.link.attached
            assert again.step == 3


def test_open_lists_the_candidates(machine):
    with pytest.raises(PortError, match=r"no serial port.*plugged in.*twin:"):
        spikeloom.open()
    machine["/dev/a"] = silent()
    with pytest.raises(PortError, match=r"no board: /dev/a \(no board answers.*twin:"):
        spikeloom.open()
    machine["/dev/b"], machine["/dev/c"] = board_of(), board_of(build="mine")
    with (
        spikeloom.open("/dev/b", DESIGN, share=False),
        pytest.raises(PortError, match=r"2 boards.*/dev/[bc].*/dev/[bc].*open\(\"/dev/c\"\)"),
    ):
        spikeloom.open()


def test_the_command_lists_them(machine, run, tmp_path):
    code, out, _ = run("devices")
    assert code == 0
    assert "There is no serial port" in out
    machine["/dev/a"], machine["/dev/b"] = board_of(build="[mine]"), silent()
    file = tmp_path / "net.slm"
    DESIGN.save(file)
    with spikeloom.open("/dev/a", DESIGN) as board:
        board.run(steps=1234)
        code, out, _ = run("devices", file, "--json")
        found = json.loads(out)["ports"]
        assert (code, found[0]["board"]["step"], found[0]["board"]["design"]) == (
            0,
            1234,
            str(file),
        )
        assert found[1]["board"] is None
        code, out, _ = run("devices")
    assert code == 0
    for text in ("/dev/a", "[mine]", "1234", f"process {os.getpid()}", "/dev/b (FT231X): "):
        assert text in out.replace("\n", " ")
