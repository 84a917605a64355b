"""The link of a port that several processes share: one of them owns the port."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from spikeloom.hdl.contract.errors import LinkError, PortError

from ..link import port_owner as ownership
from ..link.link import Link, LinkStatistics
from ..link.port_owner import Claim
from .client import AttachedLink
from .server import LinkServer

_WAIT = 10.0
"""Seconds to wait while another process is opening or closing the port."""
_RETRY = 0.05
_SHARED = "shared by process"
_CLOSING = 2.0

OpenPort = Callable[[Claim], Link]


class OwnedPort:
    """An open link, the claim on its port, and the server through which it is used.

    Parameters
    ----------
    claim : released when the port cannot be opened, and by `close`.
    open_port : opens the port, under the claim, and returns an open link.
    share : tell other processes where the server is.
    """

    def __init__(self, claim: Claim, open_port: OpenPort, share: bool) -> None:
        self.claim = claim
        with contextlib.ExitStack() as undo:
            undo.callback(claim.release)
            self.link = open_port(claim)
            undo.callback(self.link.close)
            self.server = server = LinkServer(self.link)
            opened = dataclasses.replace(claim.record, opening=False)
            self.access = dataclasses.replace(opened, address=server.address, token=server.token)
            """The record with which the server can be reached."""
            claim.publish(self.access if share else opened)
            undo.pop_all()

    def close(self) -> None:
        """Close the port, after whatever a client is doing if that does not take long."""
        self.server.stop(_CLOSING)
        self.link.close()
        self.claim.release()
        self.server.dismiss()


class SharedLink:
    """A link to a board, whoever in this machine owns its port.

    When nobody has the port, this process opens it, and lets others share its link; otherwise the
    owner does what is asked for here, in turns.  When the owner goes away, commands raise
    `LinkError`; the next one opens the port, or finds the new owner.

    The link itself is used by threads of its owner alone, which no interrupt from the keyboard can
    cut short at a bad moment; every thread that uses the board, the owner's as well, has a connection
    of its own to them.

    Parameters
    ----------
    where : name of the serial port.
    open_port : opens it, under the claim, and returns an open link.
    share : False: have the port alone; `PortError` names the process that has it already.
    patience : seconds that an owner may take for anything; None: as long as it needs.
    """

    def __init__(
        self,
        where: str,
        open_port: OpenPort,
        *,
        share: bool = True,
        patience: float | None = None,
    ) -> None:
        self.where = where
        self._open_port = open_port
        self._share = share
        self._patience = patience
        self._owned: OwnedPort | None = None
        self._let_go: Callable[[], object] = lambda: None
        self._closed = False
        self._connecting = threading.Lock()
        self._of_thread = threading.local()
        self._all: weakref.WeakSet[AttachedLink] = weakref.WeakSet()
        self._seen: tuple[str, int] | None = None
        self.name = where
        """What messages call the port."""
        self._connect()

    def _connect(self) -> AttachedLink:
        """A connection for this thread, to this process if nobody else has the port."""
        with self._connecting:
            if self._closed:
                raise LinkError(f"the connection to {self.where} was closed; open the port anew")
            link = AttachedLink(self._owned.access) if self._owned else self._obtain()
            self._all.add(link)
            self._of_thread.link = link
            self.name = link.name if self._owned else f"{link.name} ({_SHARED} {link.owner.pid})"
            return link

    def _obtain(self) -> AttachedLink:
        """Own the port, or attach to the process that does."""
        deadline = time.monotonic() + min(_WAIT, self._patience or _WAIT)
        while True:
            claim = Claim.take(self.where)
            if claim is not None:
                self._owned = OwnedPort(claim, self._open_port, self._share)
                # A board that nobody refers to any more must not keep its port.
                self._let_go = weakref.finalize(self, self._owned.close)
                return AttachedLink(self._owned.access)
            owner = ownership.find(self.where)
            if owner is not None and not owner.opening:
                if owner.address is None or not self._share:
                    raise PortError(ownership.refusal(self.where, owner))
                with contextlib.suppress(OSError):  # it may just be going away
                    return AttachedLink(owner, self._patience)
            if time.monotonic() > deadline:
                raise PortError(ownership.refusal(self.where, owner))
            time.sleep(_RETRY)

    @property
    def attached(self) -> bool:
        """Whether another process owns the port, or another board of this one."""
        return self._owned is None

    @property
    def _link(self) -> AttachedLink | None:
        """This thread's connection, if it has one."""
        link: AttachedLink | None = getattr(self._of_thread, "link", None)
        return link if link is not None and link.connected else None

    @property
    def _working(self) -> AttachedLink:
        link = self._link
        if link is None:
            raise LinkError(f"the connection to {self.where} is not open")
        return link

    @property
    def shared(self) -> bool:
        """True: others may use it between two calls."""
        return True

    @property
    def baudrate(self) -> int | None:
        """None: the owner of the port chooses the rate."""
        return None

    def now(self) -> float:
        """This computer's time in seconds."""
        return time.monotonic()

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Have the board alone; yields whether anybody else had it since the last time.

        A thread may take it again inside.
        """
        link = self._link
        if link is not None and link.in_turn:
            yield False
            return
        if link is None:
            link = self._connect()
        try:
            yield link.begin()
        finally:
            link.end()

    @property
    def statistics(self) -> LinkStatistics:
        """Those of the link, whoever owns it."""
        with self.exclusive():
            return self._working.statistics

    # What a `Link` can do; all of it within a turn.

    @property
    def broken(self) -> bool:
        """Whether there is no connection, or another one than when this was opened."""
        link = self._link
        return link is None or link.connection != self._seen

    @broken.setter
    def broken(self, value: bool) -> None:
        assert value
        if self._link is not None:
            self._link.close()
        self._seen = None

    def open(self) -> None:
        """Open a connection to the board, or take the one that there is."""
        with self.exclusive():
            self.reopen()

    def reopen(self) -> None:
        """Take the connection that the owner has opened for this turn."""
        self._seen = self._working.connection

    def send(self, data: bytes, allowance: float = 0.0, run: dict[str, Any] | None = None) -> None:
        """As `Link.send`; of a RUN that is cut short, the owner finishes the step under way."""
        self._working.send(data, allowance, run)

    def receive(self, count: int, allowance: float = 0.0) -> bytes:
        """As `Link.receive`."""
        return self._working.receive(count, allowance)

    def receive_some(self, allowance: float = 0.0) -> bytes:
        """As `Link.receive_some`."""
        return self._working.receive_some(allowance)

    def close(self) -> None:
        """Close the port, or leave its owner alone; twice does nothing."""
        self._closed = True
        for link in list(self._all):
            link.close()
        self._let_go()
