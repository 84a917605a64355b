"""Docstrings are plain text with code in backticks: what Sphinx would take for markup is escaped."""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"(`+[^`]*`+)")


def _escaped(line: str) -> str:
    """Escape `|`, `*` and `name_` outside of backticks, and end code before a letter (`Run`s)."""
    parts = _CODE.split(line)
    parts[::2] = [re.sub(r"[|*]|(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    parts[2::2] = [re.sub(r"^(?=\w)", r"\\ ", part) for part in parts[2::2]]
    return "".join(parts)


def escape(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape a docstring in place, before numpydoc makes sections of it."""
    lines[:] = [line if line.startswith("    ") else _escaped(line) for line in lines]


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx, ahead of numpydoc."""
    app.connect("autodoc-process-docstring", escape, priority=100)
    return {"parallel_read_safe": True}
