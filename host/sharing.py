"""The link of a port that several processes share: one of them owns the port."""

from __future__ import annotations

import contextlib
import dataclasses
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from . import ownership
from .attached_link import AttachedLink
from .errors import LinkError, PortError
from .link import Link, LinkStatistics
from .link_server import LinkServer
from .ownership import Claim
from .turn import Turn

_WAIT = 10.0
"""Seconds to wait while another process is opening or closing the port."""
_RETRY = 0.05
_CLOSING = 2.0
_HERE = "this process"
"""Who has a turn, if not a client."""

OpenPort = Callable[[Claim], Link]


class OwnedPort:
    """An open link, the claim on its port, and the server through which others share it.

    Parameters
    ----------
    claim : released when the port can not be opened, and by `close`.
    open_port : opens the port, under the claim, and returns an open link.
    turn : None: do not share.
    """

    def __init__(self, claim: Claim, open_port: OpenPort, turn: Turn | None) -> None:
        self.claim, self.turn = claim, turn
        self.server: LinkServer | None = None
        with contextlib.ExitStack() as undo:
            undo.callback(claim.release)
            self.link = open_port(claim)
            undo.callback(self.link.close)
            record = dataclasses.replace(claim.record, opening=False)
            if turn is not None:
                self.server = server = LinkServer(self.link, turn)
                record = dataclasses.replace(record, address=server.address, token=server.token)
            claim.publish(record)
            undo.pop_all()

    def close(self) -> None:
        """Close the port, after whatever a client is doing if that does not take long."""
        if self.server is not None and self.turn is not None:
            self.server.stop()
            deadline = time.monotonic() + _CLOSING
            while self.turn.taken and not self.turn.mine and time.monotonic() < deadline:
                time.sleep(_RETRY)
        self.link.close()
        self.claim.release()
        if self.server is not None:
            self.server.dismiss()


class SharedLink:
    """A link to a board, whoever in this machine owns its port.

    When nobody has the port, this process opens it, and lets others share its link; otherwise the
    owner does what is asked for here, in turns.  When the owner goes away, commands raise
    `LinkError`; the next one opens the port, or finds the new owner.

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
        self._patience = patience
        self._open_port = open_port
        self._share = share
        self._turn = Turn()
        self._seen: tuple[object, int] | None = None
        self._closed = False
        self._let_go: Callable[[], object]
        self._link = self._obtain()

    def _obtain(self) -> Link | AttachedLink:
        """Own the port, or attach to the process that does."""
        deadline = time.monotonic() + min(_WAIT, self._patience or _WAIT)
        while True:
            claim = Claim.take(self.where)
            if claim is not None:
                owned = OwnedPort(claim, self._open_port, self._turn if self._share else None)
                # A board that nobody refers to any more must not keep its port.
                self._let_go = weakref.finalize(self, owned.close)
                return owned.link
            owner = ownership.find(self.where)
            if owner is not None and not owner.opening:
                if owner.address is None or not self._share:
                    raise PortError(ownership.refusal(self.where, owner))
                with contextlib.suppress(OSError):  # it may just be going away
                    attached = AttachedLink(owner, self._patience)
                    self._let_go = attached.close
                    return attached
            if time.monotonic() > deadline:
                raise PortError(ownership.refusal(self.where, owner))
            time.sleep(_RETRY)

    @property
    def attached(self) -> bool:
        """Whether another process owns the port."""
        return isinstance(self._link, AttachedLink)

    @property
    def name(self) -> str:
        """What messages call the port."""
        return self._link.name

    @property
    def statistics(self) -> LinkStatistics:
        """Those of the link, whoever owns it."""
        with self.turn():
            return self._link.statistics

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Have the board alone; yields whether anybody else had it since the last time.

        A thread may take it again inside.
        """
        if self._turn.mine:
            yield False
            return
        with self._turn.take(_HERE) as between:
            if self._closed:
                raise LinkError(f"the connection to {self.where} was closed; open the port anew")
            if isinstance(self._link, AttachedLink) and not self._link.connected:
                self._link = self._obtain()
            link = self._link
            if not isinstance(link, AttachedLink):
                yield between
                return
            between = link.begin()
            try:
                yield between
            finally:
                link.end()

    # What a `Link` can do; all of it within a turn.

    def _connection(self) -> tuple[object, int]:
        """What changes when the connection to the board is another one than before."""
        link = self._link
        if isinstance(link, AttachedLink):
            return link, link.connections
        return link, link.statistics.connections

    @property
    def broken(self) -> bool:
        """Whether there is no connection, or another one than when this was opened."""
        link = self._link
        lost = not link.connected if isinstance(link, AttachedLink) else link.broken
        return lost or self._connection() != self._seen

    @broken.setter
    def broken(self, value: bool) -> None:
        assert value
        if isinstance(self._link, AttachedLink):
            self._link.close()
        else:
            self._link.broken = True

    def open(self) -> None:
        """Open a connection to the board, or take the one that there is."""
        with self.turn():
            self.reopen()

    def reopen(self) -> None:
        """Open a new connection if there is none."""
        if not isinstance(self._link, AttachedLink) and self._link.broken:
            self._link.reopen()
        self._seen = self._connection()

    def send(self, data: bytes, allowance: float = 0.0) -> None:
        """As `Link.send`."""
        self._link.send(data, allowance)

    def receive(self, count: int, allowance: float = 0.0) -> bytes:
        """As `Link.receive`."""
        return self._link.receive(count, allowance)

    def receive_some(self, allowance: float = 0.0) -> bytes:
        """As `Link.receive_some`."""
        return self._link.receive_some(allowance)

    def close(self) -> None:
        """Close the port, or leave its owner alone; twice does nothing."""
        self._closed = True
        self._let_go()
