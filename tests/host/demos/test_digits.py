import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeloom.boards import BOARDS
from spikeloom.compiler.compile import compile
from spikeloom.demos import digits_network as digits
from spikeloom.design.design import Design
from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import InputError
from spikeloom.sim import GoldenCore


@given(
    image=hnp.arrays(np.int64, (1, digits.PIXELS), elements=st.integers(0, 16)),
    steps=st.integers(1, 40),
)
def test_a_pixel_fires_as_often_as_it_is_bright_in_equal_gaps(image, steps):
    spikes = digits.encode(image, steps)
    assert spikes.shape == (1, steps, digits.PIXELS)
    counts = np.cumsum(spikes[0], axis=0)
    due = np.arange(1, steps + 1)[:, None] * image / digits.BRIGHTEST
    assert np.all(np.abs(counts - due) <= 0.5)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 63)), "shape"),
        (np.full((1, 64), 17), "outside 0…16"),
        (np.full((1, 64), np.nan), "outside 0…16"),
    ],
)
def test_other_images_are_refused(images, message):
    with pytest.raises(InputError, match=message):
        digits.encode(images)
    with pytest.raises(InputError, match="steps is 0"):
        digits.encode(np.zeros((1, 64)), 0)


@given(
    counts=hnp.arrays(np.int64, (1, 10), elements=st.integers(0, 5)),
    potentials=hnp.arrays(np.int64, (1, 10), elements=st.integers(-99, 99)),
    scale=hnp.arrays(np.float64, 10, elements=st.floats(1, 100)),
)
def test_the_largest_input_wins(counts, potentials, scale):
    config = CoreConfig(neurons=10, axons=1, parameters="per_neuron")
    image = Image(config, np.zeros((1, 10), dtype=np.int64), {"v_threshold": np.arange(100, 110)})
    design = Design(config, image, populations={"output": slice(0, 10)}, scale=scale)
    spikes = np.arange(5)[None, :, None] < counts[:, None, :]
    assert digits.classify(design, spikes) == np.argmax(counts)
    taken_in = (counts * np.arange(100, 110) + potentials) / scale
    assert taken_in[0, digits.classify(design, spikes, potentials)[0]] == taken_in.max()


def test_at_least_97_of_100_digits_are_right_on_the_core_of_the_icebreaker():
    train_x, test_x, train_y, test_y = digits.digits()
    assert (len(train_x), len(test_x)) == (len(train_y), len(test_y)) == (1203, 594)

    design = compile(digits.train(), config=BOARDS["icebreaker"].config)
    core = GoldenCore(design.image, batch=len(test_x))
    raster = np.zeros((len(test_x), digits.STEPS, design.config.axons), dtype=bool)
    raster[:, : digits.PRESENTATION, design.inputs["pixels"]] = digits.encode(test_x)
    output = design.populations["output"]
    spikes = core.run(raster)[:, :, output]
    assert np.mean(digits.classify(design, spikes) == test_y) >= 0.97
    right = digits.classify(design, spikes, core.state("v")[:, output]) == test_y
    assert np.mean(right) >= 0.98
    assert core.counters["clamps"].sum() == 0
