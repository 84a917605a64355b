"""What happened in a segment: all that the ideal simulation needs to do the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.compiler.wiring import wire
from spikeloom.network.network import Network

Floats = NDArray[np.float64]


class History:
    """Everything that was given to a device, in order, and the spikes that came back.

    Parameters
    ----------
    network : in floats, without a learning rule; None where nothing runs.
    h : time step in ms.

    Attributes
    ----------
    events : (what, values…) in order: "bias", "potential", "currents", "parameter", "weights", "input".
    roundings : by name, the value asked for and the one held, where they differ most.
    counters, weights : of the device at the end; None while it is open.
    """

    def __init__(self, network: Network | None, h: float) -> None:
        self.network, self.h = network, h
        self.wiring = None if network is None else wire(network)
        self.bias = np.zeros(0 if self.wiring is None else len(self.wiring.report))
        self.roundings: dict[str, tuple[float, float]] = {}
        self.counters: dict[str, int] | None = None
        self.final_weights: Floats | None = None
        self.begin()

    def begin(self) -> None:
        """Forget what was; a new segment begins."""
        self.events: list[tuple[Any, ...]] = []
        self._spikes: list[NDArray[np.int64]] = []
        self.stop = 0

    def inject(self, bias: Floats) -> None:
        """(N,) mV in each step from now on."""
        if not self.events or not np.array_equal(bias, self.bias):
            self.events.append(("bias", np.array(bias)))
        self.bias = bias

    def potential(self, where: slice, values: Floats) -> None:
        """Potentials in mV, set between two steps."""
        self.events.append(("potential", where, np.array(values)))

    def currents(self, where: slice, exc: Floats, inh: Floats) -> None:
        """Currents as a core has them, in mV, set between two steps."""
        self.events.append(("currents", where, np.array(exc), np.array(inh)))

    def parameter(self, name: str, where: slice, values: Floats) -> None:
        """A parameter, in mV or s, set between two steps."""
        self.events.append(("parameter", name, where, np.array(values)))

    def weights(self, values: Floats) -> None:
        """(A, N) mV, set between two steps."""
        self.events.append(("weights", np.array(values)))

    def input(self, now: int, steps: int, spikes: dict[str, Any]) -> None:
        """Steps that were run, and the (step, row) of the spikes of each input."""
        self.events.append(("input", now, steps, spikes))
        self.stop = now + steps

    def output(self, now: int, spikes: Any) -> None:
        """(step, neuron) of spikes, counted from `now`."""
        at, neurons = spikes
        self._spikes.append(np.stack([at + now, neurons], axis=1))

    @property
    def spikes(self) -> NDArray[np.int64]:
        """(spikes, 2) step and neuron, from the device."""
        if not self._spikes:
            return np.zeros((0, 2), dtype=np.int64)
        return np.concatenate(self._spikes)

    def rounded(self, name: str, asked: Floats, held: Floats) -> None:
        """Note what a core holds for a number that was written to it."""
        worst = int(np.argmax(np.abs(held - asked)))
        before = self.roundings.get(name)
        if asked[worst] != held[worst] and (
            before is None or abs(before[1] - before[0]) < abs(held[worst] - asked[worst])
        ):
            self.roundings[name] = (float(asked[worst]), float(held[worst]))

    def finish(self, device: Any) -> None:
        """Keep what will be asked for when the device is closed."""
        if self.counters is None:
            self.counters = dict(device.counters())
            self.final_weights = np.asarray(device.weights)
