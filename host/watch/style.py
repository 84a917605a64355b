"""Colours of the page, and what all its figures share."""

from __future__ import annotations

from typing import Any

from bokeh.models import Range1d
from bokeh.palettes import interp_palette
from bokeh.plotting import figure
from bokeh.themes import Theme

from ..display.style import COLOURS, EXCITATORY, FAINT, INHIBITORY, INK, INPUT, ZERO, look, looks

__all__ = ["ALERT", "DIVERGING", "FAINT", "INK", "INPUT", "THEME", "look", "looks", "plot"]

ALERT = COLOURS[5]
"""Colour of text that reports a loss."""
DIVERGING = interp_palette((INHIBITORY, ZERO, EXCITATORY), 255)
"""Colours of signed numbers, as pictures of weights have them."""
_AXIS_WIDTH = 118
"""Room for the labels of vertical axes, the same in all figures along time."""
FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif"

_TEXT = {"text_color": INK, "text_font": FONT}
THEME = Theme(
    json={
        "attrs": {
            "Plot": {"outline_line_color": FAINT, "border_fill_color": "white"},
            "Title": {**_TEXT, "text_font_size": "13px"},
            "Axis": {
                "axis_line_color": FAINT,
                "major_tick_line_color": FAINT,
                "minor_tick_line_color": None,
                "major_label_text_color": INK,
                "major_label_text_font": FONT,
                "axis_label_text_color": INK,
                "axis_label_text_font": FONT,
                "axis_label_text_font_style": "normal",
                "axis_label_text_font_size": "12px",
            },
            "Grid": {"grid_line_color": FAINT, "grid_line_alpha": 0.6},
            "Legend": {
                "label_text_color": INK,
                "label_text_font": FONT,
                "label_text_font_size": "11px",
                "border_line_color": None,
                "background_fill_alpha": 0.75,
                "padding": 4,
                "spacing": 12,
                "glyph_width": 16,
                "orientation": "horizontal",
                "location": "top_left",
                "margin": 0,
            },
            "ColorBar": {
                "major_label_text_color": INK,
                "major_label_text_font": FONT,
                "title_text_color": INK,
                "title_text_font": FONT,
                "title_text_font_style": "normal",
                "title_text_font_size": "11px",
            },
        }
    }
)


def plot(name: str, title: str, times: Range1d | None = None, **options: Any) -> figure:
    """A figure as wide as its column; along `times` (in seconds) if given."""
    if times is not None:
        options |= {"x_range": times, "x_axis_label": "time (s)", "min_border_left": _AXIS_WIDTH}
    made = figure(
        name=name, title=title, sizing_mode="stretch_width", toolbar_location="right", **options
    )
    made.toolbar.autohide = True
    made.toolbar.logo = None
    return made
