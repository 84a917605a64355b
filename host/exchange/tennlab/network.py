"""TENNLab's networks to a `Network`, spike for spike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...network.network import Network
from ...network.neurons import LIF
from ...quantise.rounding import Floats
from ..grid import Grid, common_unit
from ..imported import Imported
from ..importer import Importer
from ..long_delays import connect_delayed
from .document import Document, read_document
from .processors import Meaning, meaning_of

NEURONS = "neurons"
INPUTS = "inputs"
"""Names of the population and of its inputs."""
_STATE_BITS = (16, 32)
_SHOWN = 8


def from_tennlab(
    network: Any,
    *,
    processor: str | None = None,
    params: Mapping[str, Any] | None = None,
    dt: float = 1e-3,
) -> Imported:
    """Import a network of TENNLab's framework-open (RISP, VRISP) or of casPYan, exactly.

    Parameters
    ----------
    network : the path of a JSON file, or what was read from one.
    processor : "risp", "vrisp" or "caspian"; default: what the file says.
    params : parameters of the processor; default: those of the file.
    dt : length of a step in seconds, which the tools leave open.

    Returns
    -------
    Imported
        The population "neurons" has the nodes by ascending id, the input "inputs" those that are
        inputs, in the file's order; a spike there is an input spike of value 1.  Compile with
        `**imported.settings`.

    Raises
    ------
    ForeignNetworkError : what is no such network, or cannot be held exactly; the message names the
        node or the edge.
    """
    document = read_document(network)
    name, meaning = meaning_of(document, processor, params)
    unit = _unit(document, meaning)
    thresholds = np.ceil(meaning.thresholds / unit) * unit
    thresholds += unit * (meaning.above & (thresholds == meaning.thresholds))
    reach, floor = _reach(document, meaning, thresholds)
    net = Network(dt=dt)
    neurons = net.population(
        NEURONS,
        len(document.ids),
        LIF(
            leak="linear",
            leak_step=np.where(meaning.forgets, np.inf, 0.0),
            v_threshold=thresholds,
            v_min=floor,
        ),
    )
    if len(document.inputs):
        synapses = [(k, int(node), meaning.input_value) for k, node in enumerate(document.inputs)]
        net.connect(
            net.input(INPUTS, len(synapses)), neurons, synapses, delay=meaning.input_steps * dt
        )
    relays = connect_delayed(
        net, neurons, neurons, document.pairs, meaning.weights, meaning.steps, unit
    )
    bits = int(np.ceil(np.log2(min(float(reach) / unit, 2.0**31 - 1) + 1))) + 1
    state_bits = min(max(bits, _STATE_BITS[0]), _STATE_BITS[1])
    notes = [f"the steps are those of {name}; all potentials are multiples of {unit:g}"]
    notes += meaning.notes
    notes += _places(document)
    if relays:
        notes.append(
            f"delays longer than a core's go through {relays} more neurons, which hand spikes on"
        )
    if np.isinf(reach):
        notes.append(
            f"inhibition can add up without end; potentials have {state_bits} bits, and a run is "
            "exact as long as no clamps are counted"
        )
    return Imported(
        net,
        "tennlab",
        notes=tuple(notes),
        outputs=(NEURONS,),
        settings={"scale": 1.0 / unit, "state_bits": state_bits},
    )


def _unit(document: Document, meaning: Meaning) -> float:
    grid, weights = Grid(), Grid()
    for each in (grid, weights):
        if len(document.inputs):
            each.add(np.array([meaning.input_value]), lambda k: "what an input spike adds")
        each.add(meaning.weights, lambda k: f"the Weight of {document.edge(k)}")
    if np.isfinite(meaning.floor):
        grid.add(np.array([meaning.floor]), lambda k: "min_potential")
    return common_unit(weights, grid)


def _reach(document: Document, meaning: Meaning, thresholds: Floats) -> tuple[float, float | None]:
    """How far potentials can go from 0 before the floor acts; and the floor, if one is needed."""
    size = len(document.ids)
    into = {
        sign: np.bincount(document.pairs[:, 1], np.maximum(sign * meaning.weights, 0.0), size)
        for sign in (1, -1)
    }
    sign = 1 if meaning.input_value > 0 else -1
    np.add.at(into[sign], document.inputs, abs(meaning.input_value))
    high = np.where(meaning.forgets, 0.0, np.maximum(thresholds, 0.0)) + into[1]
    high = np.maximum(high, np.abs(thresholds))
    forgetful = bool(np.all(meaning.forgets | (into[-1] == 0)))
    lowest = float(into[-1].max())
    if np.isfinite(meaning.floor) and (not forgetful or lowest > -meaning.floor):
        return max(float(high.max()), lowest - meaning.floor), meaning.floor
    return (max(float(high.max()), lowest) if forgetful else np.inf), None


def _places(document: Document) -> list[str]:
    """Which neuron is which node, where that is not plain."""
    places = []
    if np.any(document.ids != np.arange(len(document.ids))):
        places.append(f"{NEURONS!r} are the nodes {_listed(document.ids)}")
    for what, indices in (("inputs", document.inputs), ("outputs", document.outputs)):
        if len(indices):
            places.append(f"the network's {what} are the nodes {_listed(document.ids[indices])}")
    return places


def _listed(items: Any) -> str:
    named = [str(item) for item in items]
    more = f", … ({len(named)} in all)" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file is JSON with the keys that such networks begin with."""
    keys = (b'"node_properties"', b'"edge_properties"', b'"Nodes"', b'"Associated_Data"')
    return head.lstrip()[:1] == b"{" and any(key in head for key in keys)


TENNLAB = Importer(
    name="tennlab",
    title="JSON of TENNLab's framework-open and casPYan",
    read=from_tennlab,
    recognises=recognises,
    check="spikeloom.exchange.checking.tennlab_nodes:check_tennlab",
    options=(
        ("processor", "risp, vrisp or caspian, where the file does not say"),
        ("params", "parameters of the processor, where the file has none"),
        ("dt", "length of a step in seconds"),
    ),
)
"""The record of this format."""
