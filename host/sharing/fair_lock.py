"""Taking turns at a board: whole transactions, one user at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """A lock that knows when somebody else had it.

    Nobody who takes turns again and again keeps the others out: whoever waits first is next.
    """

    def __init__(self) -> None:
        self._turnstile = threading.Lock()
        self._lock = threading.Lock()
        self._last: object = None

    @property
    def taken(self) -> bool:
        """Whether anybody has the turn."""
        return self._lock.locked()

    @contextmanager
    def take(self, user: object) -> Iterator[bool]:
        """Wait for the turn and keep it; yields whether another user had one since `user`'s last."""
        with self._turnstile:
            # Whoever leaves now finds the turnstile closed, and comes after the one that waits here.
            self._lock.acquire()
        try:
            between, self._last = self._last not in (None, user), user
            yield between
        finally:
            self._lock.release()
