"""Who has a port: one process, as its record says; everybody else learns who."""

import errno
import json
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import serial
from designs import CONFIG, DESIGN
from fake_board import FakeBoard

import spikeloom
from spikeloom.connect import board_link
from spikeloom.hdl.contract.errors import LinkError, PortError
from spikeloom.link import port_owner as ownership
from spikeloom.link import serial_port
from spikeloom.sharing import server as link_server
from spikeloom.sharing.ipc import connect, receive_message, send_message
from spikeloom.sharing.shared_link import SharedLink

pytestmark = pytest.mark.timeout(60)

PORT = "/dev/fake"


def test_a_port_that_is_not_shared_is_refused(boards):
    with (
        spikeloom.open(PORT, DESIGN, share=False),
        pytest.raises(PortError, match=r"does not share it: close it there") as caught,
    ):
        spikeloom.open(PORT)
    record = ownership.Record.of_this_process(PORT)
    assert f"process {os.getpid()} ({record.command}), since {record.since[:10]}" in str(
        caught.value
    )
    assert boards[0].closed


def test_who_wants_a_port_alone_is_refused_when_it_is_open(owner):
    with pytest.raises(PortError, match="open it without share=False, or close it there"):
        spikeloom.open(PORT, DESIGN, share=False)
    assert owner.run(steps=1).steps == 1


def test_who_opens_the_port_itself_learns_who_has_it(process, monkeypatch):
    def busy(*_, **__):
        raise serial.SerialException(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(serial_port.serial, "serial_for_url", busy)
    with pytest.raises(PortError, match=rf"in use by process {process.pid} .*sharing_process\.py"):
        serial_port.open_serial(PORT, 9600)


def test_a_failure_to_open_leaves_no_trace(boards, monkeypatch):
    board = FakeBoard(CONFIG)
    board.to_board = lambda data: b""
    boards.append(board)
    board.closed = True
    with pytest.raises(LinkError, match="does not answer"):
        spikeloom.open(PORT)
    assert board.closed
    assert ownership.find(PORT) is None
    board.to_board = bytes
    with spikeloom.open(PORT) as found:
        assert found.step == 0


def test_without_the_token_nobody_is_served(owner):
    record = ownership.find(PORT)
    with connect(record.address, 5) as stranger:
        send_message(stranger, {"token": "0" * 32})
        with pytest.raises(ConnectionError):
            receive_message(stranger)
    with connect(record.address, 5) as stranger:
        stranger.sendall(b"\xff" * 64)
        with pytest.raises(ConnectionError):
            receive_message(stranger)
    with connect(record.address, 5) as friend:
        send_message(friend, {"token": record.token})
        assert "fake" in receive_message(friend)[0]["name"]
    assert owner.run(steps=1).steps == 1


def test_where_there_are_no_unix_sockets_it_is_tcp_on_this_machine(boards, monkeypatch):
    monkeypatch.setattr(link_server, "_MAX_UNIX_PATH", 0)
    with spikeloom.open(PORT, DESIGN) as owner, spikeloom.open(PORT, DESIGN) as client:
        host, number = ownership.find(PORT).address
        assert host == "127.0.0.1"
        assert client.run(steps=4).steps == 4
        assert owner.step == 4
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, number), 1)


# Records


def test_the_record_of_a_process_that_is_gone_is_ignored(boards, process):
    record = ownership.find(PORT)
    assert record.pid == process.pid
    assert [found.pid for found in ownership.records(ownership.OWNER)] == [process.pid]
    process.kill()
    process.wait(10)
    assert ownership.find(PORT) is None
    assert ownership.records(ownership.OWNER) == []
    assert Path(record.address).exists()
    with spikeloom.open(PORT) as board:
        assert not board.link.attached
        assert ownership.find(PORT).pid == os.getpid()
        assert not Path(record.address).exists()
    assert not list(ownership.runtime_folder().glob("*.sock"))
    assert not list(ownership.runtime_folder().glob("*.json"))


def test_a_port_has_one_owner_whatever_it_is_called(tmp_path):
    port, link = tmp_path / "ttyUSB0", tmp_path / "by-name"
    port.touch()
    link.symlink_to(port)
    claim = ownership.Claim.take(str(port))
    assert ownership.Claim.take(str(link)) is None
    assert ownership.find(str(link)).port == str(port)
    claim.release()
    claim.release()
    assert ownership.find(str(link)) is None
    claim = ownership.Claim.take(str(link))
    assert claim is not None

    other = tmp_path / "ttyUSB1"
    link.unlink()
    link.symlink_to(other)
    assert ownership.find(str(link)) is None
    claim.follow()
    assert ownership.find(str(other)).port == str(link)
    assert ownership.find(str(port)) is None
    occupied = ownership.Claim.take(str(port))
    link.unlink()
    link.symlink_to(port)
    with pytest.raises(PortError, match="in use by process"):
        claim.follow()
    occupied.release()
    claim.release()


def test_records_are_the_users_alone(tmp_path, monkeypatch):
    claim = ownership.Claim.take(PORT)
    [path] = ownership.runtime_folder().glob("owner-*.json")
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["pid"] == os.getpid()
    claim.publish(replace(claim.record, opening=False, address=("127.0.0.1", 1234)))
    assert ownership.find(PORT) == claim.record
    claim.release()
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.setenv("SPIKELOOM_RUNTIME", str(folder))
    with pytest.raises(PortError, match="chmod 700"):
        ownership.Claim.take(PORT)
    (folder / "file").touch()
    monkeypatch.setenv("SPIKELOOM_RUNTIME", str(folder / "file"))
    with pytest.raises(PortError, match="set SPIKELOOM_RUNTIME"):
        ownership.Claim.take(PORT)


@pytest.mark.skipif(os.name != "posix", reason="folders of POSIX systems")
def test_all_sessions_of_a_user_have_the_same_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("SPIKELOOM_RUNTIME")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert ownership.runtime_folder() == tmp_path / "spikeloom"
    assert (tmp_path / "spikeloom").stat().st_mode & 0o777 == 0o700
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(os, "getuid", lambda: 123456)
    assert str(ownership._default_folder()) == "/tmp/spikeloom-123456"


def test_who_is_just_opening_the_port_is_waited_for(boards):
    began, go_on = threading.Event(), threading.Event()

    def open_port(claim):
        began.set()
        go_on.wait(10)
        return board_link.open_link(PORT, 3_000_000, 1.0, claim)

    links = []
    slow = threading.Thread(target=lambda: links.append(SharedLink(PORT, open_port)))
    slow.start()
    began.wait(10)
    quick = threading.Thread(target=lambda: links.append(SharedLink(PORT, open_port)))
    quick.start()
    quick.join(0.2)
    assert quick.is_alive()
    go_on.set()
    slow.join(10)
    quick.join(10)
    assert sorted(link.attached for link in links) == [False, True]
    for link in links:
        link.close()
