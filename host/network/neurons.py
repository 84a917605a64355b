"""Neuron models as a user describes them: IF and LIF, with or without synaptic currents.

Times are in seconds; potentials, currents, weights and thresholds share one unit of the user's
choice.  In each time step of length `dt`, with `a` the sum of the weights whose sources fired:

    i ← i·exp(−dt/tau_syn) + a      or i ← a with delta synapses
    v ← leak(v) + i + bias          leak(v) = v·exp(−dt/tau_mem), or v less leak_step, or v
    v ≥ v_threshold: a spike, then v ← v_reset or v ← v − v_threshold

So a current is what is added to the potential per step.  docs/reference/semantics.md says the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import InputError

from ..quantise.rounding import Floats


def _numbers(name: str, value: Any, low: float = -np.inf, *, infinite: bool = False) -> Floats:
    """`value` as a scalar or (size,) array of floats, at least `low`."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} is {value!r}; give a number, or one for each neuron") from None
    if array.ndim > 1:
        raise InputError(f"{name} has shape {array.shape}; give a number, or one for each neuron")
    good = (array >= low) & (np.isfinite(array) | (infinite & (array > 0)))
    if not np.all(good):
        bad = float(array[~good][0]) if array.ndim else float(array)
        bound = "" if low == -np.inf else f" of at least {low:g}"
        raise InputError(f"{name} is {bad:g}; give {'' if infinite else 'finite '}numbers{bound}")
    return array


@dataclass(frozen=True, eq=False, kw_only=True)
class IF:
    """Integrate and fire: a potential without leak.  Raises `InputError` for impossible values.

    Every number may be a scalar, or a list or array with one value for each neuron.

    Parameters
    ----------
    tau_syn : None for delta synapses (the input of a step acts in that step only); or the time
        constant of the synaptic current in seconds; or a *tuple* (excitatory, inhibitory) of two,
        which gives positive and negative weights a current each.
    v_threshold : the neuron fires when its potential is at least this.
    reset : to the "value" `v_reset`, or "subtract" the threshold from the potential.
    v_reset : potential after a spike; only with reset="value".
    refractory : seconds after a spike in which the neuron does not fire, rounded to time steps.
    integrate_refractory : the potential integrates while refractory, instead of being held.
    bias : constant current, added to the potential in every step.
    threshold_increment : each spike raises the neuron's threshold by this (homeostasis); then give
        `tau_threshold`, in which it decays in seconds (inf: never), or `target_rate` in Hz: it
        sinks steadily, and so the neuron comes to fire at this rate.
    """

    tau_syn: Any = None
    v_threshold: Any = 1.0
    v_reset: Any = 0.0
    reset: str = "value"
    refractory: Any = 0.0
    integrate_refractory: bool = False
    bias: Any = 0.0
    threshold_increment: Any = None
    tau_threshold: Any = None
    target_rate: Any = None

    def __post_init__(self) -> None:
        given = (self.tau_threshold is not None, self.target_rate is not None)
        if sum(given) != (self.threshold_increment is not None):
            raise InputError(
                "an adaptive threshold needs threshold_increment, and one of tau_threshold and "
                "target_rate; give both numbers, or none"
            )
        if self.reset not in ("value", "subtract"):
            raise InputError(f'reset is {self.reset!r}; choose "value" or "subtract"')
        if self.receptors == 2 and len(self.tau_syn) != 2:
            raise InputError(
                f"tau_syn is a tuple of {len(self.tau_syn)}; give a pair (excitatory, inhibitory), "
                "or a list for one time constant for each neuron"
            )
        threshold = _numbers("v_threshold", self.v_threshold)
        v_reset = _numbers("v_reset", self.v_reset)
        if self.reset == "subtract" and np.any(v_reset != 0):
            raise InputError('v_reset has no meaning with reset="subtract"; leave it out')
        if self.reset == "subtract" and np.any(threshold <= 0):
            raise InputError('reset="subtract" needs a positive v_threshold')
        self._values()

    @property
    def receptors(self) -> int:
        """2 when excitatory and inhibitory currents are separate, else 1."""
        return 2 if isinstance(self.tau_syn, tuple) else 1

    @property
    def synapse(self) -> str:
        """What an input does: "exponential" or "delta"."""
        return "delta" if self.tau_syn is None else "exponential"

    @property
    def membrane(self) -> str:
        """How the potential leaks: "exponential", "linear" or "none"."""
        return "none"

    @property
    def adaptation(self) -> str:
        """What the threshold does: "none", "exponential" or "rate"."""
        if self.threshold_increment is None:
            return "none"
        return "exponential" if self.target_rate is None else "rate"

    def _values(self) -> dict[str, Floats]:
        if self.tau_syn is None:
            tau_exc = tau_inh = np.zeros(())
        else:
            pair = self.tau_syn if isinstance(self.tau_syn, tuple) else (self.tau_syn,) * 2
            tau_exc, tau_inh = (_numbers("tau_syn", tau, 0.0, infinite=True) for tau in pair)
        return {
            "v_threshold": _numbers("v_threshold", self.v_threshold),
            "v_reset": _numbers("v_reset", self.v_reset),
            "bias": _numbers("bias", self.bias),
            "refractory": _numbers("refractory", self.refractory, 0.0),
            "tau_exc": tau_exc,
            "tau_inh": tau_inh,
            "tau_mem": np.full((), np.inf),
            "leak_step": np.zeros(()),
            **self._threshold_values(),
        }

    def _threshold_values(self) -> dict[str, Floats]:
        values = {
            "threshold_increment": np.zeros(()),
            "tau_threshold": np.full((), np.inf),
            "target_rate": np.zeros(()),
        }
        if self.adaptation != "none":
            name = "threshold_increment"
            values[name] = _numbers(name, self.threshold_increment, 0.0)
        if self.adaptation == "exponential":
            tau = _numbers("tau_threshold", self.tau_threshold, 0.0, infinite=True)
            values["tau_threshold"] = tau
        elif self.adaptation == "rate":
            values["target_rate"] = _numbers("target_rate", self.target_rate, 0.0)
        return values

    def parameters(self, size: int) -> dict[str, Floats]:
        """(size,) values by name: v_threshold, v_reset, bias, refractory, tau_exc, tau_inh, …

        A delta synapse has the time constant 0; no leak is tau_mem = inf and leak_step = 0.
        """
        values = self._values()
        for name, array in values.items():
            if array.ndim and len(array) != size:
                raise InputError(
                    f"{name} has {len(array)} values for {size} neurons; "
                    f"give one number, or {size} of them"
                )
        return {name: np.array(np.broadcast_to(array, (size,))) for name, array in values.items()}


@dataclass(frozen=True, eq=False)
class LIF(IF):
    """Leaky integrate and fire.  As `IF`, with a potential that leaks.

    Parameters
    ----------
    tau_mem : time constant of the membrane in seconds (inf: no leak); for the exponential leak.
    leak : "exponential", or "linear": towards 0 by a constant.
    leak_step : what the potential loses in each time step; only with leak="linear".
    """

    tau_mem: Any = None
    leak: str = "exponential"
    leak_step: Any = None

    def __post_init__(self) -> None:
        if self.leak not in ("exponential", "linear"):
            raise InputError(
                f'leak is {self.leak!r}; choose "exponential" or "linear", or use IF for none'
            )
        wanted, other = ("tau_mem", "leak_step")[:: 1 if self.leak == "exponential" else -1]
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise InputError(f'leak="{self.leak}" needs {wanted}, and takes no {other}')
        super().__post_init__()

    @property
    def membrane(self) -> str:
        """How the potential leaks: "exponential" or "linear"."""
        return self.leak

    def _values(self) -> dict[str, Floats]:
        values = super()._values()
        if self.leak == "exponential":
            values["tau_mem"] = _numbers("tau_mem", self.tau_mem, 0.0, infinite=True)
        else:
            values["leak_step"] = _numbers("leak_step", self.leak_step, 0.0, infinite=True)
        return values
