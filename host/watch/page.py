"""The page: figures, controls and counters of one runner, for one browser tab."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Callable
from functools import partial

from bokeh.document import Document
from bokeh.layouts import column, row
from bokeh.models import Button, CustomJS, Div, Range1d, Spinner, TextInput, UIElement

from spikeloom.hdl.contract.errors import InputError

from .maps import WeightPanel
from .panels import PotentialPanel, RasterPanel, RatePanel
from .runner import Problem, Runner
from .source import View
from .style import ALERT, FAINT, FONT, INK, THEME

REFRESH_MS = 200
_PATIENCE_SECONDS = 2.0
_ANSWER = "const n = cb_obj.text; requestAnimationFrame(() => { drawn.text = n })"
_PROBLEM_SECONDS = 8.0
_LOST = ("late", "unknown", "overruns", "link_")
"""Beginnings of the names of counters that should stay at 0."""
_TEXT = {"color": INK, "font-family": FONT, "font-size": "13px"}


class Page:
    """Built once for each tab; all tabs show and control the same runner.

    Parameters
    ----------
    document : to fill.
    runner : started.
    where : what is watched, for the title.
    """

    def __init__(self, document: Document, runner: Runner, where: str) -> None:
        self._runner, self._source, self._where = runner, runner.source, where
        self._times = Range1d(0, self._source.window * self._source.design.dt)
        self._panels = [
            panel(self._source, self._times) for panel in (RasterPanel, RatePanel, PotentialPanel)
        ]
        self._weights = WeightPanel(self._source)
        self._status = Div(name="status", styles=_TEXT, sizing_mode="stretch_width")
        self._problem = Div(name="problem", visible=False, sizing_mode="stretch_width")
        self._problem.styles = {
            **_TEXT, "background": "#fdf0d5", "padding": "6px 10px", "border-radius": "4px",
        }  # fmt: skip
        self._counters = Div(name="counters", styles=_TEXT, sizing_mode="stretch_width")
        self._thresholds: dict[str, Spinner] = {}
        self._threshold_box = column(sizing_mode="stretch_width")
        self._shown: tuple[object, ...] = ()
        self._sent, self._sent_at = 0, -math.inf
        self._drawn = Div(text="0", visible=False)
        self._beat = Div(text="0", visible=False)
        self._beat.js_on_change("text", CustomJS(args={"drawn": self._drawn}, code=_ANSWER))
        document.title = f"SpikeLoom: {where}"
        document.theme = THEME
        document.add_root(self._layout())
        self.update()
        document.add_periodic_callback(self.update, REFRESH_MS)

    def _layout(self) -> UIElement:
        figures = column([p.figure for p in self._panels], sizing_mode="stretch_width")
        side = column(
            self._weights.weights.figure, self._weights.changes.figure, self._counters,
            width=470,
        )  # fmt: skip
        body = row(self._controls(), figures, side, sizing_mode="stretch_width", spacing=14)
        return column(
            self._status, self._problem, body, self._beat, self._drawn,
            sizing_mode="stretch_width",
        )  # fmt: skip

    def _controls(self) -> UIElement:
        runner, source = self._runner, self._source
        self._run = Button(name="run", sizing_mode="stretch_width")
        self._run.on_click(lambda: runner.set_running(not runner.running))
        pace = _spinner("steps per second", runner.pace, runner.set_pace, low=1.0)
        rates = [
            _spinner(name, rate, partial(self._set_rate, name), low=0.0)
            for name, rate in source.stimulus.rates.items()
        ]
        self._neurons = TextInput(
            name="neurons", title="potentials of neurons", sizing_mode="stretch_width",
            value=", ".join(map(str, source.monitored)),
        )  # fmt: skip
        self._neurons.on_change("value", self._choose_neurons)
        mark = Button(label="Count changes from now", sizing_mode="stretch_width")
        mark.on_click(lambda: runner.ask(source.mark_weights))
        replay = source.stimulus.replay
        played = (
            f"Plays {len(replay)} steps of spikes again and again." if replay is not None else ""
        )
        return column(
            self._run, pace, _heading("Thresholds"), self._threshold_box,
            _heading("Random input (Hz)"), *rates, _note(played),
            _heading("Shown"), self._neurons, mark,
            width=190, name="controls",
        )  # fmt: skip

    def _behind(self) -> bool:
        """Whether the browser has not drawn the last update yet: then another would only queue."""
        drawn = int(self._drawn.text) == self._sent
        return not drawn and time.monotonic() - self._sent_at < _PATIENCE_SECONDS

    def update(self) -> None:
        """Show what there is now, if the browser keeps up."""
        if self._behind():
            return
        view, runner = self._source.view(), self._runner
        dt = self._source.design.dt
        state = "running" if runner.running else "paused"
        self._status.text = (
            f"<b>SpikeLoom</b> &nbsp; {html.escape(self._where)} &nbsp; <b>{state}</b> &nbsp; "
            f"step {view.step:,} &nbsp; {view.step * dt:,.2f} s of network time &nbsp; "
            f"{runner.speed:,.0f} steps per second"
        )
        self._run.label = "Pause" if runner.running else "Run"
        self._run.button_type = "default" if runner.running else "primary"
        self._show_problem(runner.problem)
        moved = (view.step, view.monitored, view.readings)
        if moved == self._shown:
            return
        if not self._shown or view.step != self._shown[0]:
            first = max(0, view.step - self._source.window)
            self._times.update(start=first * dt, end=(first + self._source.window) * dt)
        self._shown = moved
        for panel in self._panels:
            panel.update(view)
        self._weights.update(view.readings)
        self._counters.text = _counter_table(view)
        self._show_thresholds(view.readings.thresholds)
        self._sent += 1
        self._sent_at = time.monotonic()
        self._beat.text = str(self._sent)  # last: the browser takes changes in this order

    def _show_problem(self, problem: Problem | None) -> None:
        recent = problem is not None and time.monotonic() - problem.when < _PROBLEM_SECONDS
        self._problem.visible = recent
        if recent and problem is not None:
            self._problem.text = html.escape(problem.message)

    def _show_thresholds(self, thresholds: dict[str, float]) -> None:
        """Fields are made when the first values are known, and follow what others write."""
        if not self._thresholds and thresholds:
            self._written = dict(thresholds)
            self._thresholds = {
                name: _spinner(
                    name, level, partial(self._write_threshold, name), step=_tenth(level)
                )
                for name, level in thresholds.items()
            }
            self._threshold_box.children = list(self._thresholds.values())
        for name, level in thresholds.items():
            if level != self._written[name]:
                self._written[name] = level
                self._thresholds[name].value = level

    def _write_threshold(self, name: str, level: float) -> None:
        if level != self._written[name]:
            self._written[name] = level
            self._runner.ask(partial(self._source.set_threshold, name, level))

    def _set_rate(self, name: str, rate: float) -> None:
        self._runner.ask(partial(self._source.stimulus.set_rate, name, rate))

    def _choose_neurons(self, attr: str, old: str, new: str) -> None:
        try:
            chosen = [int(part) for part in new.replace(",", " ").split()]
        except ValueError:
            self._runner.ask(partial(_refuse, new))
        else:
            self._runner.ask(partial(self._source.watch, chosen))


def _refuse(given: str) -> None:
    raise InputError(f"{given!r} is no list of neurons; give numbers, as in: 0, 5, 12")


def _spinner(
    title: str,
    now: float,
    change: Callable[[float], None],
    low: float | None = None,
    step: float = 1.0,
) -> Spinner:
    """A field for a number; an empty one changes nothing."""
    made = Spinner(
        name=title, title=title, value=now, low=low, step=step, format="0.[0000]",
        sizing_mode="stretch_width",
    )  # fmt: skip

    def changed(attr: str, old: float | None, new: float | None) -> None:
        if new is not None:
            change(new)

    made.on_change("value", changed)
    return made


def _tenth(number: float) -> float:
    """About a tenth of a number, a power of ten: what a click on an arrow adds to it."""
    return float(10.0 ** math.floor(math.log10(abs(number)) - 0.5)) if number else 1.0


def _heading(text: str) -> Div:
    return Div(text=f"<b>{text}</b>", styles={**_TEXT, "margin-top": "8px"})


def _note(text: str) -> Div:
    return Div(text=text, styles={**_TEXT, "font-size": "11px"}, visible=bool(text))


def _counter_table(view: View) -> str:
    cells = f'style="text-align:right;padding:1px 0 1px 18px;border-top:1px solid {FAINT}"'
    lines = []
    for name, total in view.readings.counters.items():
        bad = total and name.startswith(_LOST)
        style = f' style="color:{ALERT};font-weight:bold"' if bad else ""
        mean = view.readings.per_step.get(name)
        per_step = "" if mean is None or name == "steps" else f"{mean:,.2f}"
        title = html.escape(name.replace("_", " "))
        lines.append(
            f'<tr{style}><td style="border-top:1px solid {FAINT}">{title}</td>'
            f"<td {cells}>{total:,}</td><td {cells}>{per_step}</td></tr>"
        )
    head = '<tr><td><b>Counters</b></td><td style="text-align:right">total</td>'
    head += '<td style="text-align:right">per step now</td></tr>'
    return f'<table style="border-collapse:collapse;width:450px">{head}{"".join(lines)}</table>'
