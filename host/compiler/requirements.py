"""Which core a network needs: what its neurons have in common, and what a given core lacks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.core_config import MAX_MONITORS, clog2, neuron_settings
from spikeloom.hdl.contract.errors import FitError

from ..network.network import Network
from ..quantise.core import Quantised
from ..quantise.rounding import Integers
from .wiring import Wiring

_AT_LEAST = ("neurons", "axons", "delay_slots", "axonal_delay_slots", "route_entries")
"""Settings of which a core may have more than it needs."""


def common_options(network: Network, wiring: Wiring) -> dict[str, Any]:
    """Options of the neuron model that hold all populations, by name."""
    populations = network.populations.values()
    return wiring.neuron.combine({p.name: p.neuron for p in populations if p.neuron is not None})


def needed_settings(options: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """Settings of the smallest core for a network: its neuron model, and what of it is used."""
    return {
        "neuron_model": wiring.neuron.model,
        **neuron_settings(options),
        "delay_slots": _slots(wiring.delays),
        "axonal_delay_slots": _slots(wiring.destinations[:, 3]),
        "route_entries": 0 if wiring.routes is not None else len(wiring.destinations),
    }


def useful_monitors(core: CoreConfig, wiring: Wiring) -> int:
    """Slots in which all read-outs can be watched together, if a core can have so many."""
    readouts = int(np.sum(wiring.parameters.get("readout", 0)))
    return max(core.monitors, readouts if readouts <= MAX_MONITORS else 0)


def _slots(delays: Integers) -> int:
    """The least power of two that holds these delays."""
    return 1 << clog2(int(delays.max(initial=0)) + 1)


def uniform(core: CoreConfig, result: Quantised) -> bool:
    """Whether all neurons have the same parameters, so that a core can share them."""
    return all(np.ptp(result.parameters[f.name]) == 0 for f in core.layout.parameters)


def check_fit(
    core: CoreConfig,
    options: dict[str, Any],
    learning: LearningConfig | None,
    result: Quantised,
    wiring: Wiring,
) -> None:
    """Raise a `FitError` with all that `core` lacks, and with settings that would fit."""
    neuron = wiring.neuron
    if core.neuron_model != neuron.model:
        raise FitError(
            f"the core's neuron model is {core.neuron_model!r}, the network's is {neuron.model!r}; "
            "compile for another core, or describe the populations otherwise"
        )
    axons, neurons = wiring.weights.shape
    needs = {"neurons": neurons, "axons": axons, **needed_settings(options, wiring)}
    changes = {name: needs[name] for name in _AT_LEAST if needs[name] > getattr(core, name)}
    if core.route_entries and len(wiring.destinations) > core.route_entries:
        changes["route_entries"] = len(wiring.destinations)
    changes |= neuron_settings(neuron.lacking(options, core), core)
    if learning != core.learning:
        changes["learning"] = learning

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
    """Whether a padding neuron, with these shared parameters and no input, surely never fires."""
    neuron = core.model.part("neuron")
    return neuron is not None and neuron.silent(core, parameters)
