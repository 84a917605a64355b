"""The number of the step that is due, and whether somebody else has moved it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from spikeloom.hdl.contract.errors import BoardRefusedError
from spikeloom.hdl.contract.memory_map import Region, Register

from ..bus.bus import Bus
from ..design.contents import check_step

_ADDRESS = Region.CONTROL.base + Register.STEP


@contextmanager
def explained_interrupts() -> Iterator[None]:
    """Ctrl-C in a run: says what is left, in place of the frames of everything below."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "the run was interrupted after a whole step; `step` says which one is next, and another "
            "run goes on from there"
        ) from None


class NextStep:
    """Number of a board's next step, as this program's own calls have left it.

    It is asked of the board after a call that was cut short, and when others had the board.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._number: int | None = None
        self._interruptions = bus.interruptions

    @property
    def known(self) -> int | None:
        """The number, if this program's last call has told it."""
        return self._number

    def forget(self) -> None:
        """A call begins that will change it."""
        self._number = None

    def set(self, number: int) -> None:
        """A call has left the board at this step."""
        self._number, self._interruptions = number, self._bus.interruptions

    def read(self) -> int:
        """Ask the board."""
        with self._bus.transaction():
            self.set(self._bus.read_word(_ADDRESS))
            assert self._number is not None
            return self._number

    def due(self) -> int:
        """The number as this program's calls have left it."""
        with self._bus.transaction():
            return self.read() if self._number is None else self._number

    def begin(self, start: int | None) -> int:
        """Number of the first step of a run, within a transaction; afterwards it is not known.

        `BoardRefusedError` unless that is `start`, or, by default, what this program expects.  So
        the board never refuses a RUN for its start, and what was cut short can be finished.
        """
        expected = self._number if start is None else check_step(start, "start")
        if self._number is not None and self._interruptions == self._bus.interruptions:
            actual = self._number
        else:
            actual = self.read()
        self.forget()
        if expected is not None and expected != actual:
            raise BoardRefusedError(
                f"the run was to begin at step {expected}, but the board's next step is {actual}; "
                "something else drives it too: reset() it, or run() again to go on from there"
            )
        return actual
