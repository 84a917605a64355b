"""The neurons of the model `adlif` as a user describes them: LIF with an adaptive current.

In each time step of length `dt`, with `a_in` the sum of the weights whose sources fired, and with
α = exp(−dt/tau_mem) and β = exp(−dt/tau_w):

    i ← i·exp(−dt/tau_syn) + a_in       or i ← a_in with delta synapses
    v ← α·v + i + bias − (1 − α)·w
    v ≥ v_threshold: a spike, s = 1, then v ← v − v_threshold or v ← v_reset
    w ← β·w + (1 − β)·a·v + b·s         with v from before the reset

These are the equations of Bittar and Garner 2022 (A surrogate gradient spiking baseline for speech
command recognition, Frontiers in Neuroscience 16), with their factor 1 − α of the input in the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikeloom.hdl.contract.neurons.adlif import COUPLING_BITS, COUPLING_SHIFT

from ..quantise.neurons import RoundedNeurons
from ..quantise.rounding import Floats
from .integrate_and_fire import IntegrateAndFire
from .neuron import numbers


@dataclass(frozen=True, eq=False, kw_only=True)
class AdLIF(IntegrateAndFire):
    """Leaky integrate and fire with an adaptive current.  Raises `InputError` for impossible values.

    Every number may be a scalar, or a list or array with one value for each neuron.  All neurons of a
    network are `AdLIF`, or none.

    Parameters
    ----------
    tau_mem : time constant of the membrane in seconds.
    tau_w : time constant of the adaptive current in seconds.
    a : how strongly the potential drives the adaptive current, at least 0: at a constant potential v
        the current becomes a·v.  (The authors' program has (1 − β)·a as its `a`.)
    b : what each spike adds to the adaptive current, at least 0, in the unit of potentials.
    reset : "subtract" the threshold from the potential, as in the paper, or to the "value" `v_reset`.
    tau_syn, v_threshold, v_rest, v_reset, refractory, bias : as for `IF`.
    """

    tau_mem: Any
    tau_w: Any
    a: Any = 0.0
    b: Any = 0.0
    reset: str = "subtract"

    model: ClassVar[str] = "adlif"

    def values(self) -> dict[str, Floats]:
        """All numbers by name."""
        return {
            **super().values(),
            "tau_mem": numbers("tau_mem", self.tau_mem, 0.0, infinite=True),
            "tau_w": numbers("tau_w", self.tau_w, 0.0, infinite=True),
            "a": numbers("a", self.a, 0.0),
            "b": numbers("b", self.b, 0.0),
        }

    @classmethod
    def strongest(cls, parameters: dict[str, Floats]) -> Floats:
        """No limit: the adaptive current may hold the potential at any depth."""
        return np.full(len(parameters["v_threshold"]), np.inf)

    @classmethod
    def _time_constants(cls, parameters: dict[str, Floats]) -> list[Floats]:
        taus = [parameters["tau_mem"], parameters["tau_w"]]
        return [*taus, *super()._time_constants(parameters)]

    @classmethod
    def round(cls, out: RoundedNeurons) -> None:
        """A core keeps (1 − α)·w, which is what the potential loses in a step."""
        for name in ("v_threshold", "v_reset", "bias"):
            out.potential(name)
        out.decay("tau_mem", "d_mem")
        cls._round_synapses(out)
        out.steps("refractory")
        lost, forgotten = (_lost(out.asked[tau], out.dt) for tau in ("tau_mem", "tau_w"))
        unit = lost * forgotten * (1 << COUPLING_SHIFT)
        out.number("a", "a", unit, (1 << COUPLING_BITS) - 1)
        out.number("b", "b", lost * out.scale, out.largest)
        out.decay("tau_w", "d_w")

    @classmethod
    def silent(cls, core: Any, integers: Any) -> bool:
        """Its adaptive current stays 0 where nothing drives the potential."""
        still = not core.bias or integers["bias"][0] == 0
        return bool(still and super().silent(core, integers))


def _lost(tau: Floats, dt: float) -> Floats:
    """What an exponential loses in a step, 1 − exp(−dt/tau)."""
    with np.errstate(divide="ignore"):
        return np.asarray(-np.expm1(-dt / tau))
