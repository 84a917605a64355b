"""The owner of a port lets other processes of the user share its link, one turn at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import hmac
import os
import secrets
import select
import socket
import socketserver
import threading
import time
from typing import Any

from spikeloom.hdl.contract.errors import LinkError, SpikeLoomError

from ..bus.unfinished_run import RunFacts, UnfinishedRun
from ..link.link import Link
from ..link.port_owner import Address, runtime_folder
from .fair_lock import FairLock
from .ipc import Header, receive_message, send_message

IDLE = 30.0
"""Seconds that a client may do nothing while it has the turn; then the turn is taken from it."""
_GREETING = 10.0
_POLL = 0.05
_MAX_UNIX_PATH = 100
_MAX_GREETING = 1 << 12


class LinkServer:
    """Serves a link to those who know the token, from threads of its own, until `close`.

    A client asks to `begin` a turn, waits for it, and then has `send`, `receive` and `receive_some`
    of the link for itself until it says `end`.  When it breaks off within a turn, what the board was
    to do for it is cancelled: the connection to the board is opened anew, and of a RUN the step under
    way is finished, so that nobody finds a part of somebody else's input.

    Parameters
    ----------
    link : what is served; nobody else uses it.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self.turn = FairLock()
        self.token = secrets.token_hex(16)
        self.clients: set[socket.socket] = set()
        self.stopping = False
        self.unfinished: UnfinishedRun | None = None
        """The last RUN of the one that has the turn, until the next command or the end of the turn."""
        path = str(runtime_folder() / f"{os.getpid()}-{self.token[:8]}.sock")
        self._listener: socketserver.BaseServer
        self.address: Address
        if hasattr(socket, "AF_UNIX") and len(path) < _MAX_UNIX_PATH:
            self._listener, self.address = _Listener(self, socket.AF_UNIX, path), path
        else:
            tcp = _Listener(self, socket.AF_INET, ("127.0.0.1", 0))
            self._listener, self.address = tcp, ("127.0.0.1", tcp.socket.getsockname()[1])
        self._thread = threading.Thread(
            target=self._listener.serve_forever,
            args=(_POLL,),
            daemon=True,
            name="spikeloom sharing",
        )
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Accept nobody any more, and no other turn; wait for the end of this one, but not longer."""
        self.stopping = True
        self._listener.shutdown()
        self._listener.server_close()
        if isinstance(self.address, str):
            with contextlib.suppress(OSError):
                os.unlink(self.address)
        deadline = time.monotonic() + seconds
        while self.turn.taken and time.monotonic() < deadline:
            time.sleep(_POLL)

    def reconnect(self) -> None:
        """Open a new connection to the board if this one is broken, and finish a step that it cut."""
        link = self.link
        if not link.broken:
            return
        try:
            link.reopen()
            if self.unfinished is not None:
                self.unfinished.finish_step(link)
                self.unfinished = None
        except BaseException:
            link.broken = True
            raise

    def dismiss(self) -> None:
        """End the connections to all clients."""
        for client in list(self.clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)


class _Listener(socketserver.ThreadingTCPServer):
    """Accepts clients, over TCP or Unix-domain sockets."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, shared: LinkServer, family: int, address: Any) -> None:
        self.shared = shared
        self.address_family = family
        super().__init__(address, _Client)


class _Client(socketserver.BaseRequestHandler):
    """One client, in a thread of its own."""

    request: socket.socket

    def setup(self) -> None:
        assert isinstance(self.server, _Listener)
        self._shared = self.server.shared
        self._shared.clients.add(self.request)

    def finish(self) -> None:
        self._shared.clients.discard(self.request)

    def handle(self) -> None:
        try:
            self._converse()
        except OSError:
            pass  # the other side may go away at any time; it concerns nobody else
        except Exception:
            if not self._shared.stopping:  # a port that is being closed fails in many ways
                raise

    def _converse(self) -> None:
        self.request.settimeout(_GREETING)
        hello, _ = receive_message(self.request, _MAX_GREETING)
        if not hmac.compare_digest(str(hello.get("token")), self._shared.token):
            return
        self.request.settimeout(None)
        self._reply(name=self._shared.link.name)
        while True:
            header, _ = receive_message(self.request)
            if header != {"do": "begin"} or self._shared.stopping:
                return
            self._have_turn()

    def _have_turn(self) -> None:
        link = self._shared.link
        with self._shared.turn.take(self) as between:
            if self._shared.stopping:
                raise ConnectionError
            link.cancelled = self._is_gone
            try:
                self._shared.reconnect()
                self._reply(between=between, connections=link.statistics.connections)
                self.request.settimeout(IDLE)
                while self._serve(link, *receive_message(self.request)):
                    pass
                self._shared.unfinished = None
            except SpikeLoomError as error:
                link.broken = True
                self._refuse(error)
            except TimeoutError:
                link.broken = True
                self._refuse(
                    LinkError(
                        f"this program had the board at {link.name} and did nothing for {IDLE:.0f} s, "
                        "so that the turn was taken from it. The next command asks for it again"
                    )
                )
                raise
            except BaseException:
                link.broken = True
                raise
            finally:
                link.cancelled = bool  # never
                with contextlib.suppress(OSError):
                    self.request.settimeout(None)
                if self._shared.unfinished is not None:
                    with contextlib.suppress(SpikeLoomError):  # the next turn tries again
                        self._shared.reconnect()

    def _is_gone(self) -> bool:
        """Whether the client has left while it should wait for an answer."""
        readable, _, _ = select.select([self.request], [], [], 0)
        return bool(readable)

    def _serve(self, link: Link, header: Header, body: bytes) -> bool:
        """Do one thing within a turn; whether it goes on."""
        result = b""
        facts: Header = {}
        match header:
            case {"do": "end"}:
                return False
            case {"do": "statistics"}:
                facts = dataclasses.asdict(link.statistics)
            case {"do": "send", "allowance": allowance, "run": run}:
                self._shared.unfinished = UnfinishedRun(RunFacts(**run), body) if run else None
                link.send(body, allowance)
            case {"do": "receive", "count": count, "allowance": allowance}:
                result = link.receive(count, allowance)
            case {"do": "receive_some", "allowance": allowance}:
                result = link.receive_some(allowance)
            case _:
                raise LinkError(f"{header} is nothing that can be done within a turn")
        self._reply(result, **facts)
        return True

    def _refuse(self, error: SpikeLoomError) -> None:
        self._reply(error=type(error).__name__, message=str(error))

    def _reply(self, body: bytes = b"", **header: Any) -> None:
        send_message(self.request, header, body)
