"""`spikeloom watch`: what it opens, what it refuses, and how it ends."""

import http.client
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

import numpy as np
import pytest
from designs import CONFIG, DESIGN, make_design
from fake_board import FakeBoard

from spikeloom import cli
from spikeloom.link import serial_port
from spikeloom.watch import server as server_module

PORT = "fake://board"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `spikeloom watch …`; gives exit code, stdout, and stderr in one line."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["spikeloom", "watch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, " ".join(err.split())

    return run


@pytest.fixture
def design_file(tmp_path):
    DESIGN.save(tmp_path / "net.slm")
    return tmp_path / "net.slm"


@pytest.fixture
def fake(monkeypatch):
    board = FakeBoard(CONFIG)
    monkeypatch.setattr(serial_port.serial, "serial_for_url", lambda *_, **__: board)
    return board


@pytest.fixture
def served(monkeypatch):
    """Pages that were served; each only for a turn of the runner."""
    seen = []

    class Page:
        def __init__(self, runner, where, port):
            self.url = "http://127.0.0.1:1/"
            self.runner, self.where, self.port = runner, where, port
            seen.append(self)

        def run(self):
            done = threading.Event()
            self.running = self.runner.running
            for _ in range(2):  # the second time after what the first turn did
                self.runner.ask(done.set)
                assert done.wait(10)
                done.clear()

    monkeypatch.setattr(server_module, "PageServer", Page)
    return seen


@pytest.fixture
def opened(monkeypatch):
    """Addresses that the browser was sent to."""
    addresses = []
    monkeypatch.setattr("webbrowser.open", addresses.append)
    return addresses


def test_a_board_is_left_as_it_is_and_paused(run, fake, design_file, served, opened):
    run(PORT, "-d", design_file, "--load", "--run", "--no-browser", "--http-port", 8123)
    assert served[0].running
    assert served[0].port == 8123
    assert opened == []
    assert any(request.startswith("RUN") for request in fake.requests)
    fake.requests.clear()
    code, out, _ = run(PORT, "--design", design_file, "--input-rate", 7)
    assert code == 0
    assert out.strip() == "http://127.0.0.1:1/"
    assert opened == ["http://127.0.0.1:1/"]
    assert not served[1].running
    assert served[1].where == PORT
    assert served[1].runner.source.stimulus.rates == {"in": 7.0}
    assert {request.split()[0] for request in fake.requests} == {"READ"}
    assert fake.closed


def test_a_model_is_loaded_and_runs(run, design_file, served, tmp_path):
    played = np.ones((3, CONFIG.axons), dtype=bool)
    np.save(tmp_path / "spikes.npy", played)
    run("golden:", "-d", design_file, "--replay", tmp_path / "spikes.npy", "--no-browser")
    run("golden:", "--paused", "--no-browser", "--window", 300)
    given, example = served
    assert given.running
    assert given.runner.source.stimulus.rates == {"in": 0.0}
    assert np.array_equal(given.runner.source.stimulus.replay, played)
    assert not example.running
    assert example.runner.source.window == 300
    assert example.runner.source.design.config.learning is not None


def test_what_can_not_be_watched_is_refused(run, fake, design_file, tmp_path, served):
    code, _, err = run(PORT)
    assert code == 1
    assert "name the design too, net.slm" in err
    code, _, err = run(PORT, "-d", design_file)
    assert code == 1
    assert "holds no image" in err
    assert "--load" in err
    run(PORT, "-d", design_file, "--load", "--no-browser")
    make_design(seed=3).save(tmp_path / "other.slm")
    code, _, err = run(PORT, "-d", tmp_path / "other.slm")
    assert code == 1
    assert f"holds the image {DESIGN.identity:08x}" in err
    assert len(served) == 1


def test_a_missing_bokeh_and_a_taken_port_are_explained(run, design_file, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = run("golden:", "-d", design_file, "--http-port", port)
    assert code == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in err
    monkeypatch.setitem(sys.modules, "spikeloom.watch.server", None)
    code, _, err = run("golden:", "-d", design_file)
    assert code == 1
    assert "pip install 'spikeloom[watch]'" in err


def socket_status(url, origin, token):
    """What a browser is answered when a page of `origin` opens a socket to this one."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Origin": origin,
        "Sec-WebSocket-Protocol": f"bokeh, {token}",
    }
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=20)
    connection.request("GET", "/ws", headers=headers)
    return connection.getresponse().status


@pytest.mark.timeout(120)
def test_the_page_is_served_to_this_machine_until_ctrl_c(design_file):
    program = "from spikeloom.cli import main; main()"
    arguments = ["watch", "golden:", "--no-browser", "-d", str(design_file)]
    command = [sys.executable, "-c", program, *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What runs in the background of a shell ignores SIGINT, and so would this.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", url)
        with urllib.request.urlopen(url, timeout=20) as answer:
            page = answer.read().decode()
        assert "<title>SpikeLoom: golden:</title>" in page
        assert re.findall(r'(?:src|href)="(https?:[^"]*)"', page) == []
        token = re.search(r'"token":"([^"]+)"', page)[1]
        assert socket_status(url, "http://other.example", token) == 403
        assert socket_status(url, url.rstrip("/"), token) == 101
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=50)
        assert err.endswith("ended\n")
        assert "Traceback" not in err
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


def test_help_ends_with_what_to_type(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "spikeloom watch" in out.split("Examples:")[-1]
