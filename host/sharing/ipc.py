"""Messages between processes of one machine: a JSON header and bytes, over a local socket."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from ..link.port_owner import Address

Header = dict[str, Any]

_SIZES = struct.Struct("!II")
_MAX_HEADER = 1 << 16
_MAX_BODY = 1 << 30


def connect(address: Address, timeout: float | None) -> socket.socket:
    """Connect to a local server; `OSError` when it is not there."""
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    try:
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def send_message(connection: socket.socket, header: Header, body: bytes = b"") -> None:
    """Send one message; raises `OSError` when the other side is gone."""
    encoded = json.dumps(header).encode()
    connection.sendall(_SIZES.pack(len(encoded), len(body)) + encoded + body)


def receive_message(connection: socket.socket, max_body: int = _MAX_BODY) -> tuple[Header, bytes]:
    """Wait for one message; raises `OSError` when the other side is gone, or talks differently."""
    header, body = _SIZES.unpack(_receive(connection, _SIZES.size))
    if header > _MAX_HEADER or body > max_body:
        raise ConnectionError("what came is no message")
    try:
        values = json.loads(_receive(connection, header))
    except ValueError:
        raise ConnectionError("what came is no message") from None
    return values, _receive(connection, body)


def _receive(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = connection.recv(min(count - len(data), 1 << 20))
        if not part:
            raise ConnectionError("the other side has closed the connection")
        data += part
    return bytes(data)
