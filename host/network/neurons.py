"""The neurons of the model `lif` as a user describes them: IF and LIF, with or without synaptic currents.

In each time step of length `dt`, with `a` the sum of the weights whose sources fired:

    i ← i·exp(−dt/tau_syn) + a      or i ← a with delta synapses
    v ← leak(v) + i + bias          leak(v) = v·exp(−dt/tau_mem), or v less leak_step, or v
    v ≥ v_threshold: a spike, then v ← v_reset or v ← v − v_threshold

So a current is what is added to the potential per step.  docs/reference/semantics.md says the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import FitError, InputError

from ..quantise.arrays import choice
from ..quantise.holding import Purpose
from ..quantise.needs import HEADROOM
from ..quantise.neurons import RoundedNeurons
from ..quantise.reports import ErrorBounds, integrating_bounds
from ..quantise.rounding import Floats, Integers
from .integrate_and_fire import Bools, IntegrateAndFire, above_rest
from .neuron import Neuron, numbers, one_for_all

ADAPTIVE_HEADROOM = 16.0
"""Headroom where thresholds are adaptive: they rise until the neuron fires as it should."""
ADAPTIVE_STATE_BITS = 18
"""Width of the state that makes up for it, and which block multipliers still take."""


@dataclass(frozen=True, eq=False, kw_only=True)
class IF(IntegrateAndFire):
    """Integrate and fire: a potential without leak.  Raises `InputError` for impossible values.

    Every number may be a scalar, or a list or array with one value for each neuron.

    Parameters
    ----------
    tau_syn : None for delta synapses (the input of a step acts in that step only); or the time
        constant of the synaptic current in seconds; or a *tuple* (excitatory, inhibitory) of two,
        which gives positive and negative weights a current each.
    v_threshold : the neuron fires when its potential is at least this (`LI` has none).
    v_rest : potential at rest, where the neuron starts and to which it leaks, e.g. −65 in millivolts.
        `compile` shifts by it: in a core, potentials are counted from rest.
    reset : to the "value" `v_reset`, or "subtract" the threshold's height above rest.
    v_reset : potential after a spike, by default `v_rest`; only with reset="value".
    refractory : seconds after a spike in which the neuron does not fire, rounded to time steps.
    integrate_refractory : the potential integrates while refractory, instead of being held.
    bias : constant current, added to the potential in every step.
    threshold_increment : each spike raises the neuron's threshold by this (homeostasis); then give
        `tau_threshold`, in which it decays in seconds (inf: never), or `target_rate` in Hz: it
        sinks steadily, and so the neuron comes to fire at this rate.
    v_min : floor of the potential, at most `v_rest`: inhibition takes it no lower.  None: no floor.
    above : it fires above `v_threshold` only, and not at it, as in NIR and most simulators: the core's
        threshold is the next of its units.
    decay_rounding : currents and potentials decay to the "nearest" integer of the core; or
        "toward_zero", as Loihi's do.
    """

    integrate_refractory: bool = False
    threshold_increment: Any = None
    tau_threshold: Any = None
    target_rate: Any = None
    v_min: Any = None
    above: bool = False
    decay_rounding: str = "nearest"

    model: ClassVar[str] = "lif"
    potentials: ClassVar[tuple[str, ...]] = (
        *IntegrateAndFire.potentials, "threshold_increment",
    )  # fmt: skip
    _may_mix: ClassVar[str] = (
        "All neurons of one core share the leak (exponential or linear), the reset (value or "
        "subtract), decay_rounding and the adaptation (tau_threshold or target_rate), and those "
        "with a refractory period share integrate_refractory. IF may be mixed with LIF, delta with "
        "exponential synapses, and single time constants with pairs. Describe the populations "
        "alike, or compile them as two networks"
    )

    def __post_init__(self) -> None:
        choice("decay_rounding", self.decay_rounding, ("nearest", "toward_zero"))
        given = (self.tau_threshold is not None, self.target_rate is not None)
        if sum(given) != (self.threshold_increment is not None):
            raise InputError(
                "an adaptive threshold needs threshold_increment, and one of tau_threshold and "
                "target_rate; give both numbers, or none"
            )
        super().__post_init__()
        if np.any(self.values()["v_min"] > 0):
            raise InputError("v_min is above v_rest; give a floor of at most v_rest")

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

    def values(self) -> dict[str, Floats]:
        """No leak is tau_mem = inf and leak_step = 0; no adaptation is a threshold_increment of 0.

        The floor is counted from rest; none is −inf.
        """
        values = super().values()
        floor = np.full((), -np.inf)
        if self.v_min is not None:
            floor = above_rest("v_min", numbers("v_min", self.v_min), values["v_rest"])
        values |= {
            "v_min": floor,
            "readout": np.zeros(()),
            "above": np.full((), float(self.above)),
            "cut": np.full((), float(self.decay_rounding == "toward_zero")),
            "tau_mem": np.full((), np.inf),
            "leak_step": np.zeros(()),
            "threshold_increment": np.zeros(()),
            "tau_threshold": np.full((), np.inf),
            "target_rate": np.zeros(()),
        }
        if self.adaptation != "none":
            name = "threshold_increment"
            values[name] = numbers(name, self.threshold_increment, 0.0)
        if self.adaptation == "exponential":
            tau = numbers("tau_threshold", self.tau_threshold, 0.0, infinite=True)
            values["tau_threshold"] = tau
        elif self.adaptation == "rate":
            values["target_rate"] = numbers("target_rate", self.target_rate, 0.0)
        return values

    @classmethod
    def combine(cls, neurons: dict[str, Neuron]) -> dict[str, Any]:
        """No leak is a leak of 0, and no adaptation one by 0: so those mix, too."""
        described: dict[str, Any] = neurons
        leaks = {k: n.membrane for k, n in described.items() if n.membrane != "none"}
        adapting = {k: n.adaptation for k, n in described.items() if n.adaptation != "none"}
        waiting = {
            k: n.integrate_refractory
            for k, n in described.items()
            if np.any(np.asarray(n.refractory) > 0)
        }

        decaying = {
            k: n.decay_rounding
            for k, n in described.items()
            if n.membrane == "exponential" or n.synapse == "exponential"
        }

        def one(what: str, values: dict[str, Any], default: Any) -> Any:
            return one_for_all(what, values, default, cls._may_mix)

        return {
            **super().combine(neurons),
            "readouts": not all(n.fires for n in described.values()),
            "leak": one("leak", leaks, "none"),
            "adaptation": one("adaptation", adapting, "none"),
            "integrate_refractory": one("integrate_refractory", waiting, False),
            "decay_rounding": one("decay_rounding", decaying, "nearest"),
            "floor": any(n.v_min is not None for n in described.values()),
        }

    @classmethod
    def headroom(cls, options: dict[str, Any]) -> float:
        """More where thresholds rise."""
        return HEADROOM if options["adaptation"] == "none" else ADAPTIVE_HEADROOM

    @classmethod
    def state_bits(cls, options: dict[str, Any]) -> int | None:
        """More where thresholds rise."""
        return None if options["adaptation"] == "none" else ADAPTIVE_STATE_BITS

    @classmethod
    def whole(cls, parameters: dict[str, Floats]) -> Floats:
        """With a linear leak that ends, and a floor that there is."""
        unlimited = (parameters["leak_step"], parameters["v_min"])
        ends = [np.where(np.isfinite(x), x, 0.0) for x in unlimited]
        return np.vstack([super().whole(parameters), *ends])

    @classmethod
    def _plain(cls, parameters: dict[str, Floats]) -> Bools:
        return (parameters["threshold_increment"] == 0) & np.isinf(parameters["tau_mem"])

    @classmethod
    def strongest(cls, parameters: dict[str, Floats]) -> Floats:
        """No limit where the threshold adapts, to any height, and where there is none."""
        unlimited = (parameters["threshold_increment"] > 0) | (parameters["readout"] > 0)
        return np.where(unlimited, np.inf, super().strongest(parameters))

    @classmethod
    def error_bounds(
        cls, weights: Floats, rounded: Floats, out: RoundedNeurons, purpose: Purpose
    ) -> ErrorBounds:
        """From the rounding of weights, parameters and decays, step by step."""
        return integrating_bounds(
            weights, rounded, out.scale, out.asked, out.values, out.dt,
            subtract=purpose.subtract, integrates=purpose.integrates,
        )  # fmt: skip

    @classmethod
    def _time_constants(cls, parameters: dict[str, Floats]) -> list[Floats]:
        adapts = parameters["threshold_increment"] > 0
        return [
            parameters["tau_mem"],
            *super()._time_constants(parameters),
            np.where(adapts, parameters["tau_threshold"], 0.0),
        ]

    @classmethod
    def round(cls, out: RoundedNeurons) -> None:
        """All that the options of the model need."""
        for name in ("v_threshold", "v_reset", "bias"):
            out.potential(name)
        out.values["readout"] = out.asked["readout"].astype(np.int64)
        cls._round_threshold(out)
        out.lowest_potential("v_min")
        # A leak as large as the state's range forgets everything in one step, as any larger one would.
        out.limited_potential("leak_step", "leak")
        out.decay("tau_mem", "d_mem")
        cls._round_synapses(out)
        out.steps("refractory")

    @classmethod
    def _round_threshold(cls, out: RoundedNeurons) -> None:
        """The rate that a neuron aims at is th_dec / th_inc: it is kept, at the cost of the increment."""
        out.potential("threshold_increment", "th_inc", noted=False)
        asked, rate = out.asked["threshold_increment"], out.asked["target_rate"]
        share = rate * out.dt
        exact = out.values["th_inc"] * share
        _check_rate(out, exact, share)
        th_dec = np.rint(exact)
        with np.errstate(divide="ignore", invalid="ignore"):
            th_inc = np.where(share > 0, np.rint(th_dec / share), out.values["th_inc"])
            realised = np.where(th_inc > 0, th_dec / th_inc / out.dt, 0.0)
        out.values["th_inc"], out.values["th_dec"] = (
            th_inc.astype(np.int64),
            th_dec.astype(np.int64),
        )
        out.note("threshold_increment", "", asked, out.values["th_inc"] / out.scale)
        out.note("target_rate", "Hz", rate, realised)
        start = out.values["th_inc"]
        out.decay("tau_threshold", "d_th", start=start)

    @classmethod
    def complete(
        cls, options: dict[str, Any], integers: dict[str, Integers], dt: float
    ) -> dict[str, Any]:
        """Without a refractory period there is nothing to integrate in."""
        options = super().complete(options, integers, dt)
        integrates = bool(options["refractory_bits"] and options["integrate_refractory"])
        return {**options, "integrate_refractory": integrates}

    @classmethod
    def lacking(cls, options: dict[str, Any], core: CoreConfig) -> dict[str, Any]:
        """Any leak and any adaptation can be by 0, and any refractory period of no steps."""
        unused = {name for name in ("leak", "adaptation") if options[name] == "none"}
        if options["leak"] != "exponential" and options["synapse"] == "delta":
            unused.add("decay_rounding")
        if not options["refractory_bits"]:
            unused.add("integrate_refractory")
        changes = super().lacking(options, core)
        return {name: need for name, need in changes.items() if name not in unused}

    @classmethod
    def silent(cls, core: CoreConfig, integers: dict[str, Integers]) -> bool:
        """A threshold that sinks makes any neuron fire in the end; a read-out never does."""
        sinks = core.adaptation == "rate" and integers["th_dec"][0] > 0
        silent = super().silent(core, integers) and not sinks
        return silent or bool("readout" in integers and integers["readout"][0])


def _check_rate(out: RoundedNeurons, exact: Floats, share: Floats) -> None:
    """Raise `FitError` where a threshold would sink by less than 1 in a step, or faster than it rises."""
    bad = (share > 0) & ((exact < 0.5) | (share > 1))
    if not np.any(bad):
        return
    worst = int(np.argmax(bad))
    rate = out.asked["target_rate"][worst]
    if share[worst] > 1:
        raise FitError(
            f"target_rate is {rate:g} Hz, but there are only {1 / out.dt:g} steps in a "
            f"second; use at most {1 / out.dt:g} Hz, or a shorter dt"
        )
    raise FitError(
        f"threshold_increment {out.asked['threshold_increment'][worst]:g} is too fine for a "
        f"target_rate of {rate:g} Hz: in each step the threshold would sink by less than half a unit "
        f"of the state; use at least {0.501 / share[worst] / out.scale[worst]:.3g}, a longer dt, or "
        "more state_bits"
    )


@dataclass(frozen=True, eq=False)
class LIF(IF):
    """Leaky integrate and fire.  As `IF`, with a potential that leaks.

    Parameters
    ----------
    tau_mem : time constant of the membrane in seconds (inf: no leak); for the exponential leak.
    leak : "exponential", or "linear": towards 0 by a constant.
    leak_step : what the potential loses in each time step; only with leak="linear".

    Notes
    -----
    In each step of length dt, in this order, with `a` the sum of the weights whose sources fired:

        i ← i·exp(−dt/tau_syn) + a              or i ← a without tau_syn
        v ← v·exp(−dt/tau_mem) + i + bias       the input is *not* scaled by dt/tau_mem
        v ≥ v_threshold: a spike, and in the same step v ← v_reset, or v ← v − v_threshold

    Simulators that integrate tau·dv/dt = −v + w·x scale the input: multiply their weights and biases
    by dt/tau_mem (forward Euler; the NIR convention), or by 1 − exp(−dt/tau_mem) (exact for an input
    that is constant within a step).  Unscaled, the same numbers make a neuron fire far more often.
    The questions and answers compare more conventions.
    """

    tau_mem: Any = None
    leak: str = "exponential"
    leak_step: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.leak, str) or self.leak not in ("exponential", "linear"):
            raise InputError(
                f'leak is {self.leak!r}; choose "exponential" or "linear", or use IF for none'
            )
        needed, other = ("tau_mem", "leak_step")[:: 1 if self.leak == "exponential" else -1]
        if getattr(self, needed) is None or getattr(self, other) is not None:
            raise InputError(f'leak="{self.leak}" needs {needed}, and takes no {other}')
        super().__post_init__()

    @property
    def membrane(self) -> str:
        """How the potential leaks: "exponential" or "linear"."""
        return self.leak

    def values(self) -> dict[str, Floats]:
        """As `IF`'s, with the leak."""
        values = super().values()
        if self.leak == "exponential":
            values["tau_mem"] = numbers("tau_mem", self.tau_mem, 0.0, infinite=True)
        else:
            values["leak_step"] = numbers("leak_step", self.leak_step, 0.0, infinite=True)
        return values


@dataclass(frozen=True, eq=False)
class LI(LIF):
    """Leaky integrator: a read-out, which never fires, and whose potential is looked at.

    It may be mixed with `IF` and `LIF`.  With tau_mem = inf it adds up all that it is given.

    Parameters
    ----------
    tau_mem, leak, leak_step, tau_syn, bias, v_rest, v_min : as for `LIF`.
    """

    fires: ClassVar[bool] = False
    _NO_MEANING: ClassVar[tuple[str, ...]] = (
        "v_threshold", "v_reset", "reset", "refractory", "integrate_refractory",
        "threshold_increment", "tau_threshold", "target_rate", "above",
    )  # fmt: skip

    def __post_init__(self) -> None:
        for f in fields(self):
            if f.name in self._NO_MEANING and getattr(self, f.name) is not f.default:
                raise InputError(
                    f"{f.name} has no meaning in an LI, which does not fire; leave it out"
                )
        super().__post_init__()

    def values(self) -> dict[str, Floats]:
        """As `LIF`'s, with a threshold of 0 that counts for nothing."""
        return {**super().values(), "v_threshold": np.zeros(()), "readout": np.ones(())}
