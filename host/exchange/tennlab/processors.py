"""What each processor means by the values of nodes and edges.

RISP (framework-open): in each step a neuron adds what arrives, fires when its potential is at least
the threshold (with `threshold_inclusive` false: above it), and is 0 then; it keeps its potential, or
none of it with leak; a spike arrives `Delay` steps later.  Only neurons at which something arrives
are looked at.  `min_potential` is a floor after each step.  VRISP looks at all neurons.
casPYan looks first, whether a potential is above the threshold, and then adds what arrives: a spike
acts `Delay + 1` steps later, and so does an input of `Delay` 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import ForeignNetworkError, shown

from ...quantise.rounding import Floats, Integers
from .document import Document

_RISP_EXCLUSIVE = 1e-7
"""What RISP adds to thresholds that a potential must be above, when numbers are not discrete."""
_CASPIAN_INPUT = 255.0
"""What an input spike of value 1 is."""


@dataclass(frozen=True, eq=False)
class Meaning:
    """N neurons and E synapses in the terms of a core.

    Attributes
    ----------
    thresholds : (N,) what a potential must reach, or be above.
    above : (N,) bool, whether above.
    forgets : (N,) bool, which keep nothing of their potential.
    floor : of all potentials; −inf for none.
    weights, steps : (E,) of the synapses.
    input_value : what an input spike adds.
    input_steps : how much later an input spike acts.
    notes : what else was recognised, in sentences.
    """

    thresholds: Floats
    above: NDArray[np.bool_]
    forgets: NDArray[np.bool_]
    floor: float
    weights: Floats
    steps: Integers
    input_value: float
    input_steps: int = 0
    notes: tuple[str, ...] = ()


def meaning_of(
    document: Document, processor: str | None, params: Mapping[str, Any] | None
) -> tuple[str, Meaning]:
    """Name of the processor, as given or as the file says, and what it means."""
    name = processor or _recognised(document)
    if name not in PROCESSORS:
        raise ForeignNetworkError(
            f"the network is for the processor {name!r}, of which no step is known here; known are "
            f"{', '.join(PROCESSORS)}"
        )
    found = document.data.get("proc_params", {}) if params is None else params
    if not isinstance(found, Mapping):
        raise ForeignNetworkError(f"proc_params are {shown(found)}; give an object")
    _check_encoders(document.data.get("encoder_array"))
    return name, PROCESSORS[name](document, found)


def _recognised(document: Document) -> str:
    other = document.data.get("other", {})
    name = other.get("proc_name") if isinstance(other, Mapping) else None
    if name:
        return str(name).lower()
    if isinstance(document.data.get("processor"), Mapping) and "Delay" in document.node_values:
        return "caspian"
    raise ForeignNetworkError(
        "the network does not say for which processor it is (Associated_Data, other, proc_name); "
        f"give processor=, one of {', '.join(PROCESSORS)}"
    )


def _check_encoders(encoders: Any) -> None:
    """Raise an error where inputs are not spikes but values."""
    if not isinstance(encoders, Mapping):
        return
    named = encoders.get("named_encoders", {})
    used = [*encoders.get("encoders", []), *(named.values() if isinstance(named, Mapping) else [])]
    for encoder in used:
        if encoder == "val" or (isinstance(encoder, Mapping) and "val" in encoder):
            raise ForeignNetworkError(
                'its encoder_array has the encoder "val", which gives an input spike the value of '
                "the input, 0…1; a core's input spikes have one value. Encode by rate or time"
            )


def _column(document: Document, kind: str, name: str) -> Floats:
    values = document.node_values if kind == "node" else document.edge_values
    if name not in values:
        raise ForeignNetworkError(
            f"the {kind}s have no property {name!r}; they have {', '.join(values) or 'none'}"
        )
    return values[name]


def _steps(document: Document, least: int) -> Integers:
    delays = _column(document, "edge", "Delay")
    for k in np.flatnonzero((delays < least) | (delays % 1 != 0))[:1]:
        raise ForeignNetworkError(
            f"the Delay of {document.edge(k)} is {delays[k]:g}; give a number of steps from {least}",
            document.edge(k),
        )
    return delays.astype(np.int64)


def _number(params: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ForeignNetworkError(
            f"the parameter {name} of the processor is {shown(value)}; give a number"
        )
    return float(value)


def _flag(params: Mapping[str, Any], name: str, default: bool | None = None) -> bool:
    value = params.get(name, default)
    if not isinstance(value, bool):
        raise ForeignNetworkError(
            f"the parameter {name} of the processor is {shown(value)}; give true or false"
        )
    return value


def _risp(document: Document, params: Mapping[str, Any]) -> Meaning:
    meaning = _risp_numbers(document, params)
    low = meaning.thresholds + np.where(meaning.above, np.finfo(float).smallest_normal, 0.0)
    for k in np.flatnonzero(low <= 0)[:1]:
        raise ForeignNetworkError(
            f"the Threshold of {document.node(k)} is {meaning.thresholds[k]:g}: RISP lets it fire "
            "whenever something arrives, whatever its potential, and not otherwise; a core's neuron "
            "would fire in every step. Use a threshold above 0",
            document.node(k),
        )
    return meaning


def _vrisp(document: Document, params: Mapping[str, Any]) -> Meaning:
    return _risp_numbers(document, params)


def _risp_numbers(document: Document, params: Mapping[str, Any]) -> Meaning:
    if not params:
        raise ForeignNetworkError(
            "the network has no parameters of the processor (Associated_Data, proc_params), which "
            "say how neurons leak and fire; give params="
        )
    _check_noise(params)
    discrete = _flag(params, "discrete")
    floor = _number(params, "min_potential")
    if floor > 0:
        raise ForeignNetworkError(f"min_potential is {floor:g}; RISP has none above 0")
    thresholds = _column(document, "node", "Threshold").copy()
    inclusive = _flag(params, "threshold_inclusive", True)
    if not inclusive and discrete:
        thresholds += 1
    elif not inclusive:
        thresholds += _RISP_EXCLUSIVE
    weights, input_value = _risp_weights(document, params, discrete)
    notes = []
    if _flag(params, "fire_like_ravens", False):
        notes.append("fire_like_ravens: RISP reports spikes a step later than they are here")
    count = len(thresholds)
    mode = params.get("leak_mode", "none")
    if mode not in ("none", "all", "configurable"):
        raise ForeignNetworkError(
            f"leak_mode is {shown(mode)}; RISP has none, all and configurable"
        )
    forgets = np.full(count, mode == "all")
    if mode == "configurable":
        forgets = _column(document, "node", "Leak") != 0
    return Meaning(
        thresholds,
        np.zeros(count, dtype=bool),
        forgets,
        floor,
        weights,
        _steps(document, 1),
        input_value,
        notes=tuple(notes),
    )


def _check_noise(params: Mapping[str, Any]) -> None:
    stds = params.get("stds", [])
    noisy = isinstance(stds, list | tuple) and any(stds)
    if noisy or _number(params, "noisy_stddev", 0.0):
        raise ForeignNetworkError(
            "noisy_stddev and stds add noise to every weight when a spike passes, which a core does "
            "not have; set them to 0"
        )


def _risp_weights(
    document: Document, params: Mapping[str, Any], discrete: bool
) -> tuple[Floats, float]:
    """Weights of the edges, and of an input spike of value 1."""
    weights = _column(document, "edge", "Weight")
    given = params.get("weights") or []
    if not given:
        factor = _number(params, "spike_value_factor", params.get("max_weight"))
        return weights, float(np.floor(factor)) if discrete else factor
    table = [_number({"weights": w}, "weights") for w in given]
    for k in np.flatnonzero((weights < 0) | (weights >= len(table)))[:1]:
        raise ForeignNetworkError(
            f"the Weight of {document.edge(k)} is {weights[k]:g}, which is an index of the "
            f"processor's {len(table)} weights; give 0…{len(table) - 1}",
            document.edge(k),
        )
    chosen = np.array(table)[weights.astype(np.int64)]
    if _flag(params, "inputs_from_weights"):
        return chosen, table[-1]
    factor = _number(params, "spike_value_factor")
    return chosen, float(np.floor(factor)) if discrete else factor


def _caspian(document: Document, params: Mapping[str, Any]) -> Meaning:
    thresholds = _column(document, "node", "Threshold")
    leaks = document.node_values.get("Leak", np.full(len(thresholds), -1.0))
    for k in np.flatnonzero(leaks != -1)[:1]:
        raise ForeignNetworkError(
            f"the Leak of {document.node(k)} is {leaks[k]:g}: its potential decays by "
            f"2^(−1/2^{leaks[k]:g}) in a step and is cut to an integer, where a core rounds to the "
            "nearest; that is not exact. Use −1, no leak",
            document.node(k),
        )
    axons = document.node_values.get("Delay", np.zeros(len(thresholds)))
    for k in np.flatnonzero(axons != 0)[:1]:
        raise ForeignNetworkError(
            f"the Delay of {document.node(k)} is {axons[k]:g}: casPYan ignores delays of nodes, and "
            "Caspian does not. Use 0, and add it to the delays of its edges",
            document.node(k),
        )
    for k in np.flatnonzero(thresholds < 0)[:1]:
        raise ForeignNetworkError(
            f"the Threshold of {document.node(k)} is {thresholds[k]:g}; give at least 0",
            document.node(k),
        )
    count = len(thresholds)
    return Meaning(
        thresholds,
        np.ones(count, dtype=bool),
        np.zeros(count, dtype=bool),
        -np.inf,
        _column(document, "edge", "Weight"),
        _steps(document, 0) + 1,
        _CASPIAN_INPUT,
        input_steps=1,
        notes=(
            "the steps are those of casPYan: an input spike makes a neuron fire a step later, and "
            "an edge adds a step to its Delay",
        ),
    )


PROCESSORS: dict[str, Callable[[Document, Mapping[str, Any]], Meaning]] = {
    "risp": _risp,
    "vrisp": _vrisp,
    "caspian": _caspian,
}
"""What the networks of each processor mean, by its name."""
