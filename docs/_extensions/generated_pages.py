"""Writes the reference pages that come from the code itself, before Sphinx reads any page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import python_pages
from command_pages import command_page
from fitted_table_page import fitted_table_page
from memory_map_page import memory_map_page

_CHANGELOG = """```{include} ../../../CHANGELOG.md
:relative-docs: docs
:relative-images:
```
"""


def _write(path: Path, text: str) -> None:
    """Write a page, unless it is there already: Sphinx reads again what has a new date."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def write_pages(app: Any, config: Any) -> None:
    """Write all generated pages, and remove those that are no longer made."""
    folder = Path(app.srcdir) / "reference" / "generated"
    pages = {
        "command-line.md": command_page(),
        "memory-map.md": memory_map_page(),
        "fitted-table.md": fitted_table_page(),
        **python_pages.pages(),
    }
    there = (Path(app.srcdir).parent / "CHANGELOG.md").exists()
    pages["changelog.md"] = _CHANGELOG if there else "# Changelog\n\nThere is none yet.\n"
    for name, text in pages.items():
        _write(folder / name, text)
    for path in folder.rglob("*.md"):
        if str(path.relative_to(folder)) not in pages:
            path.unlink()


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", write_pages)
    return {"parallel_read_safe": True}
