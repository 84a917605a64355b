"""Docstrings are plain text with code in backticks, in numpydoc's sections.

What Sphinx would take for markup is escaped.  The lists in sections (`name : what it is.`) describe,
where numpydoc expects a type after the colon: each becomes a name with its description below it.
"""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"(`+[^`]*`+)")
_UNDERLINE = re.compile(r"-{3,}\s*")
_ITEM = re.compile(r"(\S[^:]*?) : (.*)")
_TYPE_WORDS = 3
"""A text of so many words that ends without a stop, above a sentence, is a type."""


def _escaped(line: str) -> str:
    """Escape `|`, `*` and `name_` outside of backticks, and end code before a letter (`Run`s)."""
    parts = _CODE.split(line)
    parts[::2] = [re.sub(r"[|*]|(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    parts[2::2] = [re.sub(r"^(?=\w)", r"\\ ", part) for part in parts[2::2]]
    return "".join(parts)


def _is_type(text: str, below: str) -> bool:
    return (
        len(text.split()) <= _TYPE_WORDS
        and not text.endswith((".", ":", ","))
        and bool(re.match(r"\s+[A-Z]", below))
    )


def _described(lines: list[str]) -> list[str]:
    """Items of sections, with their text below the name."""
    found: list[str] = []
    section = False
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if _UNDERLINE.fullmatch(line):
            section = True
        item = _ITEM.fullmatch(line) if section and not line.startswith(" ") else None
        if item and not _is_type(item[2], below):
            found += [item[1], "    " + item[2]]
        else:
            found.append(line)
    return found


def prepare(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Change a docstring in place, before numpydoc makes sections of it."""
    in_section = [bool(_UNDERLINE.fullmatch(line)) for line in lines]
    escaped = [
        _escaped(line) if any(in_section[:number]) or not line.startswith("    ") else line
        for number, line in enumerate(lines)
    ]
    lines[:] = _described(escaped)


def short_types(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: Any, returns: Any
) -> tuple[Any, Any]:
    """Aliases of types by their names alone, also inside of unions."""
    pair = (signature, returns)
    return tuple(  # type: ignore[return-value]
        text and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text) for text in pair
    )


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx, ahead of numpydoc."""
    app.connect("autodoc-process-docstring", prepare, priority=100)
    app.connect("autodoc-process-signature", short_types)
    return {"parallel_read_safe": True}
