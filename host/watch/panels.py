"""The figures along time: raster, rates, potentials."""

from __future__ import annotations

import math

import numpy as np
from bokeh.core.properties import value
from bokeh.models import (
    BoxAnnotation,
    ColumnDataSource,
    FixedTicker,
    Legend,
    LegendItem,
    Range1d,
)

from .source import ALL_NEURONS, MAX_TRACES, LiveSource, View
from .style import INPUT, look, looks, plot

_TIME_TOOLS = "xpan,xwheel_zoom,save,reset"


class RasterPanel:
    """Input spikes and those of the neurons, a band of rows for each input and population."""

    def __init__(self, source: LiveSource, times: Range1d) -> None:
        self._source = source
        rows = sum(band.size for band in source.bands)
        self.figure = plot(
            "raster", "Spikes", times, height=310, tools=_TIME_TOOLS, output_backend="canvas",
            y_range=Range1d(rows - 0.5, -0.5),
        )  # fmt: skip
        size = float(np.clip(270 / rows, 2.0, 9.0))
        self._points = []
        look_of = looks(source.populations)
        for band in source.bands:
            colour = INPUT if band.is_input else look_of[band.name].colour
            top, bottom = band.first - 0.5, band.first + band.size - 0.5
            self.figure.add_layout(
                BoxAnnotation(top=bottom, bottom=top, fill_color=colour, fill_alpha=0.07,
                              line_color=None, level="underlay")
            )  # fmt: skip
            points = ColumnDataSource({"x": [], "y": []}, name=f"spikes of {band.name}")
            self.figure.scatter(
                "x", "y", source=points, marker="dash", angle=math.pi / 2, size=size,
                line_color=colour, line_width=1.4,
            )  # fmt: skip
            self._points.append(points)
        axis = self.figure.yaxis[0]
        middles = [band.first + (band.size - 1) / 2 for band in source.bands]
        axis.ticker = FixedTicker(ticks=middles)
        axis.major_label_overrides = {
            middle: f"{band.name} ({band.size})"
            for middle, band in zip(middles, source.bands, strict=True)
        }
        self.figure.ygrid.visible = False

    def update(self, view: View) -> None:
        """Draw anew."""
        steps, rows = view.spikes
        x = (steps * self._source.design.dt).astype(np.float64)
        for band, points in zip(self._source.bands, self._points, strict=True):
            chosen = (rows >= band.first) & (rows < band.first + band.size)
            points.data = {"x": x[chosen], "y": rows[chosen].astype(np.float32)}


class RatePanel:
    """Mean rate of each population."""

    def __init__(self, source: LiveSource, times: Range1d) -> None:
        self._source = source
        milliseconds = source.bin_steps * source.design.dt * 1e3
        self.figure = plot(
            "rates", f"Mean rate of each population, in bins of {milliseconds:g} ms", times,
            height=160, tools=_TIME_TOOLS, y_axis_label="rate (Hz)",
        )  # fmt: skip
        self.figure.y_range.start = 0
        self._data = ColumnDataSource({"t": [], **{name: [] for name in source.populations}})
        self._data.name = "rates of populations"
        for name, drawn in looks(source.populations).items():
            self.figure.line(
                "t", name, source=self._data, color=drawn.colour, line_dash=list(drawn.dash),
                width=2, legend_label=name,
            )  # fmt: skip
        self.figure.add_layout(self.figure.legend[0], "above")

    def update(self, view: View) -> None:
        """Draw anew."""
        steps, rates = view.rates
        columns = dict(zip(self._source.populations, rates.T, strict=True))
        self._data.data = {"t": steps * self._source.design.dt, **columns}


class PotentialPanel:
    """Potentials of some neurons, their spikes above, thresholds dashed."""

    def __init__(self, source: LiveSource, times: Range1d) -> None:
        self._source = source
        scaled = bool(np.any(source.design.scale != 1.0))
        unit = "network's unit" if scaled else "integers"
        self.figure = plot(
            "potentials", "Membrane potentials; dashed: thresholds, above: spikes", times,
            height=220, tools=_TIME_TOOLS, y_axis_label=f"potential ({unit})",
        )  # fmt: skip
        self._traces, self._spikes, items = [], [], []
        for k in range(MAX_TRACES):
            trace = ColumnDataSource({"x": [], "y": []}, name=f"potential {k}")
            spikes = ColumnDataSource({"x": [], "y": []})
            drawn = look(k + len(source.populations))
            line = self.figure.line(
                "x", "y", source=trace, color=drawn.colour, line_dash=list(drawn.dash), width=1.4
            )
            self.figure.scatter(
                "x", "y", source=spikes, marker="dash", angle=math.pi / 2, size=7,
                line_color=drawn.colour, line_width=1.4,
            )  # fmt: skip
            items.append(LegendItem(label=value(""), renderers=[line], visible=False))
            self._traces.append(trace)
            self._spikes.append(spikes)
        self._legend = Legend(items=items)
        self.figure.add_layout(self._legend, "above")
        self._thresholds = {
            name: ColumnDataSource({"x": [], "y": []}, name=f"threshold of {name}")
            for name in (*source.populations, ALL_NEURONS)
        }
        for level in self._thresholds.values():
            self.figure.step(
                "x", "y", source=level, mode="after", line_dash="dashed", line_color=INPUT
            )
        self._shown: tuple[int, ...] | None = None

    def update(self, view: View) -> None:
        """Draw anew."""
        if view.monitored != self._shown:
            self._choose(view)
        dt = self._source.design.dt
        steps, values = view.potentials
        levels = {n: t for n, t in view.readings.thresholds.items() if self._is_watched(n, view)}
        highest = float(np.nanmax(values, initial=max(levels.values(), default=0.0)))
        lowest = float(np.nanmin(values, initial=0.0))
        apart = 0.08 * (highest - lowest)
        spike_steps, rows = view.spikes
        for k, neuron in enumerate(view.monitored):
            self._traces[k].data = {"x": steps * dt, "y": values[:, k]}
            fired = spike_steps[rows == self._row(neuron)] * dt
            self._spikes[k].data = {"x": fired, "y": np.full(len(fired), highest + apart * (k + 1))}
        # What was read holds until the next reading.
        read, held = view.thresholds
        ends = np.append(read, view.step) * dt
        for k, name in enumerate(view.readings.thresholds):
            drawn = name in levels and len(read) > 0
            x = ends if drawn else ends[:0]
            self._thresholds[name].data = {
                "x": x,
                "y": np.append(held[:, k], held[-1:, k])[: len(x)],
            }

    def _choose(self, view: View) -> None:
        none = np.zeros(0)
        for k, item in enumerate(self._legend.items):
            item.visible = k < len(view.monitored)
            if item.visible:
                item.label = value(self._name(view.monitored[k]))
            else:
                self._traces[k].data = self._spikes[k].data = {"x": none, "y": none}
        self._shown = view.monitored

    def _is_watched(self, name: str, view: View) -> bool:
        where = self._source.populations.get(name)
        return where is None or any(neuron in where for neuron in view.monitored)

    def _name(self, neuron: int) -> str:
        for name, where in self._source.populations.items():
            if neuron in where:
                return f"{name} {neuron - where.start}"
        return f"neuron {neuron}"

    def _row(self, neuron: int) -> int:
        """Where the raster has this neuron; −1 if nowhere."""
        column = neuron + self._source.design.config.axons
        for band in self._source.bands:
            if column in band.columns:
                return band.first + column - band.columns.start
        return -1
