"""Images: what a core cannot hold is refused, and says which number and what would fit."""

import dataclasses

import numpy as np
import pytest

from spikeloom.hdl import NO_AXON, CoreConfig, Image, ImageError, LearningConfig
from spikeloom.hdl.contract.image import RunningImage

CONFIG = CoreConfig(neurons=3, axons=4, weight_bits=4, state_bits=8, refractory_bits=2)
EACH = dataclasses.replace(CONFIG, parameters="per_neuron")
WEIGHTS = np.arange(-6, 6).reshape(4, 3)


def test_what_is_not_given_has_a_default():
    image = Image(CONFIG, WEIGHTS)
    assert image.parameters.keys() == {f.name for f in CONFIG.layout.parameters}
    for name, values in image.parameters.items():
        assert values.tolist() == [127 if name == "v_threshold" else 0] * 3
    assert image.routes.tolist() == [NO_AXON] * 3
    assert image.report.tolist() == [True] * 3


def test_scalars_are_for_all_neurons():
    image = Image(EACH, WEIGHTS, {"v_threshold": 9, "bias": [1, -2, 3]}, routes=2, report=False)
    assert image.parameters["v_threshold"].tolist() == [9, 9, 9]
    assert image.parameters["bias"].tolist() == [1, -2, 3]
    assert image.routes.tolist() == [2, 2, 2]
    assert not image.report.any()


def test_bounds_themselves_fit():
    weights = np.where(WEIGHTS % 2, -8, 7)
    values = {f.name: [f.minimum, f.maximum, 0] for f in EACH.layout.parameters}
    image = Image(EACH, weights, values, routes=[NO_AXON, 0, 3])
    assert (image.weights == weights).all()
    for name, expected in values.items():
        assert image.parameters[name].tolist() == expected


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (CONFIG, {"weights": WEIGHTS + 3}, r"weights\[3, 2\] is 8, outside -8…7; rescale it"),
        (CONFIG, {"weights": WEIGHTS * 9}, r"weights\[0, 0\] is -54, .* \(11 such values\)"),
        (CONFIG, {"weights": WEIGHTS / 2}, "weights has dtype float64; give integers"),
        (CONFIG, {"weights": WEIGHTS.T}, r"weights has shape \(3, 4\); the core needs \(4, 3\)"),
        (CONFIG, {"parameters": {"v_rest": 1}}, "no parameter v_rest in this core; it has v_thr"),
        (CONFIG, {"parameters": {"leak": 1}}, "no parameter leak in this core"),
        (
            CONFIG,
            {"parameters": {"v_threshold": 128}},
            r"v_threshold\[0\] is 128, outside -128…127",
        ),
        (CONFIG, {"parameters": {"d_mem": 4097}}, r"d_mem\[0\] is 4097, outside 0…4096"),
        (CONFIG, {"parameters": {"refractory": 4}}, r"refractory\[0\] is 4, outside 0…3"),
        (CONFIG, {"parameters": {"bias": [1, 1, 2]}}, 'configure parameters = "per_neuron"'),
        (EACH, {"parameters": {"bias": [1, 2]}}, r"bias has shape \(2,\); the core needs \(3,\)"),
        (EACH, {"parameters": {"d_syn": [0, -1, 0]}}, r"d_syn\[1\] is -1, outside 0…4096"),
        (CONFIG, {"routes": [0, 4, 0]}, r"routes\[1\] is 4, outside -1…3"),
        (CONFIG, {"routes": [0, 0]}, r"routes has shape \(2,\)"),
        (CONFIG, {"report": [0.5, 1, 1]}, "report has dtype float64"),
    ],
)
def test_what_the_core_can_not_hold_is_refused(config, changes, message):
    with pytest.raises(ImageError, match=message):
        Image(**{"config": config, "weights": WEIGHTS, **changes})


def test_numbers_beyond_64_bits_do_not_come_back_small():
    weights = np.full((4, 3), 2**64 - 1, dtype=np.uint64)
    with pytest.raises(ImageError):
        Image(CONFIG, weights)


def test_identity_is_of_the_contents():
    values = {"v_threshold": 5}
    first = Image(CONFIG, WEIGHTS, values)
    again = Image(CONFIG, WEIGHTS.astype(np.int8), {"v_threshold": np.full(3, 5)})
    assert first.identity == again.identity != 0
    others = [
        Image(dataclasses.replace(CONFIG, monitors=7), WEIGHTS, values),
        Image(CONFIG, -1 - WEIGHTS, values),
        Image(CONFIG, WEIGHTS, {"v_threshold": 6}),
        Image(CONFIG, WEIGHTS, {"v_threshold": 5, "bias": 1}),
        Image(CONFIG, WEIGHTS, values, routes=[NO_AXON, NO_AXON, 0]),
        Image(CONFIG, WEIGHTS, values, report=[1, 1, 0]),
    ]
    assert len({first.identity, *(image.identity for image in others)}) == len(others) + 1


LEARNING = dataclasses.replace(
    CONFIG, learning=LearningConfig(rule="rectangular", fraction_bits=3, stochastic=True)
)


OUTSIDE = np.zeros((4, 3), dtype=int)
OUTSIDE[1, 2], OUTSIDE[3, 0] = 5, -4


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (CONFIG, {"learning": {"w_max": 3}}, "parameter w_max .* configured without learning"),
        (
            LEARNING,
            {"learning": {"d_x": 3}},
            "no learning parameter d_x in this core; it has enabl",
        ),
        (LEARNING, {"learning": {"w_max": 8}}, "w_max is 8, outside -8…7"),
        (LEARNING, {"learning": {"a_plus": -1}}, "a_plus is -1, outside 0…255"),
        (CONFIG, {"plastic": True}, "plastic is set, but the core cannot do this"),
        (LEARNING, {"modulatory": True}, "modulatory is set, but the core cannot do this"),
        (
            LEARNING,
            {"plastic": True, "learning": {"w_min": -3, "w_max": 4}, "weights": OUTSIDE},
            r"^2 of 12 plastic weights lie outside w_min…w_max, -3…4; the first is "
            r"weights\[1, 2\] = 5; clip them",
        ),
        (
            LEARNING,
            {"plastic": True, "learning": {"w_min": 3, "w_max": 2}, "weights": 3},
            "w_min is 3 and w_max is 2, and no plastic weight can lie between them; give w_min of at",
        ),
        (LEARNING, {"plastic": 2}, r"plastic\[0, 0\] is 2, outside 0…1"),
        (LEARNING, {"plastic": [1, 0]}, r"plastic has shape \(2,\); the core needs \(4, 3\)"),
        (LEARNING, {"axon_tags": [0, 1, 2, 65536]}, r"axon_tags\[3\] is 65536, outside 0…65535"),
        (LEARNING, {"neuron_tags": [1] * 4}, r"neuron_tags has shape \(4,\)"),
    ],
)
def test_what_the_core_can_not_learn_with_is_refused(config, changes, message):
    with pytest.raises(ImageError, match=message):
        Image(**{"config": config, "weights": WEIGHTS, **changes})


def test_only_plastic_weights_are_held_to_the_bounds_and_only_before_the_core_runs():
    learning = {"w_min": -3, "w_max": 4}
    plastic = (OUTSIDE >= -3) & (OUTSIDE <= 4)
    image = Image(LEARNING, OUTSIDE, learning=learning, plastic=plastic)
    with pytest.raises(ImageError, match="1 of 11 plastic weights"):
        dataclasses.replace(image, plastic=plastic | (OUTSIDE == 5))
    running = dataclasses.replace(RunningImage.of(image), plastic=True)
    assert running.plastic.all()
    assert RunningImage.of(image).identity == image.identity
    with pytest.raises(ImageError, match="weights"):
        dataclasses.replace(running, weights=99)


def test_identity_is_of_what_is_learned_with():
    first = Image(LEARNING, WEIGHTS)
    assert (first.learning["w_min"], first.learning["w_max"]) == (-8, 7)
    assert not first.plastic.any()
    assert first.identity == Image(LEARNING, WEIGHTS, plastic=False).identity
    others = [
        Image(LEARNING, WEIGHTS, learning={"enabled": 1}),
        Image(LEARNING, WEIGHTS, plastic=True),
        Image(LEARNING, WEIGHTS, axon_tags=[1, 2, 3, 4]),
        Image(LEARNING, WEIGHTS, neuron_tags=[1, 2, 3]),
    ]
    assert len({first.identity, *(image.identity for image in others)}) == len(others) + 1
