"""How devices, designs, runs and views show themselves: a paragraph, or HTML in a notebook.

Showing never raises, and asks a device for something only while its connection is sound.
"""

from __future__ import annotations

import base64
import functools
import html
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from spikeloom.hdl.contract.errors import MissingToolError

from .spike_text import text_raster

if TYPE_CHECKING:
    from spikeloom.hdl import CoreConfig

    from ..design.design import Design
    from ..device.array_view import ArrayView
    from ..device.device import Run

_Owner = TypeVar("_Owner")

_EDGE = 3
_SUMMARISE = 1000
"""Elements at each end of an axis that are shown of arrays with more elements than this."""
_PICTURE_STEPS = 2000
_PICTURE_SPIKES = 20_000
_PICTURE_WEIGHTS = 1 << 20
_WIDTH = 560
_HEIGHT = 420
"""Pixels of a picture on the page, at most."""


def never_raise(show: Callable[[_Owner], str]) -> Callable[[_Owner], str]:
    """Decorate a `__repr__` or `_repr_html_`: what goes wrong is shown instead of raised."""

    @functools.wraps(show)
    def shown(self: _Owner) -> str:
        try:
            return show(self)
        except Exception as error:
            text = f"<{type(self).__name__}, not shown: {type(error).__name__}: {error}>"
            return html.escape(text) if show.__name__ == "_repr_html_" else text

    return shown


# What is what


def describe_config(config: CoreConfig) -> str:
    """A core in half a sentence."""
    learning = f", learning by {config.learning.rule}" if config.learning else ""
    return (
        f"{config.axons} axons × {config.neurons} neurons, {config.weight_bits}-bit weights, "
        f"{config.state_bits}-bit states, {config.lanes} lane{'s' * (config.lanes != 1)}{learning}"
    )


def describe_names(design: Design) -> str:
    """Inputs and populations in half a sentence."""
    kinds = ((design.inputs, design.config.axons), (design.populations, design.config.neurons))
    parts = [
        ", ".join(f"{name} ({len(range(*where.indices(size)))})" for name, where in ranges.items())
        for ranges, size in kinds
    ]
    return " → ".join(part for part in parts if part)


def describe_design(design: Design) -> str:
    """A design in a sentence."""
    names = describe_names(design)
    synapses = int(np.count_nonzero(design.image.weights))
    core = describe_config(design.config)
    if design.placement is not None:
        fabric = design.placement.fabric
        core += f", on {fabric.columns} × {fabric.rows} cores of {fabric.core.neurons} neurons"
    return (
        f"Design{f' {names}' if names else ''}: {core}; {synapses} synapses, "
        f"steps of {design.dt * 1e3:g} ms, image {design.image.identity:08x}"
    )


def describe_run(run: Run, more: str = "") -> str:
    """A run in a sentence."""
    if not run.steps:
        return f"{type(run).__name__} of no steps, next step {run.start}"
    last = run.start + run.steps - 1
    spikes = f"{int(run.spikes.sum())} spikes"
    if run.populations:
        counts = [f"{name} {int(run[name].sum())}" for name in run.populations]
        spikes += f" ({', '.join(counts)})"
    watched = f", monitored {', '.join(run.monitored)}" if run.monitored else ""
    return f"{type(run).__name__} of steps {run.start}…{last}: {spikes}{watched}{more}"


def view_text(view: ArrayView) -> str:
    """A view's title and numbers."""
    cells = view._cells
    title = f"{cells.title} {view.shape}, {cells.low}…{cells.high}"
    if view.effective_from is not None:
        title += f", as written from step {view.effective_from} on"
    reason = cells.unreachable()
    return f"<{title}: {reason}>" if reason else f"<{title}>\n{_numbers(view)}"


def _numbers(view: ArrayView) -> str:
    """The numbers as NumPy shows them; of large views only what is shown is read."""
    if view.ndim == 0 or view.size <= _SUMMARISE:
        return str(np.asarray(view))
    shown = np.zeros(view.shape, dtype=np.int64)
    rows = np.arange(len(view))
    if len(rows) > 2 * _EDGE:
        rows = np.r_[rows[:_EDGE], rows[-_EDGE:]]
    shown[rows] = view[rows]
    return np.array2string(shown, threshold=_SUMMARISE, edgeitems=_EDGE)


# Tables


def table_text(title: str, rows: Sequence[Sequence[str]]) -> str:
    """Columns, aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join([f"<{title}>" if lines else f"<no {title}>", *lines])


def table_html(title: str, rows: Sequence[Sequence[str]]) -> str:
    """Columns, with the title above them."""
    cell = '<td style="text-align:left">{}</td>'
    lines = ["".join(cell.format(html.escape(text)) for text in row) for row in rows]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><caption>{html.escape(title)}</caption>{body}</table>"


# Pages


def device_html(text: str, rows: Sequence[tuple[str, str]]) -> str:
    """A paragraph and what is known, by name."""
    return f"<p>{html.escape(text)}</p>{table_html('', rows)}"


def design_html(design: Design) -> str:
    """A sentence, and a map of the weights."""
    title = "weights, from axon to neuron"
    return (
        f"<p>{html.escape(describe_design(design))}</p>{weights_html(design.image.weights, title)}"
    )


def run_html(run: Run, text: str) -> str:
    """A sentence, and the raster."""
    steps = min(run.steps, _PICTURE_STEPS)
    while steps > 1 and np.count_nonzero(run.spikes[:steps]) > _PICTURE_SPIKES:
        steps //= 2
    spikes = run.spikes[:steps]
    cut = f"<p>The first {steps} steps are shown.</p>" if steps < run.steps else ""

    def draw(path: Path) -> None:
        from ..device.device import Run
        from .plots import raster

        raster(Run(run.start, spikes, {}, run.populations), None, path)

    fallback = text_raster(spikes, run.start, run.populations)
    picture = _picture(draw, fallback) if steps and run.spikes.shape[1] else ""
    return f"<p>{html.escape(text)}</p>{picture}{cut}"


def view_html(view: ArrayView) -> str:
    """A map of weights; anything else as text."""
    cells = view._cells
    reason = cells.unreachable()
    if reason or view.ndim != 2 or not 0 < view.size <= _PICTURE_WEIGHTS:
        return f"<pre>{html.escape(view_text(view))}</pre>"
    since = view.effective_from
    title = cells.title + (f", as written from step {since} on" if since is not None else "")
    return weights_html(np.asarray(view), title)


def weights_html(weights: np.ndarray[Any, Any], title: str) -> str:
    """A map of (sources, targets) weights."""

    def draw(path: Path) -> None:
        from .plots import weight_map

        weight_map(weights, path, title=title)

    with np.printoptions(threshold=_SUMMARISE, edgeitems=_EDGE):
        fallback = f"{title} {weights.shape}\n{weights}"
    return _picture(draw, fallback)


def _picture(draw: Callable[[Path], None], fallback: str) -> str:
    """What is drawn, inside the page; text when matplotlib is not installed."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "picture.png"
            draw(path)
            data = base64.b64encode(path.read_bytes()).decode()
    except MissingToolError:
        return f"<pre>{html.escape(fallback)}</pre>"
    style = f"max-width:{_WIDTH}px;max-height:{_HEIGHT}px"
    return f'<img style="{style}" src="data:image/png;base64,{data}">'
