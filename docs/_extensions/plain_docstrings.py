"""Docstrings are plain text with code in backticks and lists (`name : what it is.`) in sections.

What Sphinx would take for markup is escaped.  numpydoc expects a type after the colon, nothing but items
in a section, and no section that it does not know.  So each item becomes a name with its description
below it, paragraphs behind a list go before the sections, and the sections Attributes and Members are
written here.
"""

from __future__ import annotations

import re
from typing import Any

_CODE = re.compile(r"(`+[^`]*`+)")
_UNDERLINE = re.compile(r"-{3,}\s*")
_ITEM = re.compile(r"(\S[^:]*?) : (.*)")
_TYPE_WORDS = 3
"""A text of so many words that ends without a stop, above a sentence, is a type."""
_OURS = ("Attributes", "Members")
_SHORT = {
    r"TypeAliasForwardRef\('(\w+)'\)": r"\1",
    r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], ~?numpy\.dtype\[~?numpy\.(\w+)\]\]": r"NDArray[\1]",
    r"<factory>": "...",
}
"""What Sphinx makes of types and defaults, and what to write instead."""

Sections = list[tuple[str, list[str]]]


def _escaped(line: str) -> str:
    """Escape `|`, `*` and `name_` outside of backticks, and end code before a letter (`Run`s)."""
    parts = _CODE.split(line)
    parts[::2] = [re.sub(r"[|*]|(?<=\w)_(?!\w)", r"\\\g<0>", part) for part in parts[::2]]
    parts[2::2] = [re.sub(r"^(?=\w)", r"\\ ", part) for part in parts[2::2]]
    return "".join(parts)


def _split(lines: list[str]) -> tuple[list[str], Sections]:
    """The lines before the first section, and the sections by title."""
    head: list[str] = []
    sections: Sections = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if _UNDERLINE.fullmatch(below):
            sections.append((line, []))
        elif not _UNDERLINE.fullmatch(line):
            (sections[-1][1] if sections else head).append(line)
    return head, sections


def _is_type(text: str, below: str) -> bool:
    return (
        len(text.split()) <= _TYPE_WORDS
        and not text.endswith((".", ":", ","))
        and bool(re.match(r"\s+[A-Z]", below))
    )


def _items(lines: list[str]) -> tuple[list[str], list[str]]:
    """The items of a section, as numpydoc wants them, and the paragraphs that are no items."""
    items: list[str] = []
    others: list[str] = []
    at = items
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        item = _ITEM.fullmatch(line)
        if item and not _is_type(item[2], below):
            at = items
            items += [item[1], "    " + _escaped(item[2])]
        elif item or not line.strip() or line.startswith(" "):
            at = items if item else at
            at.append(_escaped(line))
        else:
            if at is items:
                others.append("")
            at = others
            others.append(_escaped(line))
    return items, others


def prepare(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Change a docstring in place, before numpydoc reads its sections."""
    head, sections = _split(lines)
    result = [line if line.startswith("    ") else _escaped(line) for line in head]
    numpys: list[str] = []
    ours: list[str] = []
    for title, body in sections:
        items, others = _items(body)
        result += others
        if title in _OURS:
            ours += _field(title, items)
        else:
            numpys += ["", title, "-" * len(title), *items]
    lines[:] = result + numpys
    app.spikeloom_fields[name] = ours


def _field(title: str, items: list[str]) -> list[str]:
    """A field list with a list of definitions in it, as numpydoc makes of parameters."""
    rows = [f"    **{line}**" if re.match(r"\S", line) else "    " + line for line in items]
    return ["", f":{title}:", "", *rows, ""]


def finish(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Add what `prepare` took out."""
    lines += app.spikeloom_fields.pop(name, [])


def short_types(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: Any, returns: Any
) -> tuple[Any, Any]:
    """Types of a signature by their short names, and defaults that Sphinx can read."""
    for pattern, short in _SHORT.items():
        signature = signature and re.sub(pattern, short, signature)
        returns = returns and re.sub(pattern, short, returns)
    return signature, returns


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx, around numpydoc."""
    app.spikeloom_fields = {}
    app.connect("autodoc-process-docstring", prepare, priority=100)
    app.connect("autodoc-process-docstring", finish, priority=900)
    app.connect("autodoc-process-signature", short_types)
    return {"parallel_read_safe": True}
