"""What integrate-and-fire neurons have in common: synaptic currents, threshold, reset, bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import FitError, InputError
from spikeloom.hdl.contract.neurons import find_neuron

from ..quantise.arrays import choice
from ..quantise.holding import Purpose
from ..quantise.needs import STRONG, Needs, integrating_needs
from ..quantise.neurons import RoundedNeurons
from ..quantise.rounding import Floats, Integers
from .neuron import Neuron, numbers, one_for_all

_AT_LEAST = ("receptors", "refractory_bits", "bias", "floor", "readouts")
"""Options of which a core may have more than its neurons need."""


Bools = NDArray[np.bool_]


def above_rest(name: str, values: Floats, rest: Floats) -> Floats:
    """Potentials counted from rest."""
    if values.ndim and rest.ndim and len(values) != len(rest):
        raise InputError(
            f"{name} has {len(values)} values and v_rest {len(rest)}; give one for each neuron"
        )
    return np.asarray(values - rest)


@dataclass(frozen=True, eq=False, kw_only=True)
class IntegrateAndFire(Neuron):
    """A potential that integrates currents, and is reset when it reaches a threshold.

    Parameters
    ----------
    tau_syn : None for delta synapses (the input of a step acts in that step only); or the time
        constant of the synaptic current in seconds; or a *tuple* (excitatory, inhibitory) of two,
        which gives positive and negative weights a current each.
    v_threshold : the neuron fires when its potential is at least this.
    v_rest : potential at rest, where the neuron starts and to which it leaks, e.g. −65 in millivolts.
        `compile` shifts by it: in a core, potentials are counted from rest.
    reset : to the "value" `v_reset`, or "subtract" the threshold's height above rest.
    v_reset : potential after a spike, by default `v_rest`; only with reset="value".
    refractory : seconds after a spike in which the neuron does not fire, rounded to time steps.
    bias : constant current, added to the potential in every step.
    """

    tau_syn: Any = None
    v_threshold: Any = 1.0
    v_reset: Any = None
    reset: str = "value"
    refractory: Any = 0.0
    bias: Any = 0.0
    v_rest: Any = 0.0

    potentials: ClassVar[tuple[str, ...]] = ("v_threshold", "v_reset", "bias")
    fires: ClassVar[bool] = True
    """Whether they have a threshold."""
    _may_mix: ClassVar[str] = ""
    """Advice for populations that one core cannot mix."""

    def __post_init__(self) -> None:
        choice("reset", self.reset, ("value", "subtract"))
        if self.receptors == 2 and len(self.tau_syn) != 2:
            raise InputError(
                f"tau_syn is a tuple of {len(self.tau_syn)}; give a pair (excitatory, inhibitory), "
                "or a list for one time constant for each neuron"
            )
        super().__post_init__()
        values = self.values()
        if self.reset == "subtract" and np.any(values["v_reset"] != 0):
            raise InputError('v_reset has no meaning with reset="subtract"; leave it out')
        if self.reset == "subtract" and np.any(values["v_threshold"] <= 0):
            raise InputError('reset="subtract" needs a positive v_threshold, above v_rest')

    @property
    def receptors(self) -> int:
        """2 when excitatory and inhibitory currents are separate, else 1."""
        return 2 if isinstance(self.tau_syn, tuple) else 1

    @property
    def synapse(self) -> str:
        """What an input does: "exponential" or "delta"."""
        return "delta" if self.tau_syn is None else "exponential"

    def values(self) -> dict[str, Floats]:
        """Threshold and reset are counted from rest; a delta synapse has the time constants 0."""
        if self.tau_syn is None:
            tau_exc = tau_inh = np.zeros(())
        else:
            pair = self.tau_syn if isinstance(self.tau_syn, tuple) else (self.tau_syn,) * 2
            tau_exc, tau_inh = (numbers("tau_syn", tau, 0.0, infinite=True) for tau in pair)
        rest = numbers("v_rest", self.v_rest)
        reset = rest if self.v_reset is None else numbers("v_reset", self.v_reset)
        return {
            "v_threshold": above_rest(
                "v_threshold", numbers("v_threshold", self.v_threshold), rest
            ),
            "v_reset": above_rest("v_reset", reset, rest),
            "v_rest": rest,
            "bias": numbers("bias", self.bias),
            "refractory": numbers("refractory", self.refractory, 0.0),
            "tau_exc": tau_exc,
            "tau_inh": tau_inh,
        }

    @classmethod
    def combine(cls, neurons: dict[str, Neuron]) -> dict[str, Any]:
        """A delta synapse is an exponential one with d_syn = 4096, and one time constant is a pair of
        equal ones: so those mix.
        """
        described: dict[str, Any] = neurons
        exponential = any(n.synapse == "exponential" for n in described.values())
        resets = {k: n.reset for k, n in described.items() if n.fires}
        return {
            "synapse": "exponential" if exponential else "delta",
            "receptors": max(n.receptors for n in described.values()),
            "reset": one_for_all("reset", resets, "value", cls._may_mix),
        }

    @classmethod
    def memory(cls, parameters: dict[str, Floats], dt: float) -> Floats:
        """The time constants that end, one after the other."""
        taus = cls._time_constants(parameters)
        return np.asarray(np.sum(np.where(np.isinf(taus), 0.0, taus), axis=0) / dt)

    @classmethod
    def needs(
        cls, weights: Floats, parameters: dict[str, Floats], dt: float, purpose: Purpose
    ) -> Needs:
        """Room for inhibition as far as currents and membrane add it up."""
        general = super().needs(weights, parameters, dt, purpose)
        never = np.full(len(general.peak), np.inf)
        return integrating_needs(
            weights, {"tau_mem": never, **parameters}, general, dt, plain=cls._plain(parameters),
            subtract=purpose.subtract,
        )  # fmt: skip

    @classmethod
    def _plain(cls, parameters: dict[str, Floats]) -> Bools:
        """(N,) which neurons have neither a leak that rounds nor anything that adapts."""
        return np.zeros(len(parameters["v_threshold"]), dtype=bool)

    @classmethod
    def strongest(cls, parameters: dict[str, Floats]) -> Floats:
        """So many times what lies between reset, rest and threshold; no limit where there is nothing."""
        threshold, reset = parameters["v_threshold"], parameters["v_reset"]
        levels = [threshold, reset, threshold - reset, parameters["bias"]]
        reference = np.abs(levels).max(axis=0)
        return np.where(reference > 0, STRONG * reference, np.inf)

    @classmethod
    def _time_constants(cls, parameters: dict[str, Floats]) -> list[Floats]:
        return [np.maximum(parameters["tau_exc"], parameters["tau_inh"])]

    @classmethod
    def _round_synapses(cls, out: RoundedNeurons) -> None:
        """Decay constants; one is reported where all neurons have the same for both receptors."""
        single = np.array_equal(out.asked["tau_exc"], out.asked["tau_inh"])
        out.decay("tau_exc", "d_syn_exc", label="tau_syn" if single else "tau_exc")
        out.decay("tau_inh", "d_syn_inh", noted=not single)
        out.values["d_syn"] = out.values["d_syn_exc"]

    @classmethod
    def complete(
        cls, options: dict[str, Any], integers: dict[str, Integers], dt: float
    ) -> dict[str, Any]:
        """A refractory period of so many bits, and a bias, where a neuron has one."""
        longest = int(integers["refractory"].max())
        bits = longest.bit_length()
        most_bits = find_neuron(cls.model).options["refractory_bits"][-1]
        if bits > most_bits:
            most = (1 << most_bits) - 1
            raise FitError(
                f"a refractory period of {longest} steps is longer than a core can count ({most}); "
                f"use at most {most * dt:g} s, or a dt of at least {longest * dt / most:g} s"
            )
        return {**options, "refractory_bits": bits, "bias": bool(np.any(integers["bias"]))}

    @classmethod
    def lacking(cls, options: dict[str, Any], core: CoreConfig) -> dict[str, Any]:
        """A core may have more than its neurons need."""

        def fits(name: str, need: Any) -> bool:
            has = core.option(name)
            if name in _AT_LEAST:
                return bool(has >= need)
            return has == need or (name == "synapse" and need == "delta")

        return {name: need for name, need in options.items() if not fits(name, need)}

    @classmethod
    def silent(cls, core: CoreConfig, integers: dict[str, Integers]) -> bool:
        """Its potential stays where it is, or sinks."""
        still = not core.bias or integers["bias"][0] <= 0
        return bool(integers["v_threshold"][0] > 0 and still)
