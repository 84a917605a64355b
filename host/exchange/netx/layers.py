"""The layers of a netx file, checked: integers as Loihi has them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError, MissingToolError, shown

from ...quantise.rounding import Floats, Integers
from .convolution import synapses_of

DECAY_ONE = 4096
_MOST_DELAY = 62
_WEIGHTS = (-256, 255)
_NEURONS = ("LOIHI", "CUBA")
_INTEGRATOR = {"iDecay": 0, "vDecay": DECAY_ONE, "vThMant": 1 << 17}
"""What netx takes for a dense layer that has no neuron."""


Read = tuple[tuple[int, ...], "list[Layer]", list[str]]
"""Shape of the input, layers with neurons, and notes."""


@dataclass(frozen=True, eq=False)
class Layer:
    """N neurons, and the synapses that reach them.

    Attributes
    ----------
    name : "layer 3", for messages.
    number : in the file.
    shape : of the neurons, in the file's order, (channels, height, width) or (N,).
    pairs, weights, delays : (S, 2) indices of source and neuron, (S,) weights, (S,) steps.
    recurrent, recurrent_weights, recurrent_delays : the same of synapses within the layer.
    bias : (N,) added in each step, in units of weights.
    i_decay, v_decay : 0…4096.
    threshold : in units of weights.
    """

    name: str
    number: int
    shape: tuple[int, ...]
    pairs: Integers
    weights: Floats
    delays: Integers
    recurrent: Integers
    recurrent_weights: Floats
    recurrent_delays: Integers
    bias: Floats
    i_decay: int
    v_decay: int
    threshold: int

    @property
    def size(self) -> int:
        """Number of neurons."""
        return int(np.prod(self.shape))


def read_layers(source: Any, skip: int, input_shape: tuple[int, ...] | None) -> Read:
    """Shape of the input, layers with neurons, and notes.

    Parameters
    ----------
    source : path of the file, or an `h5py.File` or group that is open.
    skip : so many layers at the beginning are left out.
    input_shape : of the first layer, where the file does not say.
    """
    return _opened(source, lambda file: _read(file, skip, input_shape))


def _opened(source: Any, read: Callable[[Mapping[str, Any]], Read]) -> Read:
    """What `read` gives of a file, which may be open already."""
    if isinstance(source, Mapping):
        return read(source)
    if not isinstance(source, str | os.PathLike):
        raise ForeignNetworkError(f"{shown(source)} is no netx network; give the path of a file")
    try:
        import h5py
    except ImportError:
        raise MissingToolError(
            "netx files are HDF5, which h5py reads; install it: pip install 'spikeloom[netx]'"
        ) from None
    try:
        with h5py.File(Path(source), "r") as file:
            return read(file)
    except (OSError, RuntimeError) as error:
        raise ForeignNetworkError(f"{source} is no HDF5 file that can be read: {error}") from None


def check_layers(
    source: Any, skip: int, input_shape: tuple[int, ...] | None
) -> list[tuple[str, str, str]]:
    """Name, type and what is refused ("" for nothing) of each layer; arguments as for `read_layers`.

    Behind a layer that is refused, the next one is looked at with the shape that the file states.
    """
    seen: list[tuple[str, str, str]] = []
    _opened(source, lambda file: _read(file, skip, input_shape, seen))
    return seen


def _read(
    file: Mapping[str, Any],
    skip: int,
    input_shape: tuple[int, ...] | None,
    seen: list[tuple[str, str, str]] | None = None,
) -> Read:
    group = file.get("layer")
    if not isinstance(group, Mapping) or not len(group):
        raise ForeignNetworkError("not a netx file: it has no layers (the group 'layer')")
    if isinstance(skip, bool) or not isinstance(skip, int) or not 0 <= skip < len(group):
        raise ForeignNetworkError(f"skip_layers is {skip!r}; the file has {len(group)} layers")
    shape = None if input_shape is None else tuple(int(n) for n in input_shape)
    first, layers, notes = shape, [], []
    for k in range(len(group)):
        if str(k) not in group:
            raise ForeignNetworkError(f"layer {k} is missing: the layers are {', '.join(group)}")
        reader = _Reader(f"layer {k}", k, group[str(k)])
        kind = reader.text("type")
        if k < skip or (kind == "input" and "neuron" not in group[str(k)]):
            shape = first = reader.shape() if "shape" in group[str(k)] else shape
            continue
        if kind == "flatten":
            continue
        try:
            layer = _layer(reader, kind, shape)
        except ForeignNetworkError as error:
            if seen is None:
                raise
            seen.append((reader.name, kind, str(error)))
            shape = _stated(reader)
            continue
        if first is None:
            first = shape = (reader.sources,)
        layers.append(layer)
        notes += reader.notes
        shape = layer.shape
        if seen is not None:
            seen.append((reader.name, kind, ""))
    if seen:
        return first or (), layers, notes
    if not layers or first is None:
        raise ForeignNetworkError("the file has no layer of neurons, dense or conv")
    return first, layers, notes


def _layer(reader: _Reader, kind: str, shape: tuple[int, ...] | None) -> Layer:
    """A layer of neurons, whose input has this shape."""
    if kind not in ("dense", "dense_rec", "conv"):
        raise ForeignNetworkError(f"{reader.name} is of type {kind!r}: {_reason(kind)}")
    return reader.conv(shape) if kind == "conv" else reader.dense(shape, kind == "dense_rec")


def _stated(reader: _Reader) -> tuple[int, ...] | None:
    """The shape of a layer as the file has it; None where it has none."""
    try:
        return reader.shape()
    except ForeignNetworkError:
        return None


def _reason(kind: str) -> str:
    if kind == "input":
        return (
            "its neurons are driven by values, as biases, and not by spikes. Leave it out with "
            "skip_layers=1, and encode the values as spikes"
        )
    return "netx itself runs only input, dense, dense_rec, conv and flatten"


class _Reader:
    """One layer of the file.

    Attributes
    ----------
    sources : number of neurons or inputs before it, once its weights are read.
    notes : what was recognised.
    """

    def __init__(self, name: str, index: int, group: Any) -> None:
        if not isinstance(group, Mapping):
            raise ForeignNetworkError(f"{name} is no group of data sets")
        self.name, self.index, self.group = name, index, group
        self.sources = 0
        self.notes: list[str] = []

    def text(self, key: str) -> str:
        value = self._array(key)
        first = value.ravel()[0] if value.size else b""
        return first.decode("ascii", "replace") if isinstance(first, bytes) else str(first)

    def _array(self, key: str) -> Any:
        if key not in self.group:
            raise ForeignNetworkError(f"{self.name} has no {key}")
        value = self.group[key]
        if isinstance(value, Mapping):
            raise ForeignNetworkError(f"{self.name} has a group {key}, and no numbers")
        return np.asarray(value[()])

    def integers(self, key: str, low: int, high: int) -> Floats:
        """Whole numbers within bounds, as floats."""
        value = self._array(key)
        if value.dtype.kind not in "biuf":
            raise ForeignNetworkError(f"{key} of {self.name} is of {value.dtype}, not of numbers")
        numbers = value.astype(np.float64)
        with np.errstate(invalid="ignore"):
            bad = ~((numbers >= low) & (numbers <= high) & (numbers % 1 == 0))
        if bad.any():
            where = tuple(int(i) for i in np.argwhere(bad)[0])
            place = f"[{', '.join(map(str, where))}]" if where else ""
            raise ForeignNetworkError(
                f"{key}{place} of {self.name} is {numbers[where]:g}; there must be integers of "
                f"{low}…{high}"
            )
        return numbers

    def number(self, key: str, low: int, high: int) -> int:
        """One whole number."""
        value = self.integers(key, low, high)
        if value.size != 1:
            raise ForeignNetworkError(
                f"{key} of {self.name} has shape {value.shape}; give a number"
            )
        return int(value.ravel()[0])

    def shape(self) -> tuple[int, ...]:
        return tuple(int(n) for n in self.integers("shape", 1, 1 << 20).ravel())

    def pair(self, key: str, low: int) -> tuple[int, int]:
        value = self.integers(key, low, 1 << 16).ravel()
        if value.size not in (1, 2):
            raise ForeignNetworkError(f"{key} of {self.name} has {value.size} numbers; give two")
        return int(value[0]), int(value[-1])

    def weights(self, key: str) -> Floats:
        if f"{key}/imag" in self.group or isinstance(self.group.get(key), Mapping):
            raise ForeignNetworkError(f"{self.name} has complex weights, for resonators")
        weights = self.integers(key, *_WEIGHTS)
        if np.any((weights % 2 != 0) & (np.abs(weights) > 127)) and weights.min() < 0:
            self.notes.append(
                f"{self.name} has odd {key} beyond ±127, which Loihi makes even, and a core keeps"
            )
        return weights

    def dense(self, shape: tuple[int, ...] | None, recurrent: bool) -> Layer:
        weights = self.weights("weight")
        out = self.shape()
        size = int(np.prod(out))
        if weights.ndim == 1 or (weights.ndim > 2 and weights.shape[0] == size):
            weights = weights.reshape(size, -1)
        before = (
            weights.shape[1] if shape is None and weights.ndim == 2 else int(np.prod(shape or 0))
        )
        if weights.shape != (size, before):
            raise ForeignNetworkError(
                f"the weights of {self.name} have shape {weights.shape}; from {before} to {size} "
                f"neurons there must be ({size}, {before})"
            )
        self.sources = before
        within = np.zeros((size, 0))
        if recurrent:
            within = self.weights("weight_rec")
            within = within.reshape(size, -1) if within.size == size * size else within
            if within.shape != (size, size):
                raise ForeignNetworkError(
                    f"weight_rec of {self.name} has shape {within.shape}; give ({size}, {size})"
                )
        target, source = np.nonzero(weights)
        to, start = np.nonzero(within)
        delays, late = self._delays(weights.shape), self._delays(within.shape)
        return Layer(
            self.name, self.index, out,
            np.stack([source, target], axis=1), weights[target, source], delays[target, source],
            np.stack([start, to], axis=1), within[to, start], late[to, start],
            **self._neuron(out, size),
        )  # fmt: skip

    def _delays(self, shape: tuple[int, int]) -> Integers:
        """(out, in) steps; longer ones are cut to 62, as netx does."""
        if "delay" not in self.group or not shape[1]:
            return np.zeros(shape, dtype=np.int64)
        given = self.integers("delay", 0, 1 << 16)
        if given.max(initial=0) > _MOST_DELAY:
            self.notes.append(f"delays of {self.name} were cut to {_MOST_DELAY}, as netx does")
        delays: Integers = np.minimum(given, _MOST_DELAY).astype(np.int64)
        if delays.size == 1:
            return np.full(shape, int(delays.ravel()[0]))
        if delays.shape == (shape[0],):
            return np.repeat(delays[:, None], shape[1], axis=1)
        if delays.shape == (shape[1],):
            return np.repeat(delays[None], shape[0], axis=0)
        if delays.shape == shape:
            return delays
        raise ForeignNetworkError(
            f"the delays of {self.name} have shape {delays.shape}; its weights have {shape}"
        )

    def conv(self, shape: tuple[int, ...] | None) -> Layer:
        if shape is None or len(shape) != 3:
            raise ForeignNetworkError(
                f"{self.name} is a convolution of inputs of shape {shape}; give their shape, "
                "input_shape=(channels, height, width)"
            )
        kernels = self.weights("weight")
        if kernels.ndim == 5 and kernels.shape[4] == 1:
            kernels = kernels[..., 0]
        if kernels.ndim != 4:
            raise ForeignNetworkError(
                f"the weights of {self.name} have shape {kernels.shape}; a convolution has "
                "(out, in, height, width)"
            )
        if "delay" in self.group and np.any(self._array("delay")):
            raise ForeignNetworkError(
                f"{self.name} is a convolution with delays, which netx ignores; remove them"
            )
        how = self.pair("stride", 1), self.pair("padding", 0), self.pair("dilation", 1)
        groups = self.number("groups", 1, 1 << 16)
        inputs = (shape[0], shape[1], shape[2])
        try:
            out, pairs, weights = synapses_of(inputs, kernels, *how, groups)
        except ForeignNetworkError as error:
            raise ForeignNetworkError(f"{self.name}: {error}") from None
        if self.shape() != out:
            raise ForeignNetworkError(
                f"{self.name} has the shape {self.shape()}, and its convolution gives {out}"
            )
        self.sources = int(np.prod(shape))
        none = np.zeros(0, dtype=np.int64)
        return Layer(
            self.name, self.index, out, pairs, weights, np.zeros(len(pairs), dtype=np.int64),
            none.reshape(0, 2), np.zeros(0), none, **self._neuron(out, int(np.prod(out))),
        )  # fmt: skip

    def _neuron(self, shape: tuple[int, ...], size: int) -> dict[str, Any]:
        bias = np.zeros(size)
        if "bias" in self.group:
            given = self.integers("bias", -(1 << 12), (1 << 12) - 1).ravel()
            if given.size not in (1, shape[0], size):
                raise ForeignNetworkError(
                    f"the bias of {self.name} has {given.size} values for {shape} neurons"
                )
            bias = np.repeat(given, size // given.size)
        if "neuron" not in self.group:
            numbers = _INTEGRATOR
        else:
            numbers = _Neuron(
                f"the neuron of {self.name}", self.index, self.group["neuron"]
            ).numbers()
        return {
            "bias": bias,
            "i_decay": numbers["iDecay"],
            "v_decay": numbers["vDecay"],
            "threshold": numbers["vThMant"],
        }


class _Neuron(_Reader):
    def numbers(self) -> dict[str, int]:
        kind = self.text("type")
        if kind not in _NEURONS:
            raise ForeignNetworkError(
                f"{self.name} is of type {kind!r}; a core has {' and '.join(_NEURONS)}, leaky "
                "integrate-and-fire neurons"
            )
        for flag in ("gradedSpike", "messageBits"):
            if flag in self.group and np.any(self._array(flag)):
                raise ForeignNetworkError(
                    f"{self.name} sends graded spikes ({flag}); a core's spikes have no value"
                )
        return {
            "iDecay": self.number("iDecay", 0, DECAY_ONE),
            "vDecay": self.number("vDecay", 0, DECAY_ONE),
            "vThMant": self.number("vThMant", 0, (1 << 24) - 1),
        }
