"""Tables and pictures for a notebook's page, and for a terminal.

Showing never raises, and asks a device for something only while its connection is sound.
"""

from __future__ import annotations

import base64
import functools
import html
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from spikeloom.hdl.contract.errors import MissingToolError

from .weight_maps import weight_map

_Owner = TypeVar("_Owner")

EDGE = 3
SUMMARISE = 1000
"""Elements at each end of an axis that are shown of arrays with more elements than this."""
_WIDTH = 560
_HEIGHT = 420
"""Pixels of a picture on the page, at most."""


def never_raise(show: Callable[[_Owner], str]) -> Callable[[_Owner], str]:
    """Decorate a `__repr__` or `_repr_html_`: what goes wrong is shown instead of raised."""

    @functools.wraps(show)
    def shown(self: _Owner) -> str:
        try:
            return show(self)
        except Exception as error:
            text = f"<{type(self).__name__}, not shown: {type(error).__name__}: {error}>"
            return html.escape(text) if show.__name__ == "_repr_html_" else text

    return shown


# Tables


def table_text(title: str, rows: Sequence[Sequence[str]]) -> str:
    """Columns, aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([f"<{title}>" if lines else f"<no {title}>", *lines])


def table_html(title: str, rows: Sequence[Sequence[str]]) -> str:
    """Columns, with the title above them."""
    cell = '<td style="text-align:left">{}</td>'
    lines = ["".join(cell.format(html.escape(text)) for text in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><caption>{html.escape(title)}</caption>{body}</table>"


# Pages


def weights_html(weights: np.ndarray[Any, Any], title: str) -> str:
    """A map of (sources, targets) weights."""

    def draw(path: Path) -> None:
        weight_map(weights, path, title=title)

    with np.printoptions(threshold=SUMMARISE, edgeitems=EDGE):
        fallback = f"{title} {weights.shape}\n{weights}"
    return picture(draw, fallback)


def picture(draw: Callable[[Path], None], fallback: str) -> str:
    """What is drawn, inside the page; text when matplotlib is not installed."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "picture.png"
            draw(path)
            data = base64.b64encode(path.read_bytes()).decode()
    except MissingToolError:
        return f"<pre>{html.escape(fallback)}</pre>"
    style = f"max-width:{_WIDTH}px;max-height:{_HEIGHT}px"
    return f'<img style="{style}" src="data:image/png;base64,{data}">'


def device_html(text: str, rows: Sequence[tuple[str, str]]) -> str:
    """A paragraph and what is known, by name."""
    return f"<p>{html.escape(text)}</p>{table_html('', rows) if rows else ''}"
