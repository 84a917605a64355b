"""Which core a network needs: what its neurons have in common, and what a given core lacks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.core_config import clog2
from spikeloom.hdl.contract.errors import FitError

from ..network.network import Network
from ..quantise.core import Quantised
from ..quantise.rounding import Integers
from .wiring import Wiring

MAX_REFRACTORY_BITS = 8

_MAY_MIX = (
    "All neurons of one core share the leak (exponential or linear), the reset (value or "
    "subtract) and the adaptation (tau_threshold or target_rate), and those with a refractory "
    "period share integrate_refractory. IF may be mixed with LIF, delta with exponential "
    "synapses, and single time constants with pairs. Describe the populations "
    "alike, or compile them as two networks"
)

_AT_LEAST = (
    "neurons", "axons", "receptors", "refractory_bits", "bias", "delay_slots",
    "axonal_delay_slots", "route_entries",
)  # fmt: skip
"""Settings of which a core may have more than it needs."""


def common_model(network: Network) -> dict[str, Any]:
    """The neuron model that holds all populations, as settings of `CoreConfig`.

    A delta synapse is an exponential one with d_syn = 4096, no leak is a leak of 0, and one time
    constant is a pair of equal ones: so those mix.
    """
    neurons = {p.name: p.neuron for p in network.populations.values() if p.neuron is not None}

    def one(what: str, values: dict[str, Any], default: Any) -> Any:
        if len(set(values.values())) > 1:
            described = ", ".join(f"{name} has {value!r}" for name, value in values.items())
            raise FitError(f"one core has one {what}, but {described}. {_MAY_MIX}")
        return next(iter(values.values()), default)

    adapting = {k: n.adaptation for k, n in neurons.items() if n.adaptation != "none"}
    waiting = {k: n for k, n in neurons.items() if np.any(np.asarray(n.refractory) > 0)}
    leaking = {k: n for k, n in neurons.items() if n.membrane != "none"}
    exponential = any(n.synapse == "exponential" for n in neurons.values())
    return {
        "synapse": "exponential" if exponential else "delta",
        "receptors": max(n.receptors for n in neurons.values()),
        "leak": one("leak", {k: n.membrane for k, n in leaking.items()}, "none"),
        "adaptation": one("adaptation", adapting, "none"),
        "reset": one("reset", {k: n.reset for k, n in neurons.items()}, "value"),
        "integrate_refractory": one(
            "integrate_refractory", {k: n.integrate_refractory for k, n in waiting.items()}, False
        ),
    }


def needed_settings(
    model: dict[str, Any], result: Quantised, wiring: Wiring, dt: float
) -> dict[str, Any]:
    """Settings of the smallest core for a network: its model, and what of it is used."""
    longest = int(result.parameters["refractory"].max())
    bits = longest.bit_length()
    if bits > MAX_REFRACTORY_BITS:
        most = (1 << MAX_REFRACTORY_BITS) - 1
        raise FitError(
            f"a refractory period of {longest} steps is longer than a core can count ({most}); "
            f"use at most {most * dt:g} s, or a dt of at least {longest * dt / most:g} s"
        )
    return {
        **model,
        "integrate_refractory": bool(bits and model["integrate_refractory"]),
        "refractory_bits": bits,
        "bias": bool(np.any(result.parameters["bias"])),
        "delay_slots": _slots(wiring.delays),
        "axonal_delay_slots": _slots(wiring.destinations[:, 3]),
        "route_entries": 0 if wiring.routes is not None else len(wiring.destinations),
    }


def _slots(delays: Integers) -> int:
    """The least power of two that holds these delays."""
    return 1 << clog2(int(delays.max(initial=0)) + 1)


def uniform(core: CoreConfig, result: Quantised) -> bool:
    """Whether all neurons have the same parameters, so that a core can share them."""
    return all(np.ptp(result.parameters[f.name]) == 0 for f in core.layout.parameters)


def check_fit(core: CoreConfig, needs: dict[str, Any], result: Quantised, wiring: Wiring) -> None:
    """Raise a `FitError` with all that `core` lacks, and with settings that would fit."""
    axons, neurons = wiring.weights.shape
    needs = {"neurons": neurons, "axons": axons, **needs}
    changes: dict[str, Any] = {}
    for name in _AT_LEAST:
        if needs[name] > getattr(core, name):
            changes[name] = needs[name]
    if core.route_entries and len(wiring.destinations) > core.route_entries:
        changes["route_entries"] = len(wiring.destinations)
    if needs["synapse"] == "exponential" and core.synapse != "exponential":
        changes["synapse"] = "exponential"
    if needs["leak"] not in ("none", core.leak):
        changes["leak"] = needs["leak"]
    if needs["adaptation"] not in ("none", core.adaptation):
        changes["adaptation"] = needs["adaptation"]
    if needs["learning"] != core.learning:
        changes["learning"] = needs["learning"]
    if needs["reset"] != core.reset:
        changes["reset"] = needs["reset"]
    if needs["refractory_bits"] and needs["integrate_refractory"] != core.integrate_refractory:
        changes["integrate_refractory"] = needs["integrate_refractory"]

    fitting = dataclasses.replace(core, **changes)
    if core.parameters == "shared" and not (
        uniform(fitting, result)
        and (fitting.neurons == neurons or silent_alone(result.parameters, fitting))
    ):
        changes["parameters"] = "per_neuron"
    if changes:
        lacks = "; ".join(
            f"{name}: needs {value!r}, the core has {getattr(core, name)!r}"
            + (f" ({value - getattr(core, name)} too few)" if name in ("neurons", "axons") else "")
            for name, value in changes.items()
        )
        settings = ", ".join(f"{name}={value!r}" for name, value in changes.items())
        raise FitError(
            f"the network does not fit the configuration: {lacks}. "
            f"It would fit with dataclasses.replace(config, {settings})"
        )


def silent_alone(parameters: dict[str, Integers], core: CoreConfig) -> bool:
    """Whether a padding neuron, with these shared parameters and no input, never fires."""
    still = not core.bias or parameters["bias"][0] <= 0
    # A threshold that sinks makes any neuron fire in the end.
    sinks = core.adaptation == "rate" and parameters["th_dec"][0] > 0
    return bool(parameters["v_threshold"][0] > 0 and still and not sinks)
