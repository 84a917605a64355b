"""The live view as an attacker's page, or a program of another user, would speak to it: raw bytes."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import socket
import struct
import threading

import pytest

from spikeloom.demos.watch_example import example_design, example_input
from spikeloom.device.golden import GoldenDevice
from spikeloom.watch.gate import MAX_BODY_BYTES, MAX_MESSAGE_BYTES
from spikeloom.watch.runner import Runner
from spikeloom.watch.server import PageServer
from spikeloom.watch.source import LiveSource
from spikeloom.watch.stimulus import Stimulus

SECONDS = 20


@pytest.fixture(scope="module")
def port():
    device = GoldenDevice(example_design())
    source = LiveSource(device, Stimulus(device.design, replay=example_input()))
    runner = Runner(source, running=False)
    runner.start()
    ready, servers = threading.Event(), []

    def serve():
        asyncio.set_event_loop(asyncio.new_event_loop())
        servers.append(PageServer(runner, "golden:"))
        ready.set()
        servers[0].run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(SECONDS)
    yield int(re.search(r":(\d+)/", servers[0].url)[1])
    servers[0].stop()
    runner.stop()
    thread.join(SECONDS)


def ask(port, path="/", *, method="GET", host=None, body=b"", **headers):
    """The raw answer to one request; header names have underscores for dashes."""
    host = f"127.0.0.1:{port}" if host is None else host
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        return read_all(line)


def read_all(line):
    parts = []
    while part := line.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def status(answer):
    return int(answer.split(b" ", 2)[1])


def header(answer, name):
    found = re.search(rb"(?im)^" + name.encode() + rb": ([^\r]*)", answer.split(b"\r\n\r\n")[0])
    return found[1].decode() if found else None


def token_of(page):
    return re.search(rb'"token":"([^"]+)"', page)[1].decode()


def handshake(port, **changes):
    """The head of the answer to a WebSocket handshake, and the open socket."""
    token = token_of(ask(port))
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Origin": f"http://127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": f"bokeh, {token}",
    } | changes
    line = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
    text = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
    line.sendall(f"GET /ws HTTP/1.1\r\n{text}\r\n".encode())
    return line.recv(1 << 12), line


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_page_is_served_under_the_names_that_were_bound(port, name):
    answer = ask(port, host=f"{name}:{port}", Sec_Fetch_Site="none")
    assert status(answer) == 200
    assert token_of(answer)
    head, line = handshake(port)
    line.close()
    assert status(head) == 101


@pytest.mark.parametrize(
    "host", ["evil.example:{port}", "evil.example", "127.0.0.1", "127.0.0.1:1", "localhost",
             "localhost.evil.example:{port}", "127.0.0.1:{port}.evil.example", "0.0.0.0:{port}",
             "[::1]:{port}", "user@127.0.0.1:{port}"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/bokeh.min.js"])
def test_a_name_that_was_rebound_is_refused(port, host, path):
    answer = ask(port, path, host=host.format(port=port))
    assert status(answer) in (400, 403)
    assert b"token" not in answer


def test_two_host_headers_are_refused(port):
    answer = ask(port, host=f"evil.example\r\nHost: 127.0.0.1:{port}")
    assert status(answer) in (400, 403)


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://evil.example:{port}", "null", "",
               "https://127.0.0.1:{port}", "http://127.0.0.1", "http://127.0.0.1:1",
               "http://127.0.0.1:{port}.evil.example", "http://localhost:{port}/x", None],
)  # fmt: skip
def test_a_socket_from_another_origin_or_none_is_refused(port, origin):
    given = None if origin is None else origin.format(port=port)
    head, line = handshake(port, Origin=given)
    line.close()
    assert status(head) == 403


def test_a_socket_under_a_rebound_name_is_refused_although_its_origin_agrees(port):
    evil = f"evil.example:{port}"
    head, line = handshake(port, Host=evil, Origin=f"http://{evil}")
    line.close()
    assert status(head) == 403


def test_a_socket_without_a_token_of_the_page_is_refused(port):
    head, _, body = token_of(ask(port)).partition(".")
    forged = f"{head}.{body[::-1]}"
    for protocol in ("bokeh", "bokeh, x", "bokeh, é", f"bokeh, {'A' * 200}", f"bokeh, {forged}"):
        answer, line = handshake(port, **{"Sec-WebSocket-Protocol": protocol})
        line.close()
        assert status(answer) == 403


@pytest.mark.parametrize("path", ["/autoload.js?bokeh-autoload-element=1", "/metadata", "/x", "//"])
def test_nothing_hands_the_token_to_others(port, path):
    answer = ask(port, path, Origin="http://evil.example")
    assert status(answer) == 403
    answer = ask(port, path)
    assert status(answer) == 403
    assert b"token" not in answer


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_sites_page_cannot_load_anything(port, site):
    for path in ("/", "/static/js/bokeh.min.js"):
        assert status(ask(port, path, Sec_Fetch_Site=site)) == 403


@pytest.mark.parametrize("path", ["/", "/static/js/bokeh.min.js", "/nothing"])
def test_answers_cannot_be_framed_or_read_elsewhere(port, path):
    answer = ask(port, path)
    assert header(answer, "X-Frame-Options") == "DENY"
    assert "frame-ancestors 'none'" in header(answer, "Content-Security-Policy")
    assert header(answer, "Access-Control-Allow-Origin") is None
    assert header(answer, "Cross-Origin-Resource-Policy") == "same-origin"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_get_is_answered(port, method):
    assert status(ask(port, method=method, body=b"x=1")) in (403, 405)


def test_a_large_body_is_not_read(port):
    answer = ask(port, method="POST", body=b"x" * (MAX_BODY_BYTES + 1))
    assert not answer or status(answer) in (400, 403, 413)


def test_a_large_message_closes_the_socket(port):
    head, line = handshake(port)
    assert status(head) == 101
    size = MAX_MESSAGE_BYTES + 1
    with line:
        line.sendall(b"\x81\xff" + struct.pack(">Q", size) + bytes(4))
        try:
            line.sendall(bytes(size))
            rest = read_all(line)
        except ConnectionError:
            rest = b""
    assert b"\x88" in rest or not rest
