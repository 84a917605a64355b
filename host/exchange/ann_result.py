"""A converted network: how to show it samples, what it says of them, and when it is sure."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError

from ..device.device import Device
from ..network.network import Network
from ..quantise.arrays import real_array
from ..signals.encode import regular

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Exit:
    """When to stop looking at a sample: the read-out is sure (Li et al. 2023, dynamic confidence).

    Attributes
    ----------
    confidence : of the largest output, as `Converted.confidence` has it, at least.
    first : steps that are always looked at.
    """

    confidence: float
    first: int = 4


@dataclass(frozen=True, eq=False)
class Converted:
    """A network of ReLUs as a spiking one.

    Attributes
    ----------
    network : with the input "input" and the read-out "output".
    low, span : (inputs,) value of an input that never fires, and what is added to it where it fires
        in every step.
    shape : of one sample.
    scale : output of the network of ReLUs for a potential of 1 in one step.
    late : steps that it takes from the input to the output.
    classes : what the outputs stand for.
    steps : for which it was converted.
    """

    network: Network
    low: Floats
    span: Floats
    shape: tuple[int, ...]
    scale: float
    late: int
    classes: tuple[Any, ...]
    steps: int

    def named(self, classes: Sequence[Any]) -> Converted:
        """The same with names of classes: one for each output, or two for a single one, compared with 0."""
        return dataclasses.replace(self, classes=tuple(np.asarray(classes).tolist()))

    def encode(self, samples: ArrayLike, steps: int | None = None) -> NDArray[np.bool_]:
        """(samples, steps + late, inputs) spikes: a value as an evenly spread rate.

        What lies outside the range of the samples that the network was converted with is clipped.
        """
        steps = self.steps if steps is None else steps
        data = real_array("samples", samples)
        if data.shape[1:] != self.shape:
            raise InputError(f"samples have shape {data.shape}; give (samples, *{self.shape})")
        rates = np.clip((data.reshape(len(data), -1) - self.low) / self.span, 0.0, 1.0)
        spikes = regular(rates, steps, highest=1.0, dt=1.0)
        return np.pad(spikes, ((0, 0), (0, self.late), (0, 0)))

    def outputs(self, device: Device, samples: ArrayLike, steps: int | None = None) -> Floats:
        """(samples, steps, outputs): what the network of ReLUs is said to give, step by step.

        Parameters
        ----------
        device : with this network compiled and loaded.
        samples : (samples, …).
        steps : that each is shown; default: those of the conversion.
        """
        steps = self.steps if steps is None else steps
        device.monitor("output")
        runs = device.run_batch({"input": self.encode(samples, steps)})
        where = device.design.populations["output"]
        labels = [f"v[{j}]" for j in range(*where.indices(device.design.config.neurons))]
        potentials = np.array([[run.monitored[label] for label in labels] for run in runs])
        return self._means(potentials.transpose(0, 2, 1)[:, self.late :])

    def _means(self, potentials: Floats) -> Floats:
        """Outputs from (samples, steps, outputs) potentials, without what the bias added before."""
        readout = self.network.populations["output"].neuron
        assert readout is not None
        bias = readout.parameters(potentials.shape[2])["bias"]
        taken = potentials - self.late * bias
        return taken * self.scale / np.arange(1, potentials.shape[1] + 1)[:, None]

    def predict(self, outputs: ArrayLike) -> NDArray[Any]:
        """(…,) classes of (…, outputs); a single output is compared with 0."""
        values = np.asarray(outputs)
        single = values.shape[-1] == 1
        best = (values[..., 0] > 0).astype(int) if single else values.argmax(axis=-1)
        return np.asarray(self.classes)[best]

    def classify(
        self, device: Device, samples: ArrayLike, steps: int | None = None
    ) -> NDArray[Any]:
        """(samples,) classes after so many steps."""
        return self.predict(self.outputs(device, samples, steps)[:, -1])

    def confidence(self, outputs: ArrayLike) -> Floats:
        """(…,) of (…, outputs): the share of the largest in their softmax, 0.5…1 for one output.

        After few steps outputs are uncertain: each is a mean whose error falls with their number.
        """
        values = np.asarray(outputs, dtype=np.float64)
        steps = np.arange(1, values.shape[-2] + 1)[:, None]
        sharp = values * np.sqrt(steps) / self.scale
        if values.shape[-1] == 1:
            sharp = np.concatenate([sharp, np.zeros_like(sharp)], axis=-1)
        powers = np.exp(sharp - sharp.max(axis=-1, keepdims=True))
        return np.asarray(powers.max(axis=-1) / powers.sum(axis=-1))

    def exit_for(
        self, outputs: ArrayLike, labels: ArrayLike, *, tolerance: float = 0.005, first: int = 4
    ) -> Exit:
        """The least confidence from which on stopping early costs at most `tolerance` of the accuracy.

        Parameters
        ----------
        outputs : (samples, steps, outputs), of samples that are kept for this.
        labels : (samples,) their classes.
        tolerance : accuracy that may be lost, 0.005 is half a point.
        first : steps that are always looked at.
        """
        values, right = np.asarray(outputs), self.predict(outputs) == np.asarray(labels)[:, None]
        sure = self.confidence(values)
        wanted = right[:, -1].mean() - tolerance
        least = 1.0
        for level in np.unique(np.quantile(sure, np.linspace(0.0, 1.0, 400)))[::-1]:
            at = stops(sure, Exit(float(level), first))
            if right[np.arange(len(right)), at].mean() < wanted:
                break
            least = float(level)
        return Exit(least, first)


def stops(confidence: Floats, when: Exit) -> NDArray[np.int64]:
    """(samples,) index of the step at which each stops, of (samples, steps) confidences."""
    sure = confidence >= when.confidence
    sure[:, : when.first - 1] = False
    sure[:, -1] = True
    return np.asarray(sure.argmax(axis=1))
