"""The figures of weights: what they are, and how they have changed."""

from __future__ import annotations

import numpy as np
from bokeh.models import (
    ColorBar,
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Range1d,
    Span,
)

from spikeloom.hdl import NO_AXON

from ..design.units import weights_in_units
from ..quantise.rounding import Floats
from .source import LiveSource, Readings
from .style import DIVERGING, INPUT, plot

_MOST = 256
"""Rows and columns of a picture; larger ones are pooled."""


class WeightPanel:
    """The weights, and their changes since they were marked."""

    def __init__(self, source: LiveSource) -> None:
        self._source = source
        self.weights = _Map(source, "weights", 250)
        self.changes = _Map(source, "changes", 220)
        self._shown: Readings | None = None

    def update(self, readings: Readings) -> None:
        """Draw anew, if there is anything new."""
        shown, self._shown = self._shown, readings
        now, marked = readings.weights, readings.marked
        if now is None or marked is None:
            return
        if shown is not None and shown.weights is now and shown.marked is marked:
            return
        design = self._source.design
        shown_now, before = (weights_in_units(design, values) for values in (now, marked))
        self.weights.draw(shown_now, f"Weights before step {readings.weights_step}")
        changed = np.count_nonzero(now - marked)
        self.changes.draw(
            shown_now - before, f"Changes since step {readings.marked_step}: {changed} weights"
        )


class _Map:
    """A matrix with axons from top to bottom and neurons from left to right."""

    def __init__(self, source: LiveSource, name: str, height: int) -> None:
        axons, neurons = source.design.config.axons, source.design.config.neurons
        self.figure = plot(
            name, "", height=height, tools="save", x_axis_label="to neuron",
            y_axis_label="from axon", x_range=Range1d(0, neurons), y_range=Range1d(axons, 0),
        )  # fmt: skip
        self._mapper = LinearColorMapper(DIVERGING, low=-1, high=1)
        self._data = ColumnDataSource({"image": [np.zeros((1, 1), dtype=np.float32)]})
        self._data.name = f"map of {name}"
        picture = self.figure.image(
            "image", x=0, y=0, dw=neurons, dh=axons, source=self._data, color_mapper=self._mapper
        )
        self.figure.add_tools(
            HoverTool(
                renderers=[picture],
                tooltips=[("axon", "$y{0}"), ("neuron", "$x{0}"), (name, "@image{0.[0000]}")],
            )
        )
        bar = ColorBar(color_mapper=self._mapper, width=10, padding=6, title="network's unit")
        self.figure.add_layout(bar, "right")
        self.figure.grid.visible = False
        for axis, dimension, bands in (
            (self.figure.xaxis[0], "height", source.populations),
            (self.figure.yaxis[0], "width", _axon_bands(source)),
        ):
            middles = {(where.start + where.stop) / 2: name for name, where in bands.items()}
            axis.ticker = FixedTicker(ticks=list(middles))
            axis.major_label_overrides = middles
            axis.major_tick_line_color = None
            for where in bands.values():
                self.figure.add_layout(
                    Span(location=where.stop, dimension=dimension, line_color=INPUT,
                         line_width=0.6)
                )  # fmt: skip

    def draw(self, values: Floats, title: str) -> None:
        picture = pooled(values, _MOST).astype(np.float32)
        bound = float(np.abs(picture).max(initial=0.0)) or 1.0
        self._mapper.update(low=-bound, high=bound)
        self._data.data = {"image": [picture]}
        self.figure.title.text = title


def _axon_bands(source: LiveSource) -> dict[str, range]:
    """Axons by what drives them: inputs and populations."""
    bands = dict(source.stimulus.inputs)
    routes = source.design.image.routes
    assert routes is not None
    for name, where in source.populations.items():
        driven = np.sort(routes[where.start : where.stop])
        driven = driven[driven != NO_AXON]
        together = len(driven) and driven[-1] - driven[0] == len(driven) - 1
        if together and name not in bands:
            bands[name] = range(int(driven[0]), int(driven[-1]) + 1)
    return bands


def pooled(values: Floats, most: int) -> Floats:
    """At most (most, most) values: of each block of `values` the one that is furthest from 0."""
    for axis in (0, 1):
        size = values.shape[axis]
        if size > most:
            starts = np.linspace(0, size, most, endpoint=False).astype(np.int64)
            high = np.maximum.reduceat(values, starts, axis=axis)
            low = np.minimum.reduceat(values, starts, axis=axis)
            values = np.where(high >= -low, high, low)
    return values
