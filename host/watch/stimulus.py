"""Input spikes without end: Poisson background, and a raster that is played again and again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import InputError

from ..design.design import Design
from ..design.input_raster import SpikeInput, input_raster

ALL_AXONS = "all axons"
"""What a design's input is called when it names none."""


class Stimulus:
    """What drives a network while it is watched.

    Parameters
    ----------
    design : the network; its `inputs` can be given rates of their own.
    rate : of the Poisson background of every input, in Hz; at most one spike in each step.
    replay : spikes as `Device.run` takes them, repeated for ever; None: background only.
    seed : of the background.

    Attributes
    ----------
    inputs : axon range of each input.
    replay : (steps, A) bool, or None.

    Raises
    ------
    InputError : a rate below 0, or a replay that does not fit or has no steps.
    """

    def __init__(
        self, design: Design, *, rate: float = 0.0, replay: SpikeInput = None, seed: int = 0
    ) -> None:
        axons = design.config.axons
        named = {name: range(*where.indices(axons)) for name, where in design.inputs.items()}
        self.inputs = named or {ALL_AXONS: range(axons)}
        self.replay = None if replay is None else input_raster(design, replay)
        if self.replay is not None and not len(self.replay):
            raise InputError("the raster to replay has no steps; give at least one")
        self._axons, self._dt = axons, design.dt
        self._rng = np.random.default_rng(seed)
        self._rates: dict[str, float] = {}
        for name in self.inputs:
            self.set_rate(name, rate)

    @property
    def rates(self) -> dict[str, float]:
        """Rate of the background of each input, in Hz."""
        return dict(self._rates)

    def set_rate(self, name: str, rate: float) -> None:
        """Give one input's background another rate, in Hz."""
        if name not in self.inputs:
            known = ", ".join(map(repr, self.inputs))
            raise InputError(f"no input {name!r} in this design; it has {known}")
        if not rate >= 0 or rate == np.inf:
            raise InputError(f"the rate of {name!r} is {rate:g} Hz; give a number of at least 0")
        self._rates[name] = float(rate)

    def spikes(self, start: int, steps: int) -> NDArray[np.bool_]:
        """(steps, A) bool, the spikes of steps `start`, `start + 1`, …

        The replay is aligned with the number of the step, so that a step more or less does not
        shift it.
        """
        chances = np.zeros(self._axons)
        for name, axons in self.inputs.items():
            chances[axons] = min(1.0, self._rates[name] * self._dt)
        raster = self._rng.random((steps, self._axons)) < chances
        if self.replay is not None:
            raster |= self.replay[np.arange(start, start + steps) % len(self.replay)]
        return raster
