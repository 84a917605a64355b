import sys

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest

from spikeloom.device.run import Run
from spikeloom.display import plots
from spikeloom.display import style as drawing
from spikeloom.hdl.contract.errors import InputError, MissingToolError

SPIKES = np.random.default_rng(0).random((40, 12)) < 0.2
RANGES = {"a": slice(0, 8), "b": slice(8, 12)}


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    monkeypatch.setattr(drawing, "DPI", 60)


def pixels(path):
    """(n, 3) colours of a picture, 0…1."""
    return matplotlib.image.imread(path)[..., :3].reshape(-1, 3)


def near(path, colour):
    """Whether a colour, "#rrggbb", is in a picture."""
    return bool(np.any(np.all(np.abs(pixels(path) - mpl.colors.to_rgb(colour)) < 0.02, axis=1)))


@pytest.mark.parametrize("dt", [None, 1e-3])
def test_a_raster_shows_each_population_in_its_colour(tmp_path, dt):
    run = Run(5, SPIKES, populations=RANGES)
    path = plots.raster(
        run.spikes, run.populations, tmp_path / "raster.png", start=run.start, dt=dt, title="a run"
    )
    assert path == tmp_path / "raster.png"
    assert near(path, drawing.COLOURS[0])
    assert near(path, drawing.COLOURS[1])
    silent = plots.raster(np.zeros_like(SPIKES), RANGES, tmp_path / "silent.png")
    assert not near(silent, drawing.COLOURS[0])


def test_a_run_and_its_spikes_give_the_same_picture(tmp_path):
    a = plots.raster(SPIKES, dict(RANGES), tmp_path / "a.png")
    b = plots.raster(SPIKES, RANGES, tmp_path / "b.png")
    assert a.read_bytes() == b.read_bytes()


def test_a_confusion_shows_errors_in_another_colour(tmp_path):
    labels = np.repeat(np.arange(3), 5)
    perfect = plots.confusion(labels, labels, tmp_path / "perfect.png")
    wrong = plots.confusion(labels, np.roll(labels, 1), tmp_path / "wrong.png", title="")
    reds = [np.any((c[:, 0] > 0.5) & (c[:, 1] < 0.4)) for c in map(pixels, (perfect, wrong))]
    assert reds == [False, True]


def test_a_weight_map_shows_both_signs(tmp_path):
    path = plots.weight_map([[1.0, -1.0, 0.0]] * 2, tmp_path / "w.png", title="weights")
    assert near(path, "#0b5c7a")
    assert near(path, "#a4243b")
    for shape in ((1, 1), (1, 50), (200, 3)):
        assert plots.weight_map(np.zeros(shape), tmp_path / "zero.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda path: plots.raster(np.zeros(3), None, path), "shape"),
        (lambda path: plots.confusion([0, 1], [0], path), "one of each"),
        (lambda path: plots.confusion([], [], path), "one of each"),
        (lambda path: plots.confusion([0.5], [1], path), "integers from 0"),
        (lambda path: plots.confusion([-1], [1], path), "integers from 0"),
        (lambda path: plots.weight_map([1.0], path), "sources, targets"),
        (lambda path: plots.weight_map([[1.0]], path / "no" / "w.png"), "can not write"),
    ],
)
def test_what_can_not_be_drawn_is_refused(tmp_path, draw, message):
    with pytest.raises(InputError, match=message):
        draw(tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingToolError, match=r"pip install spikeloom\[demo\]"):
        plots.weight_map([[1.0]], tmp_path / "w.png")


def test_drawing_leaves_settings_alone(tmp_path):
    before = dict(mpl.rcParams)
    plots.raster(SPIKES, RANGES, tmp_path / "raster.png")
    assert dict(mpl.rcParams) == before
