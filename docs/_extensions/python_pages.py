"""The Python reference: a page for each public name of `spikeloom`, and one for each room."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from importlib.util import find_spec

import spikeloom

FOLDERS = ("spikeloom.hdl", "spikeloom.sim", "spikeloom.boards")
"""The package's other folders, which lie beside `host/`."""
ROOMS_NOT_SHOWN = ("spikeloom.cli", "spikeloom.demos", "spikeloom.pynn")
"""Rooms without a public surface of their own: the command line has its page, and PyNN its own."""


def _kind(value: object) -> str:
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if callable(value) else "data"


def _directive(name: str, value: object, *, no_index: bool = False) -> str:
    """The autodoc directive that describes one public name, with its public members."""
    kind = _kind(value)
    options = "   :no-index:\n" if no_index else ""
    if kind == "class":
        options += "   :members:\n" + ("" if no_index else "   :inherited-members: object\n")
    return f".. auto{kind}:: {name}\n{options}"


def _block(*directives: str) -> str:
    return "```{eval-rst}\n" + "\n".join(directives) + "```\n"


def _toctree(entries: list[str]) -> str:
    return "```{toctree}\n:hidden:\n\n" + "\n".join(entries) + "\n```\n"


def _summary(names: list[str]) -> str:
    rows = "".join(f"   {name}\n" for name in names)
    return _block(f".. autosummary::\n   :nosignatures:\n\n{rows}")


def rooms() -> list[str]:
    """Packages that name what others may use: `spikeloom`'s own, and those in the other folders."""
    found = []
    for top in ("spikeloom", *FOLDERS):
        found.append(top)
        for module in pkgutil.walk_packages(import_module(top).__path__, f"{top}."):
            if module.ispkg and not module.name.startswith(ROOMS_NOT_SHOWN):
                found.append(module.name)
    names = sorted(set(found) - {"spikeloom"})
    return [name for name in names if getattr(import_module(name), "__all__", None)]


def pages() -> dict[str, str]:
    """Markdown of the Python reference, by file name."""
    public = {n: getattr(spikeloom, n) for n in spikeloom.__all__ if not n.startswith("_")}
    errors = [n for n, value in public.items() if _kind(value) == "exception"]
    others = [n for n in public if n not in errors]
    made = {
        f"api/{n}.md": f"# {n}\n\n" + _block(_directive(f"spikeloom.{n}", public[n]))
        for n in others
    }
    made["api/errors.md"] = "# Errors and warnings\n\n" + _block(
        *(_directive(f"spikeloom.{n}", public[n]) for n in errors)
    )
    made["python.md"] = (
        "# Python\n\nEvery public name of `import spikeloom`.\n\n"
        + _summary([f"spikeloom.{n}" for n in others])
        + "\nErrors and warnings, [on a page of their own](api/errors.md):\n\n"
        + _summary([f"spikeloom.{n}" for n in errors])
        + _toctree([f"api/{n}" for n in [*others, "errors"]])
    )
    names = rooms()
    for name in names:
        made[f"rooms/{name}.md"] = f"# {name}\n\n" + _room(name)
    made["rooms.md"] = (
        "# Rooms\n\nWhat each package names for the others to use. "
        "[The house](../../explanation/house.md) says which may import which.\n\n"
        + _summary(names)
        + _toctree([f"rooms/{name}" for name in names])
    )
    return made


def _room(name: str) -> str:
    """A room's docstring, and what it names: modules with all that is public in them, or objects."""
    room = import_module(name)
    parts = [_block(f".. automodule:: {name}\n   :no-index:\n")]
    for member in room.__all__:
        if find_spec(f"{name}.{member}"):
            described = f".. automodule:: {name}.{member}\n   :members:\n   :no-index:\n"
        else:
            described = _directive(f"{name}.{member}", getattr(room, member), no_index=True)
        parts.append(f"## {member}\n\n" + _block(described))
    return "\n".join(parts)
