"""lava-dl's netx to a `Network`, with Loihi's numbers.

A step of a neuron there, with all numbers in 1/64 of a weight: `u ← decay(u, iDecay) + 64·a`,
`v ← decay(v, vDecay) + u + 64·bias`, and a spike if `v` is above `64·vThMant`, which resets it to 0.
From a layer to the next a spike takes a step, and so it does from the input to the first.

`decay` there cuts `x·(4096 − d)/4096` toward 0, which a core does with
`decay_rounding="toward_zero"`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

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
    skip_layers: int = 0,
    input_shape: Sequence[int] | None = None,
    dt: float = 1e-3,
) -> Imported:
    """Import a network that lava-dl exported for netx.

    Parameters
    ----------
    network : path of the HDF5 file, or an `h5py.File` or group that is open.
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
    fine = 1 if all(map(_whole, layers)) else _FINE
    net = Network(dt=dt)
    source = net.input(INPUT, int(np.prod(first)))
    for layer in layers:
        population = net.population(f"layer_{layer.number}", layer.size, _neuron(layer, fine, dt))
        connect_delayed(net, source, population, layer.pairs, layer.weights, layer.delays + 1)
        connect_delayed(
            net, population, population, layer.recurrent, layer.recurrent_weights,
            layer.recurrent_delays + 1,
        )  # fmt: skip
        source = population
    return Imported(
        net,
        "netx",
        notes=(
            f"decays, weights and thresholds are Loihi's integers, in units of 1/{fine} of a weight",
            *notes,
        ),
        outputs=(source.name,),
        settings={"scale": float(fine), "state_bits": _STATE_BITS},
    )


def _whole(layer: Layer) -> bool:
    """Whether potentials are whole in units of weights."""
    return all(decay in (0, DECAY_ONE) for decay in (layer.i_decay, layer.v_decay))


def _neuron(layer: Layer, fine: int, dt: float) -> LIF:
    described: dict[str, Any] = {
        "tau_mem": _tau(layer.v_decay, dt),
        "tau_syn": None if layer.i_decay == DECAY_ONE else _tau(layer.i_decay, dt),
        "bias": layer.bias,
        "decay_rounding": "toward_zero",
    }
    if layer.threshold * _FINE >= (1 << (_STATE_BITS - 1)) - 1:
        return LI(**described)
    return LIF(v_threshold=layer.threshold + 1 / fine, **described)


def _tau(decay: int, dt: float) -> float:
    """The time constant whose decay constant is this, in seconds."""
    if decay == DECAY_ONE:
        return 0.0
    return float(-dt / np.log1p(-decay / DECAY_ONE)) if decay else np.inf


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
    check="spikeloom.exchange.checking.netx_layers:check_netx",
    options=(
        ("skip_layers", "so many layers at the beginning are left out"),
        ("input_shape", "(channels, height, width) of the input"),
        ("dt", "length of a step in seconds"),
    ),
)
"""The record of this format."""
