"""The page of a sweep: one file, any figure against any other, the front drawn and listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spikeloom.hdl.contract.errors import MissingToolError

from ..display.style import COLOURS, FAINT, INK
from .front import pareto_front

_SIZE = 8

# Runs in the reader's browser when another figure is chosen: the front of the two that are shown.
_UPDATE = """
const columns = all.data;
const xs = columns[x.value], ys = columns[y.value];
columns['x'] = xs; columns['y'] = ys;
horizontal.axis_label = x.value; vertical.axis_label = y.value;
const sx = directions[x.value] === 'max' ? -1 : 1;
const sy = directions[y.value] === 'max' ? -1 : 1;
const number = v => typeof v === 'number' && !Number.isNaN(v);
const order = Array.from(xs.keys()).filter(k => number(xs[k]) && number(ys[k]));
order.sort((a, b) => sx * (xs[a] - xs[b]) || sy * (ys[a] - ys[b]));
let best = Infinity; const chosen = [];
for (const k of order) if (sy * ys[k] < best) { best = sy * ys[k]; chosen.push(k); }
line.data = {x: chosen.map(k => xs[k]), y: chosen.map(k => ys[k])};
for (const name of Object.keys(rows.data)) rows.data[name] = chosen.map(k => columns[name][k]);
rows.change.emit(); all.change.emit();
"""


def sweep_page(
    rows_of: Sequence[Mapping[str, Any]], objectives: Mapping[str, str], title: str
) -> str:
    """The page as text, of points with all that is known of each; `MissingToolError` without Bokeh."""
    try:
        from bokeh.embed import file_html
        from bokeh.layouts import column, row
        from bokeh.models import (
            ColumnDataSource,
            CustomJS,
            DataTable,
            Div,
            HoverTool,
            Select,
            TableColumn,
        )
        from bokeh.plotting import figure
        from bokeh.resources import INLINE
    except ImportError:
        raise MissingToolError(
            "pages need Bokeh; install it with: pip install 'spikeloom[sweep]'"
        ) from None

    names = list(dict.fromkeys(name for row in rows_of for name in row))
    columns: dict[str, list[Any]] = {name: [_shown(r.get(name)) for r in rows_of] for name in names}
    numeric = [n for n in names if all(isinstance(v, int | float) for v in columns[n])]
    first = [n for n in objectives if n in numeric]
    second, main = (first + numeric + ["", ""])[1], (first + numeric + [""])[0]
    source = ColumnDataSource({**columns, "x": columns.get(second, []), "y": columns.get(main, [])})
    line, rows = ColumnDataSource({"x": [], "y": []}), ColumnDataSource({n: [] for n in names})
    plot = figure(
        height=460, sizing_mode="stretch_width", title=title, x_axis_label=second, y_axis_label=main
    )
    plot.title.text_color = INK
    plot.grid.grid_line_color = FAINT
    plot.line("x", "y", source=line, color=COLOURS[1], line_width=2)
    dots = plot.scatter("x", "y", source=source, size=_SIZE, color=COLOURS[0], alpha=0.75)
    plot.add_tools(HoverTool(renderers=[dots], tooltips=[(n, f"@{{{n}}}") for n in names]))
    chosen_x, chosen_y = (
        Select(title=label, value=value, options=numeric)
        for label, value in (("across", second), ("up", main))
    )
    update = CustomJS(
        args={
            "all": source,
            "line": line,
            "rows": rows,
            "x": chosen_x,
            "y": chosen_y,
            "horizontal": plot.xaxis[0],
            "vertical": plot.yaxis[0],
            "directions": _directions(objectives, numeric),
        },
        code=_UPDATE,
    )
    chosen_x.js_on_change("value", update)
    chosen_y.js_on_change("value", update)
    table = DataTable(
        source=rows,
        columns=[TableColumn(field=n, title=n) for n in names],
        sizing_mode="stretch_width",
        height=280,
        index_position=None,
    )
    # The first front is computed here, so that the page needs no event to show it.
    directions = _directions(objectives, numeric)
    shown = {n: directions[n] for n in (main, second) if n}
    front = [rows_of[k] for k in pareto_front(rows_of, shown)] if shown else []
    ordered = sorted(front, key=lambda r: r[second])
    line.data = {"x": [r[second] for r in ordered], "y": [r[main] for r in ordered]}
    rows.data = {n: [_shown(r.get(n)) for r in ordered] for n in names}
    note = Div(
        text=f"{len(rows_of)} points. The line joins those that no other beats in both figures."
    )
    layout = column(row(chosen_y, chosen_x), plot, note, table, sizing_mode="stretch_width")
    return str(file_html(layout, INLINE, title))


def _directions(objectives: Mapping[str, str], names: list[str]) -> dict[str, str]:
    """Which way a figure is better; what is no objective is better small."""
    return {name: objectives.get(name, "min") for name in names}


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, list | bool) or value is None else value
