"""Taking turns at a board: whole transactions, by one thread of one user at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turn:
    """A lock that a thread may take again inside, and that knows when somebody else had it.

    Nobody who takes turns again and again keeps the others out: whoever waits first is next.
    """

    def __init__(self) -> None:
        self._turnstile = threading.Lock()
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._last: object = None

    @property
    def mine(self) -> bool:
        """Whether this thread has the turn."""
        return self._thread == threading.get_ident()

    @property
    def taken(self) -> bool:
        """Whether anybody has the turn."""
        return self._lock.locked()

    @contextmanager
    def take(self, user: object) -> Iterator[bool]:
        """Wait for the turn and keep it; yields whether another user had one since `user`'s last.

        Inside a turn of the same thread it yields False at once.
        """
        if self.mine:
            yield False
            return
        with self._turnstile:
            # Whoever leaves now finds the turnstile closed, and comes after the one that waits here.
            self._lock.acquire()
        try:
            self._thread = threading.get_ident()
            between, self._last = self._last not in (None, user), user
            yield between
        finally:
            self._thread = None
            self._lock.release()
