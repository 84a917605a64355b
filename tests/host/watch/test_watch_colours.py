"""The live view has the colours of all other pictures."""

import numpy as np
import pytest
from bokeh.models import ColorBar, GlyphRenderer, Range1d

import spikeloom
from spikeloom.demos.watch_example import example_design
from spikeloom.design.units import weights_in_units
from spikeloom.display import style
from spikeloom.watch.maps import WeightPanel
from spikeloom.watch.panels import PotentialPanel, RasterPanel, RatePanel
from spikeloom.watch.source import LiveSource
from spikeloom.watch.stimulus import Stimulus


@pytest.fixture
def source():
    design = example_design()
    with spikeloom.open("golden:", design) as device:
        yield LiveSource(device, Stimulus(design))


def test_signs_and_inputs_have_the_common_colours(source):
    signs = {"excitatory": style.EXCITATORY, "inhibitory": style.INHIBITORY}
    spikes = RasterPanel(source, Range1d()).figure.renderers
    assert {each.data_source.name: each.glyph.line_color for each in spikes} == {
        f"spikes of {name}": colour for name, colour in ({"stimulus": style.INPUT} | signs).items()
    }
    rates = RatePanel(source, Range1d()).figure.renderers
    assert {each.glyph.y: each.glyph.line_color for each in rates} == signs


def test_traces_look_different_from_each_other(source):
    lines = [r.glyph for r in PotentialPanel(source, Range1d()).figure.renderers]
    looks = {(g.line_color, tuple(g.line_dash)) for g in lines if hasattr(g, "line_join")}
    assert len(looks) == len(lines) // 2


def test_weights_have_the_ends_of_the_weight_map_and_a_unit(source):
    panel = WeightPanel(source)
    for each in (panel.weights, panel.changes):
        bar = each.figure.select_one(ColorBar)
        assert (bar.color_mapper.palette[0], bar.color_mapper.palette[-1]) == (
            style.INHIBITORY,
            style.EXCITATORY,
        )
        assert bar.title == "network's unit"


def test_weights_are_shown_in_the_unit_of_the_network(source):
    panel = WeightPanel(source)
    source.read_back(weights=True)
    panel.update(source.view().readings)
    (image,) = panel.weights.figure.select_one(GlyphRenderer).data_source.data["image"]
    shown = weights_in_units(source.design, source.view().readings.weights)
    assert np.abs(image).max() == pytest.approx(np.abs(shown).max(), rel=1e-6)
    assert np.abs(shown).max() != np.abs(source.view().readings.weights).max()
