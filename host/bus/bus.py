"""The board's bus and its RUN command, one call each, over a link that is mended on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.commands import Opcode, Status
from spikeloom.hdl.contract.errors import BoardRefusedError, SpikeLoomError

from ..link.link import LinkStatistics
from . import protocol
from .unfinished_run import RunFacts, UnfinishedRun

_HALFWORD_BYTES = 2


class BoardLink(Protocol):
    """What a bus needs of a link: `Link` has it, and `SharedLink`."""

    broken: bool

    @property
    def attached(self) -> bool:
        """Whether another process owns the port."""

    @property
    def shared(self) -> bool:
        """Whether others may use the link between two calls."""

    def exclusive(self) -> AbstractContextManager[bool]:
        """Have the link alone; yields whether anybody else had it since the last time."""

    @property
    def baudrate(self) -> int | None:
        """Bits per second, where the port has a rate and this process sets it."""

    def now(self) -> float:
        """Time in seconds that the port's time-outs and a live run's ticks keep to."""

    @property
    def name(self) -> str:
        """What messages call the port."""

    @property
    def statistics(self) -> LinkStatistics:
        """What went over the line."""

    def open(self) -> None:
        """Open a connection."""

    def reopen(self) -> None:
        """Abandon what was under way and open a new connection."""

    def close(self) -> None:
        """Close the port; closing twice does nothing."""

    def send(self, data: bytes, allowance: float = 0.0, run: dict[str, Any] | None = None) -> None:
        """Send an even number of bytes; `run` are the `RunFacts` of a RUN, for a shared link.

        The owner of a shared link finishes a step that was cut short.
        """

    def receive(self, count: int, allowance: float = 0.0) -> bytes:
        """Wait for exactly `count` bytes."""

    def receive_some(self, allowance: float = 0.0) -> bytes:
        """Wait for the stream to go on."""


class Bus:
    """Words of the board by address, as `spikeloom.hdl.contract.memory_map` defines them.

    A `LinkError` leaves the connection broken; the next call opens a new one.  `BoardRefusedError`
    leaves it intact.  Each call is whole, whichever threads and processes share the board.  Of a
    `run` that is cut short (by Ctrl-C, say) whole steps remain: see `UnfinishedRun`.

    Parameters
    ----------
    link : an open link.
    """

    def __init__(self, link: BoardLink) -> None:
        self.link = link
        self.interruptions = 0
        """How often somebody else had the board since the last call here."""
        self.on_reconnect: Callable[[], None] = lambda: None
        """Called after a broken connection has been opened anew."""
        self._under_way = False
        self._unfinished: UnfinishedRun | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Have the board alone for several calls; may be nested."""
        with self.link.exclusive() as between:
            self.interruptions += between
            yield

    def moved(self) -> int:
        """Bytes that went over the line since the link was made, both directions together."""
        statistics = self.link.statistics
        return statistics.bytes_sent + statistics.bytes_received

    def reconnect(self) -> None:
        """Open a new connection if the link is broken; every command does so by itself."""
        with self.transaction():
            if self.link.broken:
                try:
                    self.link.reopen()
                    self._under_way = False
                    if self._unfinished is not None:
                        self._unfinished.finish_step(self.link)
                        self._unfinished = None
                    self.on_reconnect()
                except BaseException:
                    self.link.broken = True
                    raise

    @contextmanager
    def _command(self) -> Iterator[BoardLink]:
        """The link, in order; whatever cuts a command short leaves it broken."""
        with self.transaction():
            if self._under_way:  # a second interrupt came before the first one was dealt with
                self.link.broken = True
            self.reconnect()
            self._under_way = not self.link.shared
            try:
                yield self.link
            except BaseException as error:
                self.link.broken, self._under_way = True, False
                if self._unfinished is not None and not isinstance(error, SpikeLoomError):
                    with suppress(SpikeLoomError):  # there may be no next command
                        self.reconnect()
                raise
            self._under_way = False

    def read(self, address: int, count: int) -> NDArray[np.uint32]:
        """(count,) consecutive words; at most `protocol.MAX_COUNT`, `count` may be 0."""
        if not count:
            return np.zeros(0, dtype=np.uint32)
        with self._command() as link:
            link.send(protocol.read_request(address, count))
            self._reply_head(link, Opcode.READ)
            rest = 2 * count + protocol.READ_EXTRA - 1
            reply = protocol.to_halfwords(link.receive(_HALFWORD_BYTES * rest))
            status = protocol.to_status(int(reply[-1]))
        _check_address(status, "read", address, count)
        return protocol.join_words(reply[1:-1])

    def write(self, address: int, words: NDArray[np.uint32], allowance: float = 0.0) -> int:
        """Write (n,) consecutive words; returns the step from which on they are in effect.

        `allowance` is how many seconds longer than usual the board may take.
        """
        with self._command() as link:
            link.send(protocol.write_request(address, words), allowance)
            self._reply_head(link, Opcode.WRITE, allowance)
            rest = _HALFWORD_BYTES * (protocol.WRITE_REPLY - 1)
            reply = protocol.to_halfwords(link.receive(rest, allowance))
            status = protocol.to_status(int(reply[-1]))
        _check_address(status, "write", address, len(words))
        return int(protocol.join_words(reply[1:3])[0])

    def write_word(self, address: int, value: int, allowance: float = 0.0) -> int:
        """Write one word; returns as `write` does."""
        return self.write(address, np.array([value & 0xFFFFFFFF], dtype=np.uint32), allowance)

    def read_word(self, address: int) -> int:
        """Read one word, unsigned."""
        return int(self.read(address, 1)[0])

    def run(
        self,
        start: int,
        raster: NDArray[np.bool_],
        neurons: int,
        monitors: int = 0,
        *,
        live: bool = False,
        allowance: float = 0.0,
    ) -> protocol.RunReply:
        """RUN a (steps, A) bool raster from step `start` on; see `protocol.RunReply`.

        `allowance` is how many seconds the steps may take during which nothing is reported.  `start`
        is the step that is due; a refusal says that somebody else has stepped the board.
        """
        reply = protocol.RunReply(start, len(raster), neurons, monitors)
        steps, axons = raster.shape
        facts = RunFacts(start, steps, axons, neurons, monitors, allowance)
        request = protocol.run_request(start, raster, live=live)
        with self._command() as link:
            if not link.shared:
                self._unfinished = UnfinishedRun(facts, request)
            link.send(request, allowance, facts.to_dict())
            while not reply.done:
                reply.feed(protocol.to_halfwords(link.receive_some(allowance)))
            self._unfinished = None
        if reply.status == Status.NO_IMAGE:
            raise BoardRefusedError("the board holds no image and cannot run; load() one first")
        if reply.status == Status.WRONG_START:
            raise BoardRefusedError(
                f"the run was to begin at step {start}, but the board's next step is {reply.step}; "
                "something else drives it too: reset() it, or run() again to go on from there"
            )
        if reply.status != Status.OK:
            raise BoardRefusedError(f"the board refused the run: {reply.status.name}")
        return reply

    @staticmethod
    def _reply_head(link: BoardLink, opcode: Opcode, allowance: float = 0.0) -> None:
        got = protocol.to_halfwords(link.receive(_HALFWORD_BYTES, allowance))
        protocol.check_opcode(int(got[0]), opcode)


def _check_address(status: Status, verb: str, address: int, count: int) -> None:
    if status == Status.BAD_ADDRESS:
        where = f"{address:#010x}" + (f"…{address + count - 1:#010x}" if count > 1 else "")
        raise BoardRefusedError(
            f"the board could not {verb} {where}: some of it is not there"
            + (" or is read-only" if verb == "write" else "")
        )
    if status != Status.OK:
        raise BoardRefusedError(f"the board refused to {verb} {address:#010x}: {status.name}")
