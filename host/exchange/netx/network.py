"""lava-dl's netx to a `Network`, with Loihi's numbers.

A step of a neuron there, with all numbers in 1/64 of a weight: `u ← decay(u, iDecay) + 64·a`,
`v ← decay(v, vDecay) + u + 64·bias`, and a spike if `v` is above `64·vThMant`, which resets it to 0.
From a layer to the next a spike takes a step, and so it does from the input to the first.

`decay` there cuts `x·(4096 − d)/4096` toward 0; a core's rounds it to nearest.  The two are the same
for d = 0 and d = 4096, and within 1 in each step otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ...network.network import Network
from ...network.neurons import LI, LIF
from ..imported import Imported
from ..importer import Importer
from ..long_delays import connect_delayed
from .layers import DECAY_ONE, Layer, read_layers

INPUT = "input"
_FINE = 64
"""Loihi's units of a weight."""
_STATE_BITS = 24
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def from_netx(
    network: Any,
    *,
    exact: bool = False,
    skip_layers: int = 0,
    input_shape: Sequence[int] | None = None,
    dt: float = 1e-3,
) -> Imported:
    """Import a network that lava-dl exported for netx.

    Parameters
    ----------
    network : path of the HDF5 file, or an `h5py.File` or group that is open.
    exact : refuse decays for which a core rounds otherwise than Loihi; by default a note says how
        far potentials can differ.
    skip_layers : so many layers at the beginning are left out, as in netx.
    input_shape : (channels, height, width) of the input, where the file does not say.
    dt : length of a step in seconds.

    Returns
    -------
    Imported
        Populations are "layer_0", … by their numbers in the file; neurons and the input "input" are
        in the order channel, row, column.  Layers whose threshold no potential reaches are
        read-outs.

    Raises
    ------
    ForeignNetworkError : what is no such file, or has no counterpart; the message names the layer.
    MissingToolError : h5py is not installed.
    """
    shape = None if input_shape is None else tuple(input_shape)
    first, layers, notes = read_layers(network, skip_layers, shape)
    rounding = [layer for layer in layers if not _whole(layer)]
    if exact and rounding:
        layer = rounding[0]
        raise ForeignNetworkError(
            f"{layer.name} has iDecay {layer.i_decay} and vDecay {layer.v_decay}: Loihi cuts what a "
            "core rounds to nearest, which is the same for 0 and 4096 alone. Without exact=True a "
            "note says how far that goes"
        )
    fine = _FINE if rounding else 1
    net = Network(dt=dt)
    source = net.input(INPUT, int(np.prod(first)))
    relays = 0
    for layer in layers:
        population = net.population(f"layer_{layer.number}", layer.size, _neuron(layer, fine, dt))
        relays += connect_delayed(
            net, source, population, layer.pairs, layer.weights, layer.delays + 1
        )
        relays += connect_delayed(
            net, population, population, layer.recurrent, layer.recurrent_weights,
            layer.recurrent_delays + 1,
        )  # fmt: skip
        source = population
    assert not relays
    return Imported(
        net,
        "netx",
        notes=(
            f"decays, weights and thresholds are Loihi's integers, in units of 1/{fine} of a weight",
            *notes,
            *(_difference(layer) for layer in rounding),
        ),
        outputs=(source.name,),
        settings={"scale": float(fine), "state_bits": _STATE_BITS},
    )


def _whole(layer: Layer) -> bool:
    return all(decay in (0, DECAY_ONE) for decay in (layer.i_decay, layer.v_decay))


def _neuron(layer: Layer, fine: int, dt: float) -> LIF:
    described: dict[str, Any] = {
        "tau_mem": _tau(layer.v_decay, dt),
        "tau_syn": None if layer.i_decay == DECAY_ONE else _tau(layer.i_decay, dt),
        "bias": layer.bias,
    }
    if layer.threshold * _FINE >= (1 << (_STATE_BITS - 1)) - 1:
        return LI(**described)
    return LIF(v_threshold=layer.threshold + 1 / fine, **described)


def _tau(decay: int, dt: float) -> float:
    """The time constant whose decay constant is this, in seconds."""
    if decay == DECAY_ONE:
        return 0.0
    return float(-dt / np.log1p(-decay / DECAY_ONE)) if decay else np.inf


def _difference(layer: Layer) -> str:
    """How far a potential can be from Loihi's while the spikes are the same."""
    currents, potentials = layer.i_decay, layer.v_decay
    error = 0.0 if currents in (0, DECAY_ONE) else DECAY_ONE / currents
    if potentials == 0 and error:
        bound = "without bound, as it does not leak"
    else:
        if potentials not in (0, DECAY_ONE):
            error = (error + 1) * DECAY_ONE / potentials
        weights = error / _FINE
        share = f", {weights / layer.threshold:.1%} of the threshold" if layer.threshold else ""
        bound = f"by up to {weights:.3g} weights{share}"
    return (
        f"{layer.name}: Loihi cuts iDecay {currents} and vDecay {potentials} toward 0 where a core "
        f"rounds to nearest, so potentials can be further from 0 here {bound}"
    )


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file is HDF5 with numbered layers; without h5py, whether its name ends as theirs do."""
    if not head.startswith(_SIGNATURE):
        return False
    try:
        import h5py
    except ImportError:
        return path.suffix == ".net"
    try:
        with h5py.File(path, "r") as file:
            return "layer/0/type" in file
    except (OSError, RuntimeError):
        return path.suffix == ".net"


NETX = Importer(
    name="netx",
    title="HDF5 of lava-dl's netx",
    read=from_netx,
    recognises=recognises,
    options=(
        ("exact", "refuse what a core rounds otherwise than Loihi"),
        ("skip_layers", "so many layers at the beginning are left out"),
        ("input_shape", "(channels, height, width) of the input"),
        ("dt", "length of a step in seconds"),
    ),
)
"""The record of this format."""
