"""The Python reference: a page for each public name of `spikeloom`, and one for each room."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import spikeloom

ROOMS_NOT_SHOWN = ("spikeloom.cli", "spikeloom.demos")
"""Rooms without a public surface of their own: the command line has its page."""


def _kind(value: object) -> str:
    if inspect.isclass(value):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if callable(value) else "data"


def _directive(name: str, value: object) -> str:
    """The autodoc directive that describes one public name, with its public members."""
    kind = _kind(value)
    options = "   :members:\n   :inherited-members: object\n" if kind == "class" else ""
    return f".. auto{kind}:: {name}\n{options}"


def _block(*directives: str) -> str:
    return "```{eval-rst}\n" + "\n".join(directives) + "```\n"


def _toctree(entries: list[str]) -> str:
    return "```{toctree}\n:hidden:\n\n" + "\n".join(entries) + "\n```\n"


def _summary(names: list[str]) -> str:
    rows = "".join(f"   {name}\n" for name in names)
    return _block(f".. autosummary::\n   :nosignatures:\n\n{rows}")


def rooms() -> list[str]:
    """Packages inside `spikeloom` that name what others may use."""
    found = []
    for module in pkgutil.walk_packages(spikeloom.__path__, "spikeloom."):
        if module.ispkg and not module.name.startswith(ROOMS_NOT_SHOWN):
            found.append(module.name)
    return sorted(name for name in found if getattr(import_module(name), "__all__", None))


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
        made[f"rooms/{name}.md"] = f"# {name}\n\n" + _block(_room(name))
    made["rooms.md"] = (
        "# Rooms\n\nWhat each package names for the others to use. "
        "[The house](../../explanation/house.md) says which may import which.\n\n"
        + _summary(names)
        + _toctree([f"rooms/{name}" for name in names])
    )
    return made


def _room(name: str) -> str:
    return f".. automodule:: {name}\n   :members:\n"
