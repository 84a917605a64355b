import io

import matplotlib.image
import numpy as np
import pytest
from designs import learning_config, make_design
from fake_board import FakeBoard
from matplotlib.colors import to_rgb
from rich.console import Console

from spikeloom.device.golden import GoldenDevice
from spikeloom.display import style, weight_changes, weight_maps
from spikeloom.driver.board import Board
from spikeloom.hdl.contract.errors import InputError, MissingToolError
from spikeloom.link.link import Link

DESIGN = make_design(learning_config("pair"))
SPIKES = np.random.default_rng(0).random((25, 9)) < 0.4
RED, BLUE = to_rgb(style.INHIBITORY), to_rgb(style.EXCITATORY)


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    monkeypatch.setattr(style, "DPI", 100)


def near(path, colour):
    """Share of a picture's pixels that have a colour."""
    pixels = matplotlib.image.imread(path)[..., :3]
    return np.mean(np.all(np.abs(pixels - colour) < 0.02, axis=-1))


def golden():
    return GoldenDevice(DESIGN)


def board():
    board = Board(Link(FakeBoard(DESIGN.config, window=2048, appetite=10_000)), DESIGN)
    board.load()
    return board


# Weights while running


@pytest.mark.parametrize("make", [golden, board])
@pytest.mark.parametrize("every", [1, 7, 25, 99])
def test_watching_changes_nothing_of_a_run(make, every):
    device, alone = make(), golden()
    whole = alone.run(SPIKES)
    frames = list(device.watch_weights(SPIKES, every=every))
    assert [frame.step for frame in frames] == [*range(0, 25, every), 25]
    assert np.array_equal(np.concatenate([f.run.spikes for f in frames]), whole.spikes)
    assert np.array_equal(frames[0].weights, DESIGN.image.weights)
    assert np.array_equal(frames[-1].weights, alone.read("weights"))
    if every == 7:
        again = golden()
        again.run(SPIKES[:14])
        assert np.array_equal(frames[2].weights, again.read("weights"))


def test_steps_are_executed_as_frames_are_asked_for():
    device = golden()
    frames = device.watch_weights(SPIKES, every=10)
    assert device.step == 0
    next(frames)
    next(frames)
    assert device.step == 10


@pytest.mark.parametrize("every", [0, -1, 2.5, None])
def test_a_stride_is_a_number_of_steps(every):
    with pytest.raises(InputError, match="every is"):
        golden().watch_weights(SPIKES, every=every)


# Pictures


def test_maps_share_one_scale(tmp_path):
    small, large = np.full((4, 4), 1.0), np.full((4, 4), -10.0)
    path = tmp_path / "a.png"
    weight_maps.weight_maps([small, large], path, titles=["0", "1"], title="t")
    assert near(path, RED) > 0.1
    assert near(path, BLUE) < 0.02  # of the colour bar alone
    weight_maps.weight_maps([small], path)
    assert near(path, BLUE) > 0.1
    weight_maps.weight_maps([small], path, bounds=(-50, 50))
    assert near(path, BLUE) < 0.02


def test_receptive_fields_are_pictures_of_the_sources(tmp_path):
    weights = np.zeros((12, 23))
    weights[:, 0], weights[:, 22] = 1, -1
    path = tmp_path / "fields.png"
    weight_maps.receptive_fields(weights, (3, 4), path, title="fields")
    assert near(path, BLUE) > 0.005
    assert near(path, RED) > 0.005
    with pytest.raises(InputError, match="12 sources, which make no picture of 4 × 4"):
        weight_maps.receptive_fields(weights, (4, 4), tmp_path / "no.png")


def test_changes_are_counted_by_sign_and_only_where_plastic(tmp_path):
    before, after = np.zeros((10, 10)), np.zeros((10, 10))
    after[0], after[5] = 3, -2
    path = tmp_path / "h.png"
    weight_changes.weight_changes(before, after, path)
    assert near(path, BLUE) > 0.005
    assert near(path, RED) > 0.005
    plastic = np.zeros((10, 10), bool)
    plastic[0] = True
    figure = weight_changes.weight_changes(before, after, plastic=plastic)
    words = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert words == ["down: 0", "unchanged: 0", "up: 10"]
    for same in (before, np.full((1, 1), 100)):
        weight_changes.weight_changes(same, same * 2, path)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, bool])
def test_small_types_do_not_wrap(dtype):
    before, after = np.ones((1, 2), dtype), np.zeros((1, 2), dtype)
    words = weight_changes.weight_changes(before, after).axes[0].get_legend().get_texts()
    assert words[0].get_text() == "down: 2"


def test_small_changes_of_floats_have_bars_of_their_own():
    change = np.linspace(-1e-3, 1e-3, 11).reshape(1, 11)
    axes = weight_changes.weight_changes(np.zeros((1, 11)), change).axes[0]
    assert sum(bar.get_height() > 0 for bar in axes.patches) == 11


def test_a_live_picture_needs_an_ending_at_once(tmp_path):
    with pytest.raises(InputError, match=r"\.png, \.svg, \.pdf"):
        weight_changes.live(golden().watch_weights(SPIKES, every=20), tmp_path / "live.gif")


@pytest.mark.parametrize("weights", [[[0.0, 5.0]], [[-5.0, 0.0]], [[-1.0, 0.0, 9.0]]])
def test_zero_has_its_own_colour(weights):
    image = weight_maps.weight_map(weights).axes[0].images[0]
    zero = image.to_rgba(np.zeros((1, 1)))[0, 0, :3]
    assert zero == pytest.approx(to_rgb(style.ZERO), abs=0.01)


def test_the_scale_is_what_was_asked_for():
    for bounds, end in (((-1, 50), 50), ((-0.5, 0.2), 0.5), (None, 3)):
        image = weight_maps.weight_map([[3.0, 1.0]], bounds=bounds).axes[0].images[0]
        assert image.get_clim() == (-end, end)


def test_a_map_shows_both_signs_at_any_shape(tmp_path):
    path = tmp_path / "w.png"
    weight_maps.weight_map([[1.0, -1.0, 0.0]] * 2, path, title="weights")
    assert near(path, RED) > 0.05
    assert near(path, BLUE) > 0.05
    for shape in ((1, 1), (1, 50), (200, 3)):
        weight_maps.weight_map(np.zeros(shape), path)
        weight_maps.weight_map(np.full(shape, np.nan), path)


def test_the_colour_bar_is_as_tall_as_the_map():
    for shape in ((40, 30), (40, 3), (3, 40), (1, 1)):
        figure = weight_maps.weight_map(np.ones(shape))
        figure.draw_without_rendering()
        picture = figure.axes[0].get_window_extent()
        bar = figure.axes[0].child_axes[0].get_window_extent()
        assert (bar.y0, bar.y1) == pytest.approx((picture.y0, picture.y1), abs=1)


def test_a_grey_print_shows_which_weight_is_positive(tmp_path):
    path = tmp_path / "w.png"
    weight_maps.weight_map([[1.0, -1.0]], path)
    grey = matplotlib.image.imread(path)[..., :3] @ [0.2126, 0.7152, 0.0722]
    levels, counts = np.unique(np.round(grey, 2), return_counts=True)
    positive, negative = np.sort(levels[np.argsort(counts)[-3:]])[:2]
    assert negative - positive > 0.15


def test_live_pictures_are_drawn_over_one_file(tmp_path):
    path = tmp_path / "live.png"
    sizes = []
    frames = weight_changes.live(golden().watch_weights(SPIKES, every=20), path,
                               plastic=DESIGN.image.plastic)  # fmt: skip
    for frame in frames:
        sizes.append((frame.step, path.read_bytes()))
    assert [step for step, _ in sizes] == [0, 20, 25]
    assert len({data for _, data in sizes}) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["live.png"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (7, 4), (40, 300), (300, 40)])
def test_a_terminal_shows_blocks_within_its_width(shape):
    weights = np.random.default_rng(0).normal(size=shape)
    text = weight_maps.weight_text(weights, width=60)
    lines = text.plain.rstrip("\n").split("\n")
    assert {len(line) for line in lines} == {min(shape[1], 60)}
    assert set(text.plain) == {"▀", "\n"}
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="truecolor", width=80).print(text)
    assert "\x1b[38;2;" in out.getvalue()


def test_blocks_are_red_below_zero_and_blue_above():
    text = weight_maps.weight_text([[5.0, -5.0], [0.0, 0.0]])
    assert [str(span.style) for span in text.spans] == [
        f"{style.EXCITATORY} on {style.ZERO}",
        f"{style.INHIBITORY} on {style.ZERO}",
    ]


@pytest.mark.parametrize(
    ("draw", "match"),
    [
        (lambda p: weight_maps.weight_maps([], p), "no weights to draw"),
        (lambda p: weight_maps.weight_maps([[1.0]], p), "sources, targets"),
        (lambda p: weight_changes.weight_changes([[1]], [[1, 2]], p), r"\(1, 1\), \(1, 2\)"),
        (lambda p: weight_maps.weight_text([1.0]), "sources, targets"),
        (lambda p: weight_maps.weight_text([[1.0]], width=0), "at least 1"),
        (lambda p: weight_maps.weight_map([1.0], p), "sources, targets"),
        (lambda p: weight_maps.weight_map([[np.inf]], p), "infinite"),
        (lambda p: weight_maps.weight_map([[1.0]], p / "no" / "w.png"), "cannot write"),
        (lambda p: weight_maps.weight_maps([[[1.0]]] * 401, p), "at most 400"),
    ],
)
def test_what_can_not_be_drawn_is_refused(tmp_path, draw, match):
    with pytest.raises(InputError, match=match):
        draw(tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_message_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingToolError, match="pip install"):
        weight_maps.weight_maps([[[1.0]]], tmp_path / "w.png")
