"""Progress bars on stderr, where a person is watching."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int], object]
_quiet = False
LONG = 2.0
"""Seconds after which a transfer was a long one."""


def set_quiet(quiet: bool) -> None:
    """Show no bars from now on, unless they are asked for; or those that a terminal gets again."""
    global _quiet
    _quiet = quiet


@contextmanager
def progress_bar(
    title: str, total: int, show: bool | None = None, moved: Callable[[], int] | None = None
) -> Iterator[Advance]:
    """Show a progress bar on stderr while the context lasts.

    Parameters
    ----------
    title : str
    total : int
        Units at the end of the bar.
    show : bool, optional
        Default: only when stderr is a terminal, and unless `set_quiet` says otherwise.
    moved : callable, optional
        Returns the bytes that have been on the line.  A transfer of more than two seconds then
        ends with a line that says its rate.

    Yields
    ------
    callable
        Moves the bar on by so many units.
    """
    if show is None:
        show = sys.stderr.isatty() and not _quiet
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True, force_terminal=show or None),
        transient=True,
        disable=not show,
    )
    began, before = time.monotonic(), moved() if show and moved else 0
    with bar:
        task = bar.add_task(title, total=total)
        yield lambda units: bar.advance(task, units)
    seconds = time.monotonic() - began
    if show and moved and seconds > LONG:
        kilobytes = (moved() - before) / 1e3
        text = f"{title}: {kilobytes:.0f} kB in {seconds:.1f} s, {kilobytes / seconds:.0f} kB/s"
        bar.console.print(text, highlight=False)


def note_if_long(what: str, seconds: float) -> None:
    """Say on a terminal what took longer than `LONG`, and how long, unless `set_quiet` says otherwise."""
    if seconds > LONG and sys.stderr.isatty() and not _quiet:
        Console(stderr=True).print(f"{what}: {seconds:.0f} s", highlight=False)
