"""Training tasks that teach a core handwritten digits, by its own learning alone: networks and spikes.

Ten output neurons, one for each digit, hear the pixels of an image and, in the same presentation, a
teacher who knows the digit.  Nothing is trained elsewhere: weights start small and random.

* `three_factor`: the delta rule (Widrow and Hoff 1960).  A neuron is a rectified linear unit that
  fires in proportion to what it takes in; its modulator is the teacher's number of spikes less
  its own, and the eligibility of a synapse counts the pixel's spikes.  Their product is the change
  of the weight, rounded at random, when the presentation ends.
* `stdp`: pair STDP with soft bounds.  The teacher makes the right neuron fire after the pixels, which
  strengthens what has just been seen; the next image, most often of another digit, comes after that
  spike and weakens what it shows.  The weight of a pixel settles where it is as likely to be bright
  in this digit as the balance of the two, so that the sum over pixels weighs evidence as a naive
  Bayes classifier does; therefore dark pixels have axons too.  While the neurons learn, their
  threshold is one that only the teacher reaches.

Parameters were chosen by cross-validation on the training images.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig, Image, LearningConfig

from ..design.design import Design
from .digits_network import BRIGHTEST, CLASSES, PIXELS, encode

_SPREAD = 20
"""Initial weights are uniform in −20…20."""


@dataclass(frozen=True, kw_only=True)
class TrainingTask:
    """A network, and how it is taught.  Names of parameters are those of docs/reference/semantics.md.

    Attributes
    ----------
    rule : learning rule of the core.
    inputs : axon range of each input: "pixels", perhaps "dark" (the opposite) and "always" (a
        spike whenever a pixel could have one), and "teacher".
    config : the core.
    teacher_weight : of the synapse from each teacher axon to its digit's neuron.
    learning : parameters of the rule that stay.
    epochs : parameters of the rule that change, epoch by epoch: all training images, once.
    period, exposure : steps of a presentation, and those of them in which pixels fire.
    teacher_step : step of the presentation in which the teacher fires.
    training_parameters : parameters of the neurons while they learn.
    test_parameters, test_period : the same afterwards, when they are tested.
    needed : share of the test images that must be recognised after all epochs.
    """

    rule: str
    inputs: dict[str, slice]
    config: CoreConfig
    teacher_weight: int
    learning: dict[str, int]
    epochs: tuple[dict[str, int], ...]
    period: int
    exposure: int
    teacher_step: int
    training_parameters: dict[str, int]
    test_parameters: dict[str, int] = field(default_factory=dict)
    test_period: int
    needed: float

    def design(self, seed: int = 0) -> Design:
        """The network before its first lesson, with random weights."""
        c, teacher = self.config, self.inputs["teacher"]
        weights = np.random.default_rng(seed).integers(
            -_SPREAD, _SPREAD, (c.axons, c.neurons), endpoint=True
        )
        weights[teacher] = self.teacher_weight * np.eye(CLASSES, dtype=np.int64)
        plastic = np.ones((c.axons, c.neurons), dtype=np.bool_)
        plastic[teacher] = False
        modulatory = np.zeros(c.axons, dtype=np.bool_)
        modulatory[teacher] = self.rule == "three_factor"
        image = Image(
            c,
            weights,
            {name: np.array(value) for name, value in self.training_parameters.items()},
            learning={**self.learning, **self.epochs[0], "enabled": 1, "seed": seed},
            plastic=plastic,
            modulatory=modulatory,
        )
        return Design(c, image, inputs=dict(self.inputs), populations={"output": slice(0, CLASSES)})

    def training_input(self, images: ArrayLike, digits: ArrayLike) -> NDArray[np.bool_]:
        """(n·period, axons) spikes of n images of 0…16, each with its digit."""
        raster = self._show(images, self.period)
        teacher = self.inputs["teacher"].start + np.asarray(digits)
        raster[np.arange(len(raster)), self.teacher_step, teacher] = True
        return raster.reshape(-1, self.config.axons)

    def test_input(self, images: ArrayLike) -> NDArray[np.bool_]:
        """(n·test_period, axons) spikes of n images of 0…16, without a teacher."""
        return self._show(images, self.test_period).reshape(-1, self.config.axons)

    def decode(self, spikes: ArrayLike) -> NDArray[np.int64]:
        """(n,) digits, from (n·test_period, 10) spikes.

        The neuron that fired most; of several, the one that fired earlier.
        """
        fired = np.asarray(spikes).reshape(-1, self.test_period, CLASSES)
        # However early, all spikes of a neuron together weigh less than one spike more.
        early = np.arange(self.test_period)[::-1] + self.test_period**2
        return np.argmax(np.tensordot(fired, early, axes=(1, 0)), axis=1)

    def _show(self, images: ArrayLike, period: int) -> NDArray[np.bool_]:
        """(n, period, axons) spikes of the images alone."""
        pixels = np.asarray(images)
        raster = np.zeros((len(pixels), period, self.config.axons), dtype=np.bool_)
        shown = raster[:, : self.exposure]
        shown[:, :, self.inputs["pixels"]] = encode(pixels, self.exposure)
        if "dark" in self.inputs:
            shown[:, :, self.inputs["dark"]] = encode(BRIGHTEST - pixels, self.exposure)
        if "always" in self.inputs:
            shown[:, :, self.inputs["always"]] = True
        return raster


def _config(axons: int, weight_bits: int, learning: LearningConfig) -> CoreConfig:
    return CoreConfig(
        neurons=CLASSES,
        axons=axons,
        lanes=2,
        weight_bits=weight_bits,
        state_bits=16,
        synapse="delta",
        leak="exponential",
        reset="subtract",
        refractory_bits=0,
        bias=False,
        monitors=1,
        learning=learning,
    )


def _three_factor() -> TrainingTask:
    inputs = {
        "pixels": slice(0, PIXELS),
        "always": slice(PIXELS, PIXELS + 1),
        "teacher": slice(PIXELS + 1, PIXELS + 1 + CLASSES),
    }
    rule = LearningConfig(rule="three_factor", fraction_bits=6, stochastic=True)
    spike = 8
    return TrainingTask(
        rule="three_factor",
        inputs=inputs,
        config=_config(inputs["teacher"].stop, 8, rule),
        # The right neuron is to fire six times, the others not at all.
        teacher_weight=6 * spike,
        learning={
            "w_min": -128,
            "w_max": 127,
            "sweep_log2": 4,
            "m_spike": -spike,
            "d_e": 4096,
            "d_mod_first": 4096,
        },
        epochs=tuple({"e_pre": rate} for rate in (4, 4, 2, 1)),
        period=16,
        exposure=4,
        teacher_step=0,
        training_parameters={"v_threshold": 100, "d_mem": 1024},
        test_period=16,
        needed=0.94,
    )


def _stdp() -> TrainingTask:
    inputs = {
        "pixels": slice(0, PIXELS),
        "dark": slice(PIXELS, 2 * PIXELS),
        "teacher": slice(2 * PIXELS, 2 * PIXELS + CLASSES),
    }
    rule = LearningConfig(rule="pair", fraction_bits=10, stochastic=True, bounds="soft")
    exposure = 3
    return TrainingTask(
        rule="pair",
        inputs=inputs,
        # Weights are 16 bits wide for the teacher's sake, who alone is to reach the threshold; those
        # that learn keep to 8 bits.
        config=_config(inputs["teacher"].stop, 16, rule),
        teacher_weight=32767,
        learning={"w_min": -128, "w_max": 127, "d_x": 2048, "d_y": 1024},
        epochs=tuple({"x_inc": rate, "y_inc": rate} for rate in (48, 24, 8)),
        period=8,
        exposure=exposure,
        teacher_step=exposure,
        training_parameters={"v_threshold": 30000, "d_mem": 4096},
        test_parameters={"v_threshold": 50, "d_mem": 256},
        test_period=32,
        needed=0.86,
    )


TASKS: dict[str, TrainingTask] = {"three_factor": _three_factor(), "stdp": _stdp()}
"""By the name that `spikeloom demo learn-digits --rule` takes."""
