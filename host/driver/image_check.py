"""Whether a board holds the image that this program takes it to hold."""

from __future__ import annotations

from spikeloom.hdl.contract.errors import BoardRefusedError
from spikeloom.hdl.contract.memory_map import Region, Register

from ..bus.bus import Bus

_ADDRESS = Region.CONTROL.base + Register.IMAGE


class ImageCheck:
    """Asks a board once which image it holds, and again when it may hold another one.

    Attributes
    ----------
    held : identity of the image that the board held when it was last seen; 0: none; None: unknown.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.held: int | None = None
        self._accepted: int | None = None
        self._checked_at: int | None = None

    def forget(self) -> None:
        """The board may hold another image: ask again."""
        self._checked_at = None

    def loading(self) -> None:
        """An image is being written; a part of it is none."""
        self.held = self._accepted = self._checked_at = None

    def loaded(self, identity: int) -> None:
        """This image was written."""
        self.held, self._checked_at = identity, self._bus.interruptions

    def accept(self) -> int:
        """Take whatever the board holds for the image that is needed; returns its identity."""
        self._accepted = self._bus.read_word(_ADDRESS)
        self.loaded(self._accepted)
        return self._accepted

    @property
    def is_due(self) -> bool:
        """Whether the board has to be asked: a new connection was made, or others had it."""
        return self._checked_at != self._bus.interruptions

    def require(self, needed: int) -> None:
        """`BoardRefusedError` unless the board holds this image, or the one that was accepted."""
        if not self.is_due:
            return
        needed = needed if self._accepted is None else self._accepted
        whose = "the design's is" if self.held != needed else "but this program worked with"
        self.compare(needed, whose)

    def compare(self, needed: int, whose: str) -> None:
        """Ask the board; `BoardRefusedError` unless it holds just this image."""
        held = self._bus.read_word(_ADDRESS)
        if held != needed:
            raise BoardRefusedError(
                f"the board holds {f'the image {held:08x}' if held else 'no image'}, {whose} "
                f"{needed:08x}; load() its design first, which clears what is there"
                f"{'' if held else ', and what is there is chance'}; or accept_image(), and work "
                "with what is there as if it were the design's"
            )
        self.loaded(held)
