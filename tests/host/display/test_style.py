"""Colours that everybody can tell apart, looks that never repeat, and files in the format of their name."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from colorspacious import cspace_convert, deltaE
from matplotlib.figure import Figure

from spikeloom.display import plots, style
from spikeloom.hdl.contract.errors import InputError

PALETTE = (style.EXCITATORY, style.INHIBITORY, style.INPUT, *style.COLOURS)
DISTANCE = 14
"""Least CIE76 ΔE of any two colours; about 2 can just be seen when they touch."""
VISIONS = (None, "deuteranomaly", "protanomaly", "tritanomaly")
STARTS = {
    "png": b"\x89PNG\r\n\x1a\n",
    "svg": b"<?xml",
    "pdf": b"%PDF-1.",
}


def seen(colours, vision):
    """(n, 3) sRGB as somebody sees them without one kind of cones."""
    rgb = np.array([mpl.colors.to_rgb(colour) for colour in colours])
    if vision is None:
        return rgb
    space = {"name": "sRGB1+CVD", "cvd_type": vision, "severity": 100}
    return np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)


def lightness(colours):
    """CIE L*, what is left in a grey print."""
    return cspace_convert(seen(colours, None), "sRGB1", "CIELab")[:, 0]


# Colours


@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_colours_differ_for_everybody(vision):
    rgb = seen(PALETTE, vision)
    i, j = np.triu_indices(len(rgb), 1)
    apart = deltaE(rgb[i], rgb[j], input_space="sRGB1", uniform_space="CIELab")
    closest = np.argmin(apart)
    assert apart[closest] >= DISTANCE, (PALETTE[i[closest]], PALETTE[j[closest]])


@pytest.mark.parametrize("vision", VISIONS)
def test_every_colour_stands_out_from_paper(vision):
    rgb = seen(PALETTE, vision)
    apart = deltaE(rgb, np.ones_like(rgb), input_space="sRGB1", uniform_space="CIELab")
    assert apart.min() > 25


def test_both_ends_of_the_weight_map_differ_in_grey():
    levels = style.diverging()(np.linspace(0, 1, 101))
    light = lightness(levels[:, :3])
    assert light[0] - light[-1] >= 20
    assert np.all(np.diff(light[:51]) > 0)
    assert np.all(np.diff(light[50:]) < 0)


def test_ends_of_the_weight_map_are_the_colours_of_inhibition_and_excitation():
    ends = [mpl.colors.to_hex(style.diverging()(end)) for end in (0.0, 1.0)]
    assert ends == [style.INHIBITORY, style.EXCITATORY]


# Looks


def test_looks_never_repeat():
    looks = [style.look(k) for k in range(300)]
    for what in (
        {(look.colour, look.dash) for look in looks},
        {(look.colour, look.marker) for look in looks},
    ):
        assert len(what) == len(looks)


def test_signs_have_the_same_colours_under_every_name():
    names = ["exc", "L4 excitatory", "Excitatory_2", "inh", "inhibitory", "PV-INH"]
    looks = style.looks(names)
    assert [looks[name].colour for name in names] == 3 * [style.EXCITATORY] + 3 * [style.INHIBITORY]
    assert len(set(looks.values())) == len(names)


@pytest.mark.parametrize("name", ["excess", "inhale", "hexcite", "a", "", "cells"])
def test_other_names_have_no_sign(name):
    assert style.looks([name])[name].colour in style.COLOURS


def test_a_kind_that_is_given_counts_more_than_the_name():
    kinds = {"a": "inhibitory", "excitatory": "input"}
    looks = style.looks(["a", "excitatory", "b"], kinds)
    assert looks["a"].colour == style.INHIBITORY
    assert looks["excitatory"].colour == style.INPUT
    assert looks["b"].colour == style.COLOURS[0]
    with pytest.raises(InputError, match="'blue'; give excitatory, inhibitory, input"):
        style.looks(["a"], {"a": "blue"})


# Files


@pytest.mark.parametrize("ending", [*style.FORMATS, "PNG", "Svg"])
def test_the_format_follows_the_file_name(tmp_path, ending):
    path = tmp_path / f"picture.{ending}"
    plots.raster(np.eye(9), path)
    assert path.read_bytes().startswith(STARTS[ending.lower()])
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_vectors_are_vectors(tmp_path):
    plots.raster(np.eye(9), tmp_path / "a.svg", title="spikes")
    plots.raster(np.eye(9), tmp_path / "a.pdf", title="spikes")
    drawing = (tmp_path / "a.svg").read_text()
    assert "<image" not in drawing
    assert len(re.findall(rf"<path [^>]*stroke: {style.COLOURS[0]}", drawing)) == 9
    assert b"/Subtype /Image" not in (tmp_path / "a.pdf").read_bytes()


@pytest.mark.parametrize("ending", style.FORMATS)
def test_the_same_picture_is_the_same_file(tmp_path, ending):
    a, b = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path in (a, b):
        plots.raster(np.eye(9), path)
    assert a.read_bytes() == b.read_bytes()


@pytest.mark.parametrize("name", ["picture", "picture.jpg", "a.png.bmp", ".png"])
def test_other_endings_are_refused_with_those_that_work(tmp_path, name):
    with pytest.raises(InputError, match=r"\.png, \.svg, \.pdf"):
        plots.raster(np.eye(9), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_an_input_error(tmp_path):
    for folder in ("missing", "file"):
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match="cannot write"):
            plots.raster(np.eye(9), tmp_path / folder / "a.png")


def test_a_title_that_is_no_formula_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot draw"):
        plots.raster(np.eye(9), tmp_path / "a.png", title=r"$\frac{$")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_without_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure = plots.raster(np.eye(9))
    assert isinstance(figure, Figure)
    assert list(tmp_path.iterdir()) == []
