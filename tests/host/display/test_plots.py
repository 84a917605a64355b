import itertools
import sys

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest
from matplotlib.figure import Figure

from spikeloom.display import learning_plots, plots, style, weight_changes, weight_maps
from spikeloom.hdl.contract.errors import InputError, MissingToolError

SPIKES = np.random.default_rng(0).random((40, 12)) < 0.2
RANGES = {"a": slice(0, 8), "b": slice(8, 12)}
WEIGHTS = np.arange(-6.0, 6.0).reshape(4, 3)


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    monkeypatch.setattr(style, "DPI", 100)


def pixels(path):
    """(n, 3) colours of a picture, 0…1."""
    return matplotlib.image.imread(path)[..., :3].reshape(-1, 3)


def near(path, colour):
    """Whether a colour, "#rrggbb", is in a picture."""
    return bool(np.any(np.all(np.abs(pixels(path) - mpl.colors.to_rgb(colour)) < 0.02, axis=1)))


def labels(figure):
    """What is beside the axes of a figure, and beside its colour bars."""
    all_axes = [each for axes in figure.axes for each in (axes, *axes.child_axes)]
    return [text for axes in all_axes for text in (axes.get_xlabel(), axes.get_ylabel()) if text]


def ticks(spikes, **options):
    """The colours of spikes, with their (time, row) in order."""
    axes = plots.raster(spikes, **options).axes[0]
    drawn = [c for c in axes.collections if isinstance(c, mpl.collections.LineCollection)]
    return {
        mpl.colors.to_hex(lines.get_color()[0]): [
            tuple(s.mean(axis=0)) for s in lines.get_segments()
        ]
        for lines in drawn
        if lines.get_segments()
    }


# Spikes


@pytest.mark.parametrize("dt", [None, 1e-3])
def test_a_raster_shows_each_population_in_its_colour(tmp_path, dt):
    path = tmp_path / "raster.png"
    plots.raster(SPIKES, path, populations=RANGES, start=5, dt=dt, title="a run")
    assert near(path, style.COLOURS[0])
    assert near(path, style.COLOURS[1])
    plots.raster(np.zeros_like(SPIKES), path, populations=RANGES)
    assert not near(path, style.COLOURS[0])


def test_a_spike_is_drawn_at_its_time_in_its_row():
    spikes = np.zeros((6, 5), dtype=bool)
    spikes[2, 1] = spikes[4, 3] = True
    drawn = ticks(spikes, start=10, dt=1e-3)
    assert np.allclose(drawn[style.COLOURS[0]], [(12, 1), (14, 3)])
    split = ticks(spikes, populations={"exc": slice(0, 2), "inh": slice(2, 5)})
    assert np.allclose(split[style.EXCITATORY], [(2, 1)])
    # Below the gap between both populations.
    assert np.allclose(split[style.INHIBITORY], [(4, 4)])


def test_colours_of_signs_are_those_of_the_weight_map():
    names = {"stimulus": slice(0, 4), "excitatory": slice(4, 8), "inhibitory": slice(8, 12)}
    drawn = ticks(SPIKES, populations=names, kinds={"stimulus": "input"})
    assert list(drawn) == [style.INPUT, style.EXCITATORY, style.INHIBITORY]
    image = weight_maps.weight_map([[1.0, -1.0]]).axes[0].images[0]
    ends = [mpl.colors.to_hex(c) for c in image.to_rgba(image.get_array())[0]]
    assert ends == [style.EXCITATORY, style.INHIBITORY]


def test_no_two_of_many_cores_look_the_same():
    cores = {f"core {k}": slice(k, k + 1) for k in range(40)}
    axes = plots.raster(np.ones((3, 40)), populations=cores).axes[0]
    drawn = [c for c in axes.collections if len(c.get_paths())]
    assert len(drawn) == 40
    seen = {
        (mpl.colors.to_hex(c.get_edgecolor()[0]), *np.round(c.get_paths()[0].vertices[:, 0], 3),
         type(c))
        for c in drawn
    }  # fmt: skip
    assert len(seen) == 40


@pytest.mark.parametrize(
    ("steps", "dt", "label", "last"),
    [
        (100, None, "time (steps)", 99.5),
        (100, 1e-3, "time (ms)", 99.5),
        (5000, 1e-3, "time (s)", 4.9995),
        (100, 1e-5, "time (µs)", 995),
    ],
)
def test_time_has_a_unit(steps, dt, label, last):
    axes = plots.raster(np.zeros((steps, 3)), dt=dt).axes[0]
    assert axes.get_xlabel() == label
    assert axes.get_xlim()[1] == pytest.approx(last)


def test_rows_are_neurons_of_named_populations():
    axes = plots.raster(
        SPIKES, populations=RANGES | {"in": slice(0, 1)}, kinds={"in": "input"}
    ).axes
    words = [label.get_text().replace("\n", ", ") for label in axes[0].get_yticklabels()]
    assert words == ["a, 8 neurons", "b, 4 neurons", "in, 1 input"]
    assert plots.raster(SPIKES).axes[0].get_ylabel() == "neuron"


@pytest.mark.parametrize(
    "sizes", [[1, 1, 1, 400, 1, 1], [20] * 30, [1], [1] * 100, [5000, 1], [3, 2, 300, 1]]
)
def test_names_of_populations_do_not_overlap(sizes):
    edges = np.cumsum([0, *sizes])
    bands = {f"p{k}": slice(edges[k], edges[k + 1]) for k in range(len(sizes))}
    figure = plots.raster(np.zeros((10, edges[-1])), populations=bands)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert len(boxes) == len(sizes)
    for above, below in itertools.pairwise(boxes):
        assert above.y0 > below.y1 - 0.5


@pytest.mark.parametrize("sizes", [[400, 1, 1, 1], [1, 1, 300, 1, 1], [1, 1, 1, 1]])
def test_nor_do_they_in_small_axes(sizes):
    edges = np.cumsum([0, *sizes])
    bands = {f"p{k}": slice(edges[k], edges[k + 1]) for k in range(len(sizes))}
    figure = Figure(figsize=(6, 2), dpi=100, layout="constrained")
    axes = figure.subplots()
    plots.raster(np.zeros((10, edges[-1])), populations=bands, ax=axes)
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert all(a.y0 > b.y1 - 0.5 for a, b in itertools.pairwise(boxes))


def test_one_neuron_beside_many_can_be_seen():
    spikes = np.ones((1, 2001))
    figure = plots.raster(spikes, populations={"many": slice(0, 2000), "one": slice(2000, 2001)})
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (low, high) = np.sort(axes.collections[1].get_segments()[0][:, 1])
    pixels = np.abs(np.diff(axes.transData.transform([(0, low), (0, high)])[:, 1]))
    assert pixels > 72 / 100 * 5


def test_a_run_of_no_steps_is_drawn():
    assert plots.raster(np.zeros((0, 4)), populations={"a": slice(0, 4)}).axes


# Axes of the user's


def user_axes(count=1):
    figure = Figure()
    return figure, list(figure.subplots(1, count + 1, squeeze=False)[0][:count])


PAIR = (WEIGHTS, WEIGHTS[::-1])
DRAWN = {
    "raster": (lambda **o: plots.raster(SPIKES, **o), None),
    "confusion": (lambda **o: plots.confusion([0, 1, 1], [0, 1, 0], **o), None),
    "weight_map": (lambda **o: weight_maps.weight_map(WEIGHTS, **o), None),
    "weight_changes": (lambda **o: weight_changes.weight_changes(*PAIR, **o), None),
    "weight_maps": (lambda **o: weight_maps.weight_maps(PAIR, **o), 2),
    "receptive_fields": (lambda **o: weight_maps.receptive_fields(WEIGHTS, (2, 2), **o), 3),
    "weight_frame": (lambda **o: weight_changes.weight_frame(*PAIR, **o), 2),
    "weight_images": (lambda **o: learning_plots.weight_images({"a": WEIGHTS}, 2, **o), None),
    "accuracy_curve": (lambda **o: learning_plots.accuracy_curve([0, 9], [0.1, 0.9], **o), None),
}


@pytest.mark.parametrize("name", DRAWN)
def test_pictures_are_drawn_into_axes_of_the_user(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw, count = DRAWN[name]
    figure, axes = user_axes(count or 1)
    assert draw(ax=axes if count else axes[0]) is figure
    assert list(tmp_path.iterdir()) == []
    for each in axes:
        assert each.collections or each.images or each.lines or each.patches
    assert not figure.axes[len(axes)].has_data()
    draw(ax=axes if count else axes[0], path=tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize("name", DRAWN)
def test_axes_of_a_subfigure_will_do(name, tmp_path):
    draw, count = DRAWN[name]
    figure = Figure()
    axes = list(figure.subfigures(1, 2)[1].subplots(1, count or 1, squeeze=False)[0])
    assert draw(ax=axes if count else axes[0], path=tmp_path / "a.png") is figure


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_not_axes_is_refused(name):
    draw, count = DRAWN[name]
    with pytest.raises(InputError, match=r"give matplotlib Axes|one for each picture"):
        draw(ax=[3] * count if count else 3)
    if count:
        with pytest.raises(InputError, match=f"give {count}, one for each"):
            draw(ax=user_axes(count + 1)[1])


@pytest.mark.parametrize("name", DRAWN)
def test_endings_are_checked_before_anything_is_drawn(name, monkeypatch):
    def no(*_):
        raise AssertionError("drawn")

    for module in (plots, weight_changes, weight_maps, learning_plots):
        monkeypatch.setattr(module, "axes_for", no)
    for module in (weight_changes, weight_maps):
        monkeypatch.setattr(module, "bare_canvas", no)
    with pytest.raises(InputError, match=r"\.png"):
        DRAWN[name][0](path="picture.jpeg")


@pytest.mark.parametrize("name", sorted(set(DRAWN) - {"raster", "confusion", "accuracy_curve"}))
def test_weights_have_a_unit(name):
    draw = DRAWN[name][0]
    assert any("network's unit" in text for text in labels(draw()))
    assert any("(mV)" in text for text in labels(draw(unit="mV")))


def test_integers_say_so():
    assert "weight (integers)" in labels(weight_maps.weight_map(WEIGHTS.astype(int)))


# Classes


def test_a_confusion_shows_errors_in_another_colour(tmp_path):
    true = np.repeat(np.arange(3), 5)
    paths = tmp_path / "perfect.png", tmp_path / "wrong.png"
    plots.confusion(true, true, paths[0])
    plots.confusion(true, np.roll(true, 1), paths[1], title="")
    assert [near(path, style.COLOURS[5]) for path in paths] == [False, True]
    assert near(paths[0], style.COLOURS[0])


@pytest.mark.parametrize("classes", [1, 2, 30, 256])
def test_any_number_of_classes_is_readable(classes):
    true = np.arange(classes)
    figure = plots.confusion(true, true)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert all(a.y0 > b.y1 - 0.5 for a, b in itertools.pairwise(boxes))
    assert axes.get_title(loc="left") == f"100.0% of {classes} correct"


# What cannot be drawn


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda path: plots.raster(np.zeros(3), path), r"\(3,\); give \(steps, N\)"),
        (lambda path: plots.raster([[0, 1], [1]], path), "rows of different lengths"),
        (lambda path: plots.raster([["a"]], path), "give numbers"),
        (lambda path: plots.raster([[2]], path), "beside 0 and 1"),
        (lambda path: plots.raster([[np.nan]], path), "beside 0 and 1"),
        (lambda path: plots.raster([[1]], path, dt=0), "dt is 0"),
        (lambda path: plots.raster([[1]], path, dt=np.nan), "dt is nan"),
        (lambda path: plots.confusion([0, 1], [0], path), "one of each"),
        (lambda path: plots.confusion([], [], path), "give"),
        (lambda path: plots.confusion([0.5], [1], path), "integers from 0"),
        (lambda path: plots.confusion([-1], [1], path), "integers from 0"),
        (lambda path: plots.confusion([0], [1 << 40], path), "at most 256"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, draw, message):
    with pytest.raises(InputError, match=message):
        draw(tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingToolError, match=r"pip install 'spikeloom\[demo\]'"):
        plots.raster(SPIKES, tmp_path / "w.png")


def test_drawing_leaves_settings_alone(tmp_path):
    before = dict(mpl.rcParams)
    plots.raster(SPIKES, tmp_path / "raster.png", populations=RANGES)
    assert dict(mpl.rcParams) == before
