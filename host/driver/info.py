"""What is known of a board: a dictionary for JSON, a paragraph for people."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..bus.bus import BoardLink
from ..bus.identity import BoardIdentity
from ..design.design import Design, describe_config, describe_names
from ..display.html import device_html, never_raise
from ..link.link import LinkStatistics


class BoardInfo(dict[str, Any]):
    """Who the board is, what is on it, and how its line is: everything as JSON can hold it.

    Shown as a paragraph; in a notebook with a table.

    Parameters
    ----------
    identity, clock_hz, design, link : of the board.
    registers : those that were read, by name in lower case.
    statistics : of the link; None: not asked for.
    """

    def __init__(
        self,
        identity: BoardIdentity,
        clock_hz: int,
        registers: dict[str, Any],
        design: Design | None,
        link: BoardLink,
        statistics: LinkStatistics | None,
    ) -> None:
        who = dataclasses.asdict(identity) | {
            "magic": f"{identity.magic:#010x}",
            "digest": f"{identity.digest:016x}",
        }
        super().__init__(
            port=link.name,
            identity=who,
            clock_hz=clock_hz,
            **registers,
            config=design.config.to_dict() if design else None,
            link=dataclasses.asdict(statistics) if statistics else {},
        )
        self._design, self._broken = design, link.broken
        self._baud = f", {link.baudrate} baud" if link.baudrate else ""

    @property
    def text(self) -> str:
        """A paragraph."""
        who = self["identity"]
        parts = [f"board at {self['port']!r}: {self._core()}"]
        parts.append(f"built as {who['build']!r}, clock {self['clock_hz'] / 1e6:g} MHz{self._baud}")
        image, step = self.get("image"), self.get("step")
        if image is not None:
            parts.append(self._image(image))
        if step is not None:
            parts.append(f"next step {step}")
        if self.get("tick_period"):
            parts.append(f"a tick every {self['tick_period']} cycles")
        if self._broken:
            parts.append("not connected; the next command opens a connection")
        errors = self["link"].get("errors", 0)
        if errors:
            parts.append(f"{errors} errors on the line so far")
        return "; ".join(parts)

    def _core(self) -> str:
        if self._design is None:
            return f"core {self['identity']['digest']}, opened without a design"
        names = describe_names(self._design)
        return f"{names + ' on ' if names else ''}{describe_config(self._design.config)}"

    def _image(self, image: int) -> str:
        if not image:
            return "nothing loaded"
        known = self._design is not None and image == self._design.identity
        return f"image {image:08x}{'' if known else ', of another design,' * bool(self._design)} loaded"

    @never_raise
    def __repr__(self) -> str:
        return self.text

    @never_raise
    def _repr_html_(self) -> str:
        rows = [(name, f"{value:,}") for name, value in self["link"].items()]
        return device_html(self.text, rows)
