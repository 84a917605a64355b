"""Samples of a network, ready to be run on any device, and the measure of their runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError

from ..compiler.searched import Accuracy
from ..design.input_raster import SampleInputs
from ..device.golden import GoldenDevice
from ..device.run import Run
from ..diagnosis.float_device import FloatDevice
from ..diagnosis.float_model import FloatNetwork
from ..network.network import Network
from ..network.neurons import LI


class Measured:
    """Samples of a network, ready to be run on any device.

    Parameters
    ----------
    network : whose samples they are.
    inputs, labels, output, steps, monitor : as `Samples` has them.
    accuracy : a measure of the user's; None: the share of labels that are recognised.

    Attributes
    ----------
    inputs, steps : as `Device.run_batch` takes them.
    watched : populations to monitor.
    count : how many samples there are.

    Raises `InputError` for samples that do not fit the network.
    """

    def __init__(
        self,
        network: Network,
        inputs: SampleInputs,
        labels: ArrayLike | None,
        output: str | None,
        steps: int | None,
        monitor: tuple[str, ...],
        accuracy: Accuracy | None,
    ) -> None:
        if not network.populations:
            raise InputError("the network has no neurons; add a population")
        self.steps, self._own = steps, accuracy
        self.inputs, self.count = _named(inputs, network)
        self.output = list(network.populations)[-1] if output is None else output
        for name in (self.output, *monitor):
            if name not in network.populations:
                known = ", ".join(map(repr, network.populations))
                raise InputError(f"no population {name!r} in this network; it has {known}")
        self._labels = None if accuracy else self._checked(labels, network)
        self._potentials = isinstance(network.populations[self.output].neuron, LI)
        self.watched = tuple(dict.fromkeys((*monitor, *[self.output] * self._potentials)))

    def _checked(self, labels: ArrayLike | None, network: Network) -> NDArray[np.int64]:
        if labels is None:
            raise InputError(
                "the samples have no labels; give them, or accuracy, a function of runs"
            )
        array, size = np.asarray(labels), network.populations[self.output].size
        if array.shape != (self.count,) or array.dtype.kind not in "iu":
            raise InputError(
                f"labels have shape {array.shape} and dtype {array.dtype}; give {self.count} integers"
            )
        if array.min(initial=0) < 0 or array.max(initial=0) >= size:
            raise InputError(
                f"labels are {array.min()}…{array.max()}; {self.output!r} has neurons 0…{size - 1}"
            )
        return array.astype(np.int64)

    def on(self, device: GoldenDevice | FloatDevice, numbers: FloatNetwork | None = None) -> float:
        """Accuracy on a device, with its own numbers, or in floats with others."""
        where = device.populations if isinstance(device, FloatDevice) else device.design.populations
        device.monitor(
            [j for name in self.watched for j in range(where[name].start, where[name].stop)]
        )
        if isinstance(device, FloatDevice):
            return self.accuracy(device.run_batch(self.inputs, self.steps, numbers=numbers))
        return self.accuracy(device.run_batch(self.inputs, self.steps))

    def accuracy(self, runs: Sequence[Run]) -> float:
        """The user's measure, or the share of labels that are recognised."""
        if self._own is not None:
            value = self._own(runs)
            if not isinstance(value, int | float | np.number) or not np.isfinite(value):
                raise InputError(f"accuracy returned {value!r}; return a finite number")
            return float(value)
        return float(np.mean([self._winner(run) for run in runs] == self._labels))

    def _winner(self, run: Run) -> int:
        where = run.populations[self.output]
        if self._potentials:
            labels = [f"v[{j}]" for j in range(where.start, where.stop)]
            return int(np.argmax([run.monitored[label].mean() for label in labels]))
        return int(np.argmax(run.spikes[:, where].sum(axis=0)))


def _named(inputs: SampleInputs, network: Network) -> tuple[SampleInputs, int]:
    """Inputs as devices take them, and their number."""
    if isinstance(inputs, np.ndarray) and inputs.ndim == 3 and len(network.inputs) == 1:
        ((name, p),) = network.inputs.items()
        if inputs.shape[2] == p.size:
            inputs = {name: inputs}
    if isinstance(inputs, dict):
        arrays = list(inputs.values())
        return inputs, len(np.asarray(arrays[0])) if arrays else 0
    try:
        listed = list(inputs)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"inputs is {inputs!r}; give one input for each sample") from None
    if not listed:
        raise InputError("there are no samples; give at least one")
    return listed, len(listed)
