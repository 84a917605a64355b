"""The link of another process: a board that it shares, through its socket."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from spikeloom.hdl.contract import errors
from spikeloom.hdl.contract.errors import LinkError, SpikeLoomError

from ..link.link import LinkStatistics
from ..link.port_owner import Record
from .ipc import connect, receive_message, send_message

_CONNECT = 5.0


class OwnerGoneError(LinkError):
    """The process through which the board was shared has ended, or closed the port."""


class AttachedLink:
    """What a `Link` can do, done by the process that owns the port.

    `begin` a turn, then `send` and `receive`, then `end` it.  Any error within a turn ends the
    connection to the owner, which then opens a new one to the board.

    Parameters
    ----------
    owner : its record; it must share the port.
    patience : seconds that the owner may take for anything; None: for ever, because it may be in
        the middle of something long.

    Raises `OSError` when the owner is not there.
    """

    def __init__(self, owner: Record, patience: float | None = None) -> None:
        assert owner.address is not None
        self.owner = owner
        self.connected = True
        self.in_turn = False
        self.connection = ("", 0)
        """Owner, and number, of the connection to the board when the last turn began."""
        self._socket = connect(owner.address, patience or _CONNECT)
        try:
            send_message(self._socket, {"token": owner.token})
            hello, _ = receive_message(self._socket)
            self._socket.settimeout(patience)
        except BaseException:
            self._socket.close()
            raise
        self.name = str(hello["name"])

    def begin(self) -> bool:
        """Wait for the turn; returns whether anybody else had one since this client's last."""
        self.in_turn = True  # first, so that whatever comes between still ends the turn
        reply, _ = self._ask({"do": "begin"})
        self.connection = (self.owner.token, reply["connections"])
        return bool(reply["between"])

    def end(self) -> None:
        """Let the others have a turn; without one it does nothing."""
        if not self.in_turn:
            return
        self.in_turn = False
        try:
            send_message(self._socket, {"do": "end"})
        except BaseException as error:
            self.close()
            if not isinstance(error, OSError):
                raise

    def send(self, data: bytes, allowance: float = 0.0, run: dict[str, Any] | None = None) -> None:
        """As `Link.send`; `run` are the `RunFacts` of a RUN, which the owner finishes if need be."""
        self._ask({"do": "send", "allowance": allowance, "run": run}, data)

    def receive(self, count: int, allowance: float = 0.0) -> bytes:
        """As `Link.receive`."""
        return self._ask({"do": "receive", "count": count, "allowance": allowance})[1]

    def receive_some(self, allowance: float = 0.0) -> bytes:
        """As `Link.receive_some`."""
        return self._ask({"do": "receive_some", "allowance": allowance})[1]

    @property
    def statistics(self) -> LinkStatistics:
        """Those of the owner's link."""
        return LinkStatistics(**self._ask({"do": "statistics"})[0])

    def close(self) -> None:
        """Leave the owner alone; twice does nothing.  Another thread that waits here is woken."""
        self.connected = self.in_turn = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):  # it has never been connected
            self._socket.close()

    def _ask(self, header: dict[str, Any], body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        try:
            with contextlib.suppress(ConnectionError):  # its last words may have come
                send_message(self._socket, header, body)
            reply, result = receive_message(self._socket)
        except TimeoutError:
            self.close()
            raise LinkError(f"{self.owner.describe()} shares {self.name} but is busy") from None
        except OSError:
            self.close()
            raise OwnerGoneError(
                f"{self.name} is lost: {self.owner.describe()}, has ended or closed the port. "
                "The next command opens the port itself"
            ) from None
        except BaseException:
            self.close()  # a reply may come that nobody waits for
            raise
        if "error" in reply:
            self.close()
            kind = getattr(errors, str(reply["error"]), LinkError)
            if not issubclass(kind, SpikeLoomError):
                kind = LinkError
            raise kind(reply["message"])
        return reply, result
