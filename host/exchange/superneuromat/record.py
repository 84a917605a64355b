"""What a SuperNeuroMAT network holds, from its object or its JSON, checked.

SuperNeuroMAT is not needed for either.  JSON has arrays as lists, or as their bytes in base64 or
base85; `Infinity` stands in it as such.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b85decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import ForeignNetworkError, shown

from ...quantise.rounding import Floats
from ..json_text import json_object

_NEURONS = {
    "threshold": "neuron_thresholds",
    "leak": "neuron_leaks",
    "reset_state": "neuron_reset_states",
    "state": "neuron_states",
    "refractory_period": "neuron_refractory_periods",
    "refractory_state": "neuron_refractory_periods_state",
}
_SYNAPSES = {
    "pre": "pre_synaptic_neuron_ids",
    "post": "post_synaptic_neuron_ids",
    "weight": "synaptic_weights",
    "delay": "synaptic_delays",
    "stdp": "enable_stdp",
}
_INFINITE = ("threshold", "leak")
_DECODERS: dict[str, Callable[[str], bytes]] = {
    "base64": lambda text: b64decode(text, validate=True),
    "base85": b85decode,
}


@dataclass(frozen=True, eq=False)
class Stdp:
    """Its learning: what synapses change by in every step, for each lag of the sender's spike.

    Attributes
    ----------
    positive, negative : (lags,) what a pair of spikes at this lag adds, and what no pair does.
    """

    positive: Floats
    negative: Floats


@dataclass(frozen=True, eq=False)
class Record:
    """N neurons and S synapses.

    Attributes
    ----------
    neurons : (N,) floats by name: threshold, leak, reset_state, state, refractory_period,
        refractory_state.
    synapses : (S,) floats by name: pre, post, weight, delay, stdp.
    spikes : (t, neuron, value) of queued input spikes, in order.
    history : (steps, N) bool, its spikes so far; the last row is still on its way.
    stdp : its learning, if a synapse learns.
    """

    neurons: dict[str, Floats]
    synapses: dict[str, Floats]
    spikes: tuple[tuple[int, int, float], ...]
    history: NDArray[np.bool_]
    stdp: Stdp | None

    @property
    def size(self) -> int:
        """Number of neurons, hidden ones included."""
        return len(self.neurons["threshold"])

    def synapse_name(self, k: int) -> str:
        """For messages."""
        pre, post = int(self.synapses["pre"][k]), int(self.synapses["post"][k])
        return f"synapse {k} ({pre} → {post})"


def read_record(source: Any, net_id: int | str = 0) -> Record:
    """Read an `SNN`, a JSON file, or what was read from one.

    Raises
    ------
    ForeignNetworkError : anything else, and values that no network of SuperNeuroMAT has.
    """
    if all(hasattr(source, name) for name in ("neuron_thresholds", "synaptic_weights")):
        data: dict[str, Any] = {
            name: getattr(source, name)
            for name in (
                *_NEURONS.values(), *_SYNAPSES.values(), "input_spikes", "spike_train", "stdp",
                "apos", "aneg", "stdp_positive_update", "stdp_negative_update",
            )
            if hasattr(source, name)
        }  # fmt: skip
    else:
        data = _network_data(json_object(source, "a SuperNeuroMAT network"), net_id)
    neurons = _columns(data, _NEURONS, "neuron")
    synapses = _columns(data, _SYNAPSES, "synapse")
    size = len(neurons["threshold"])
    if not size:
        raise ForeignNetworkError("the SuperNeuroMAT network has no neurons; create some first")
    _check_neurons(neurons)
    _check_synapses(synapses, size)
    return Record(
        neurons,
        synapses,
        tuple(_spikes(data.get("input_spikes", {}), size)),
        _history(data.get("spike_train", []), size),
        _stdp(data, synapses["stdp"]),
    )


def _network_data(found: Mapping[str, Any], net_id: int | str) -> dict[str, Any]:
    networks = found.get("networks")
    if not isinstance(networks, Sequence) or isinstance(networks, str) or not networks:
        raise ForeignNetworkError(
            'not a SuperNeuroMAT file: it has no list of "networks"; write it with saveas_json'
        )
    names = [n.get("name") if isinstance(n, Mapping) else None for n in networks]
    if isinstance(net_id, str):
        if names.count(net_id) != 1:
            raise ForeignNetworkError(
                f"the file has {names.count(net_id)} networks of the name {net_id!r}; it has "
                f"{', '.join(repr(n) for n in names)}"
            )
        net_id = names.index(net_id)
    if isinstance(net_id, bool) or not isinstance(net_id, int) or not 0 <= net_id < len(networks):
        raise ForeignNetworkError(
            f"net_id is {net_id!r}; the file has networks 0…{len(networks) - 1}"
        )
    network = networks[net_id]
    data = network.get("data") if isinstance(network, Mapping) else None
    meta = network.get("meta") if isinstance(network, Mapping) else None
    kind = meta.get("format", "snm") if isinstance(meta, Mapping) else "snm"
    if not isinstance(data, Mapping) or kind != "snm":
        raise ForeignNetworkError(
            f"network {net_id} of the file has the format {kind!r} and no data that can be read; "
            "only 'snm' is known"
        )
    return {str(name): _decoded(str(name), value) for name, value in data.items()}


def _decoded(name: str, value: Any) -> Any:
    """An array that was written as its bytes."""
    if not isinstance(value, Mapping):
        return value
    for encoding, decode in _DECODERS.items():
        if encoding not in value:
            continue
        try:
            kind = np.dtype(str(value.get("dtype", "<d")))
            if kind.kind not in "biuf":
                raise ValueError(f"it is of dtype {kind}")
            return np.frombuffer(decode(value[encoding]), dtype=kind)
        except (TypeError, ValueError, binascii.Error) as error:
            raise ForeignNetworkError(f"{name} is no array in {encoding}: {error}") from None
    return value


def _columns(data: Mapping[str, Any], names: Mapping[str, str], what: str) -> dict[str, Floats]:
    columns = {}
    for short, name in names.items():
        if name not in data:
            raise ForeignNetworkError(f"the SuperNeuroMAT network has no {name}")
        column = data[name]
        try:
            array = np.asarray(column)
        except ValueError:
            array = np.zeros((0, 0))
        if array.ndim != 1 or (array.size and array.dtype.kind not in "biuf"):
            raise ForeignNetworkError(
                f"{name} is {shown(column)}; there must be a number for each {what}"
            )
        columns[short] = array.astype(np.float64)
    first = next(iter(names))
    for short, name in names.items():
        if len(columns[short]) != len(columns[first]):
            raise ForeignNetworkError(
                f"{name} has {len(columns[short])} values, and {names[first]} "
                f"{len(columns[first])}; there must be one for each {what}"
            )
        bad = np.isnan(columns[short])
        if short not in _INFINITE:
            bad |= np.isinf(columns[short])
        for k in np.flatnonzero(bad)[:1]:
            raise ForeignNetworkError(
                f"the {short} of {what} {k} is {columns[short][k]}; give a number"
            )
    return columns


def _check_neurons(neurons: dict[str, Floats]) -> None:
    for k in np.flatnonzero(neurons["leak"] < 0)[:1]:
        raise ForeignNetworkError(
            f"the leak of neuron {k} is {neurons['leak'][k]:g}: a negative leak drives the "
            "potential away from its reset state, which no core can; give one of at least 0"
        )
    for k in np.flatnonzero(neurons["threshold"] == -np.inf)[:1]:
        raise ForeignNetworkError(f"the threshold of neuron {k} is −inf; give a finite one")
    for name in ("refractory_period", "refractory_state"):
        for k in np.flatnonzero((neurons[name] < 0) | (neurons[name] % 1 != 0))[:1]:
            raise ForeignNetworkError(
                f"the {name} of neuron {k} is {neurons[name][k]:g}; give a number of steps"
            )


def _check_synapses(synapses: dict[str, Floats], size: int) -> None:
    for end in ("pre", "post"):
        ids = synapses[end]
        for k in np.flatnonzero((ids < 0) | (ids >= size) | (ids % 1 != 0))[:1]:
            raise ForeignNetworkError(
                f"the {end} of synapse {k} is neuron {ids[k]:g}; there are neurons 0…{size - 1}"
            )
    pairs = np.stack([synapses["pre"], synapses["post"]], axis=1).astype(np.int64)
    _, first, count = np.unique(pairs, axis=0, return_index=True, return_counts=True)
    for k in np.sort(first[count > 1])[:1]:
        pre, post = pairs[k]
        raise ForeignNetworkError(
            f"there are several synapses from neuron {pre} to neuron {post}; SuperNeuroMAT has one"
        )
    for k in np.flatnonzero((synapses["delay"] > 1) | (synapses["delay"] % 1 != 0))[:1]:
        raise ForeignNetworkError(
            f"synapse {k} has the delay {synapses['delay'][k]:g} without a chain of hidden neurons, "
            "so SuperNeuroMAT does not delay it; create it with create_synapse(…, delay=…)"
        )


def _spikes(queued: Any, size: int) -> list[tuple[int, int, float]]:
    """Of two values for one neuron and step the last counts, as in SuperNeuroMAT."""
    if not isinstance(queued, Mapping):
        raise ForeignNetworkError(f"input_spikes is {shown(queued)}; there must be steps by number")
    found: dict[tuple[int, int], float] = {}
    for key, entry in queued.items():
        try:
            step = int(key)
            ids, values = list(entry["nids"]), [float(v) for v in entry["values"]]
            places = [int(i) for i in ids]
            if step < 0 or len(ids) != len(values) or places != ids:
                raise ValueError
        except (TypeError, ValueError, KeyError):
            raise ForeignNetworkError(
                f"input_spikes of step {shown(key)} are {shown(entry)}; there must be nids and "
                "values of one length, in a step of at least 0"
            ) from None
        for neuron, value in zip(places, values, strict=True):
            if not 0 <= neuron < size:
                raise ForeignNetworkError(
                    f"there is an input spike in step {step} for neuron {neuron}; there are "
                    f"neurons 0…{size - 1}"
                )
            if not np.isfinite(value):
                raise ForeignNetworkError(
                    f"the input spike of neuron {neuron} in step {step} has the value {value}"
                )
            found[step, neuron] = value
    return [(step, neuron, value) for (step, neuron), value in sorted(found.items())]


def _history(train: Any, size: int) -> NDArray[np.bool_]:
    try:
        rows = [np.asarray(row, dtype=np.float64) for row in train]
    except (TypeError, ValueError):
        rows = [np.zeros(0)]
    if any(row.shape != (size,) for row in rows):
        raise ForeignNetworkError(
            f"spike_train is {shown(train)}; there must be {size} neurons in each step"
        )
    return np.array(rows).reshape(-1, size) != 0


def _stdp(data: Mapping[str, Any], learns: Floats) -> Stdp | None:
    if not data.get("stdp", True) or not learns.any():
        return None
    sides = {}
    for name, switch in (("apos", "stdp_positive_update"), ("aneg", "stdp_negative_update")):
        side = np.asarray(data.get(name, []))
        if side.ndim != 1 or (side.size and side.dtype.kind not in "biuf"):
            raise ForeignNetworkError(f"{name} is {shown(data[name])}; give a list of numbers")
        active = bool(data.get(switch, True)) and bool(np.any(side))
        sides[name] = side.astype(np.float64) if active else np.zeros(0)
    positive, negative = sides["apos"], sides["aneg"]
    if not positive.size and not negative.size:
        return None
    if positive.size and negative.size and positive.size != negative.size:
        raise ForeignNetworkError(
            f"apos has {positive.size} lags and aneg {negative.size}; SuperNeuroMAT needs as many"
        )
    lags = max(positive.size, negative.size)
    return Stdp(
        positive if positive.size else np.zeros(lags),
        negative if negative.size else np.zeros(lags),
    )
