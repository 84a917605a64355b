"""`spikeloom.open("float:", network)`: a network as it was described, in floats, without a compiler."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import InputError, LinkError

from ..compiler.wiring import wire
from ..design.input_raster import SampleInputs, SpikeInput, input_raster, sample_rasters
from ..device.monitors import Monitored
from ..device.run import Run
from ..network.network import Network
from ..quantise.rounding import Floats
from .float_model import Bools, FloatCore, FloatNetwork, run_float_batch


class _Layout:
    """What `input_raster` has to know of a network."""

    def __init__(self, network: Network) -> None:
        self.wiring = wire(network)
        self.inputs, self.mirrors = self.wiring.inputs, self.wiring.mirrors
        self.dt = network.dt
        self.axons, self.neurons = self.wiring.weights.shape

    @property
    def config(self) -> _Layout:
        """Sizes."""
        return self


class FloatDevice:
    """Runs a network of IF, LIF and LI neurons in floats: the ideal that a core is compared with.

    It has what a device has as far as it makes sense without a core: `run`, `run_batch`, `monitor`,
    `reset`, `step`, `close`.

    Parameters
    ----------
    network : without a learning rule; later changes of it are not seen.

    Attributes
    ----------
    numbers : what it runs.
    """

    def __init__(self, network: Network) -> None:
        if not isinstance(network, Network):
            raise InputError('open("float:", network) takes a Network, not a compiled design')
        if network.learning is not None:
            raise InputError("float: has no learning rules; open a compiled design on golden:")
        self.network = network
        self._layout = _Layout(network)
        options: dict[str, Any] = self._layout.wiring.neuron.combine(
            {p.name: p.neuron for p in network.populations.values() if p.neuron is not None}
        )
        self.numbers = FloatNetwork.described(
            self._layout.wiring, network.dt, subtract=options["reset"] == "subtract",
            integrates=bool(options.get("integrate_refractory")),
        )  # fmt: skip
        self._watched: list[int] = []
        self._closed = False
        self.reset()

    @staticmethod
    def runs(network: Network) -> bool:
        """Whether a network is of neurons that have equations in floats, without a learning rule."""
        models = {p.neuron.model for p in network.populations.values() if p.neuron is not None}
        return network.learning is None and models == {"lif"}

    @property
    def populations(self) -> dict[str, slice]:
        """Ranges of neurons by name."""
        return self._layout.wiring.populations

    @property
    def step(self) -> int:
        """Number of the next step."""
        return self._core.step_number

    def reset(self) -> None:
        """Clear the state, and begin with step 0."""
        self._core = FloatCore(self.numbers)

    def monitor(self, neurons: Sequence[int] | str) -> None:
        """Record the potentials of these neurons, or of a population, in later runs; [] ends it."""
        populations = self._layout.wiring.populations
        if isinstance(neurons, str):
            if neurons not in populations:
                raise InputError(
                    f"no population {neurons!r} in this network; it has "
                    f"{', '.join(map(repr, populations))}"
                )
            neurons = range(populations[neurons].start, populations[neurons].stop)
        chosen = [int(j) for j in neurons]
        for j in chosen:
            if not 0 <= j < self._layout.neurons:
                raise InputError(
                    f"no neuron {j} in this network; it has 0…{self._layout.neurons - 1}"
                )
        self._watched = chosen

    def run(self, spikes: SpikeInput = None, steps: int | None = None) -> Run:
        """Run as `Device.run` does; potentials that are monitored are in the network's unit."""
        if self._closed:
            raise LinkError("this device was closed; open it anew: spikeloom.open(…)")
        start, rest = self.step, self._layout.wiring.rest
        raster = input_raster(self._layout, spikes, steps)
        fired = np.zeros((len(raster), self._layout.neurons), dtype=bool)
        potentials = np.zeros((len(raster), len(self._watched)))
        for t, row in enumerate(raster):
            fired[t], _ = self._core.step(row)
            potentials[t] = (self._core.v + rest)[self._watched]
        return self._run_of(start, fired, potentials)

    def _run_of(self, start: int, fired: Bools, potentials: Floats) -> Run:
        values = {f"v[{j}]": potentials[:, k] for k, j in enumerate(self._watched)}
        return Run(
            start, fired, Monitored(values, {}), self._layout.wiring.populations, self.network.dt
        )

    def run_batch(
        self,
        samples: SampleInputs,
        steps: int | None = None,
        *,
        numbers: FloatNetwork | None = None,
    ) -> list[Run]:
        """Run each sample from a cleared state, as `Device.run_batch` does; then it is cleared again.

        SampleInputs of the same length run side by side; see `FloatCore`.

        Parameters
        ----------
        samples, steps : as `Device.run_batch` takes them.
        numbers : in place of the network's own.
        """
        if self._closed:
            raise LinkError("this device was closed; open it anew: spikeloom.open(…)")
        numbers = numbers or self.numbers
        rasters = sample_rasters(self._layout, samples, steps)
        together = len({len(raster) for raster in rasters}) == 1
        groups = [rasters] if together else [[raster] for raster in rasters]
        self.reset()
        runs = []
        for group in groups:
            fired, potentials = run_float_batch(numbers, np.stack(group), self._watched)
            potentials += self._layout.wiring.rest[self._watched]
            runs += [self._run_of(0, *found) for found in zip(fired, potentials, strict=True)]
        return runs

    def close(self) -> None:
        """End it; later calls are refused."""
        self._closed = True

    def __enter__(self) -> FloatDevice:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<floats of {self.network!r}; next step {self.step}>"
