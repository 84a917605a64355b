"""Progress bars on stderr, where a person is watching."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[int], object]


@contextmanager
def progress_bar(title: str, total: int, show: bool | None = None) -> Iterator[Advance]:
    """Yield a function that moves a bar of `total` units on by so many.

    `show` = None shows the bar only when stderr is a terminal.
    """
    if show is None:
        show = sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True, force_terminal=show or None),
        transient=True,
        disable=not show,
    )
    with bar:
        task = bar.add_task(title, total=total)
        yield lambda units: bar.advance(task, units)
