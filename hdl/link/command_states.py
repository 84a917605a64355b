"""Kinds of states of the command processor: halfwords in and out, and accesses of the bus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from amaranth.hdl import Module, Signal, ValueLike
from amaranth.lib import wiring

from ..contract.commands import Status

_InState = AbstractContextManager[None]


class CommandStates(wiring.Component):
    """States of an FSM that take and send halfwords, or access the bus, and then go on to another state.

    Its ports are those of `Processor`.
    """

    requests: Any
    replies: Any
    bus: Any
    shows_step: Signal
    _status: Signal
    """How the command ends."""
    _high: Signal
    """Of two halfwords that belong together the second one is next."""
    _takes: Signal
    """Halves of the word take what is there."""
    _of_word: Signal
    """A half of the word is sent."""
    _said: Signal
    """What is sent besides."""

    def _take(self, m: Module, state: str, following: str, *, halves: int = 1) -> _InState:
        """A state that takes a halfword, or two; what follows happens with each."""
        return self._state(m, state, self.requests, following, halves)

    def _send(self, m: Module, state: str, following: str, *, halves: int = 1) -> _InState:
        """A state that sends a halfword, or two; what follows says in all of its cycles which."""
        return self._state(m, state, self.replies, following, halves)

    @contextmanager
    def _state(
        self, m: Module, state: str, halfwords: Any, following: str, halves: int
    ) -> Iterator[None]:
        sends = halfwords is self.replies
        own, others = (
            (halfwords.valid, halfwords.ready) if sends else (halfwords.ready, halfwords.valid)
        )
        with m.State(state):
            m.d.comb += own.eq(1)
            with m.If(others):
                if halves == 2:
                    m.d.sync += self._high.eq(~self._high)
                with m.If(self._high if halves == 2 else 1):
                    m.next = following
                if not sends:
                    yield
            if sends:
                yield

    def _send_word(self, m: Module, state: str, following: str) -> None:
        with self._send(m, state, following, halves=2):
            m.d.comb += self._of_word.eq(1)

    def _send_step(self, m: Module, state: str, following: str) -> None:
        """Where this state follows, `shows_step` is set: a register, because it goes far."""
        with self._send(m, state, following, halves=2), m.If(self.replies.ready & self._high):
            m.d.sync += self.shows_step.eq(0)

    def _say(self, m: Module, state: str, following: str, value: ValueLike, flush: int = 0) -> None:
        with self._send(m, state, following):
            m.d.comb += [self._said.eq(value), self.replies.payload.flush.eq(flush)]

    @contextmanager
    def _access(self, m: Module, state: str, following: str) -> Iterator[None]:
        """A bus access; what follows happens when it is done.  A value read is then in `_word`."""
        bus = self.bus
        with m.State(state):
            m.d.sync += bus.valid.eq(~bus.done)
            with m.If(bus.done):
                m.d.comb += self._takes.eq(0b11)
                with m.If(bus.error):
                    m.d.sync += self._status.eq(Status.BAD_ADDRESS)
                m.next = following
                yield
