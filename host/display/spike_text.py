"""Spikes as text: a line for each neuron, a character for each step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NONE, ONE, SEVERAL = "·", "|", "#"
_TICKS = 10
"""Characters from one number of the time axis to the next, at least."""


def text_raster(
    spikes: NDArray[np.bool_],
    start: int = 0,
    populations: dict[str, slice] | None = None,
    *,
    width: int = 72,
    height: int = 32,
) -> str:
    """Draw spikes as text: `|` is a spike, `·` none.

    What is longer than `width` characters or has more than `height` neurons is drawn coarser: a
    character then stands for several steps, a line for several neurons, and `#` for more than one spike.

    Parameters
    ----------
    spikes : numpy.ndarray of bool, (steps, N)
    start : int
        Number of the first step.
    populations : dict of str to slice, optional
        Ranges of neurons, each drawn with its name.  Default: all are in one.
    width : int
        Characters of a line, without the names.
    height : int
        Lines, without the axis.  Each population has at least one.

    Returns
    -------
    str
        With the numbers of steps in the last line.
    """
    steps, neurons = spikes.shape
    ranges = {
        name: range(*where.indices(neurons)) for name, where in (populations or {}).items()
    } or {"": range(neurons)}
    total = sum(map(len, ranges.values()))
    stride = max(1, -(-steps // max(1, width)))
    group = max(1, -(-total // max(1, height)))
    lines = []
    for name, where in ranges.items():
        for first in range(where.start, where.stop, group):
            last = min(first + group, where.stop) - 1
            numbers = f"{first - where.start}" + (f"–{last - where.start}" if last > first else "")
            counts = spikes[:, first : last + 1].sum(axis=1, dtype=int)
            counts = np.add.reduceat(counts, np.arange(0, steps, stride)) if steps else counts
            marks = "".join((NONE, ONE, SEVERAL)[min(int(count), 2)] for count in counts)
            lines.append((f"{name} {numbers}".strip(), marks))
    margin = max((len(label) for label, _ in lines), default=0)
    drawn = [f"{label:>{margin}} {marks}" for label, marks in lines]
    return "\n".join([*drawn, f"{'':{margin}} {_axis(start, steps, stride)}".rstrip()])


def _axis(start: int, steps: int, stride: int) -> str:
    """Numbers of steps below the characters that stand for them."""
    line = ""
    for column in range(0, -(-steps // stride), _TICKS):
        number = f"{start + column * stride}"
        if len(line) <= column:
            line = f"{line:<{column}}{number} "
    return line.rstrip()
