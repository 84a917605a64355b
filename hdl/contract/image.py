"""What one core is loaded with at run time: weights, parameters and routes, as plain arrays."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .core_config import CoreConfig
from .errors import InputError
from .fields import Field
from .learning_config import TAG_BITS

NO_AXON = -1
"""Route of a neuron whose spikes drive no axon."""
MAX_CORES = 64


class ImageError(InputError):
    """Numbers that the configured core cannot hold; the message names them and says what would fit."""


def default_tags(count: int, kind: str) -> NDArray[np.int64]:
    """(count,) pseudo-random 16-bit tags of "axon"s or "neuron"s, by multiplicative hashing.

    Tags make the random numbers of synapses (docs/reference/semantics.md).  Source: Knuth, The Art of
    Computer Programming, volume 3, section 6.4.
    """
    ids = 2 * np.arange(count, dtype=np.uint64) + np.uint64(kind == "neuron") + np.uint64(1)
    mixed = (ids * np.uint64(0x9E3779B1)) & np.uint64(0xFFFFFFFF)
    mixed ^= mixed >> np.uint64(15)
    mixed = (mixed * np.uint64(0x85EBCA6B)) & np.uint64(0xFFFFFFFF)
    return (mixed >> np.uint64(16)).astype(np.int64)


def _check_range(name: str, values: NDArray[Any], low: int, high: int) -> None:
    outside = np.argwhere((values < low) | (values > high))
    if len(outside):
        where = tuple(int(k) for k in outside[0])
        more = f" ({len(outside)} such values)" if len(outside) > 1 else ""
        index = f"[{', '.join(map(str, where))}]" if where else ""
        raise ImageError(
            f"{name}{index} is {int(values[where])}, outside {low}…{high}{more}; "
            "rescale it, or widen the format in the configuration"
        )


def _integers(name: str, values: object, shape: tuple[int, ...]) -> NDArray[np.int64]:
    array = np.asarray(values)
    if array.dtype.kind not in "iub":
        raise ImageError(f"{name} has dtype {array.dtype}; give integers (quantise them first)")
    if array.dtype == np.uint64:
        _check_range(name, array, 0, np.iinfo(np.int64).max)
    try:
        return np.broadcast_to(array, shape).astype(np.int64)
    except ValueError:
        raise ImageError(f"{name} has shape {array.shape}; the core needs {shape}") from None


@dataclass
class Image:
    """Run-time contents of one core.  Validated at construction; `ImageError` says what would fit.

    Parameters
    ----------
    config : the core that these numbers are for.
    weights : (A, N) integers, `weights[i, j]` from axon `i` to neuron `j`.
    parameters : by field name (`config.layout.parameters`), integers of shape (N,), or scalars.
        With shared parameters all entries must be equal.  Missing names are idle (`Field.idle`): 0,
        but `v_threshold` is the largest potential.
    routes : (N,) axon that each neuron drives, or `NO_AXON`; default none.  Not in a core with
        route_entries.
    destinations : (E, 4) integers, in a core with route_entries: neuron, core, axon and axonal delay
        in any order; default none.  They are kept sorted.
    delays : (A, N) delay fields 0…D − 1 of the synapses; default 0.
    report : (N,) bool, whether a neuron's spikes are sent to the host; default all.
    learning : by field name (`config.layout.learning`), one integer each.  Missing names are 0, but
        missing `w_min` and `w_max` are the widest bounds.
    plastic : (A, N) bool, which synapses learn; default none.  Their weights lie in `w_min`…`w_max`.
    modulatory : (A,) bool, axons that drive the modulator; default none.
    axon_tags, neuron_tags : (A,), (N,) 16-bit numbers that stand for network-wide ids in stochastic
        rounding; default `default_tags`.
    """

    config: CoreConfig
    weights: NDArray[np.int64]
    parameters: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    routes: NDArray[np.int64] | None = None
    report: NDArray[np.bool_] | None = None
    learning: dict[str, int] = field(default_factory=dict)
    plastic: NDArray[np.bool_] = None  # type: ignore[assignment]
    modulatory: NDArray[np.bool_] = None  # type: ignore[assignment]
    axon_tags: NDArray[np.int64] = None  # type: ignore[assignment]
    neuron_tags: NDArray[np.int64] = None  # type: ignore[assignment]
    destinations: NDArray[np.int64] = None  # type: ignore[assignment]
    delays: NDArray[np.int64] = None  # type: ignore[assignment]

    _bounded: ClassVar[bool] = True

    def __post_init__(self) -> None:
        c = self.config
        self.weights = _integers("weights", self.weights, (c.axons, c.neurons))
        bound = 1 << (c.weight_bits - 1)
        _check_range("weights", self.weights, -bound, bound - 1)

        known = {f.name: f for f in c.layout.parameters}
        unknown = sorted(set(self.parameters) - set(known))
        if unknown:
            raise ImageError(
                f"no parameter {', '.join(unknown)} in this core; it has {', '.join(known)}"
            )
        self.parameters = {name: self._parameter(f) for name, f in known.items()}

        routes = NO_AXON if self.routes is None else self.routes
        self.routes = _integers("routes", routes, (c.neurons,))
        _check_range("routes", self.routes, NO_AXON, c.axons - 1)
        report = True if self.report is None else self.report
        self.report = _integers("report", report, (c.neurons,)).astype(bool)
        delays = 0 if self.delays is None else self.delays
        self.delays = _integers("delays", delays, (c.axons, c.neurons))
        _check_range("delays", self.delays, 0, c.delay_slots - 1)
        self._destinations()
        self._learning()

    def _destinations(self) -> None:
        c = self.config
        destinations = (
            np.zeros((0, 4), dtype=np.int64)
            if self.destinations is None
            else np.asarray(self.destinations)
        )
        rows = _integers("destinations", destinations, (len(destinations), 4))
        if len(rows) > c.route_entries:
            raise ImageError(
                f"{len(rows)} destinations, but the core has {c.route_entries} route_entries"
            )
        if c.route_entries and np.any(self.routes != NO_AXON):
            raise ImageError("routes are given, but this core has route_entries; use destinations")
        for column, name, most in (
            (0, "neuron", c.neurons - 1),
            (1, "core", MAX_CORES - 1),
            (2, "axon", c.axons - 1),
            (3, "delay", c.axonal_delay_slots - 1),
        ):
            _check_range(f"destinations, {name}", rows[:, column], 0, most)
        self.destinations = np.unique(rows, axis=0)
        if len(self.destinations) < len(rows):
            raise ImageError(f"{len(rows) - len(self.destinations)} destinations are given twice")

    def _learning(self) -> None:
        c = self.config
        known = {f.name: f for f in c.layout.learning}
        unknown = sorted(set(self.learning) - set(known))
        if unknown:
            available = (
                f"it has {', '.join(known)}" if known else "it was configured without learning"
            )
            raise ImageError(
                f"no learning parameter {', '.join(unknown)} in this core; {available}"
            )
        self.learning = {name: self._learning_parameter(f) for name, f in known.items()}
        has = {f.name for f in c.layout.axon_fields}
        self.plastic = self._flags("plastic", self.plastic, (c.axons, c.neurons), bool(known))
        self.modulatory = self._flags(
            "modulatory", self.modulatory, (c.axons,), "modulatory" in has
        )
        for name, count, kind in (
            ("axon_tags", c.axons, "axon"),
            ("neuron_tags", c.neurons, "neuron"),
        ):
            given = getattr(self, name)
            tags = _integers(name, default_tags(count, kind) if given is None else given, (count,))
            _check_range(name, tags, 0, (1 << TAG_BITS) - 1)
            setattr(self, name, tags)
        if self.plastic.any() and self._bounded:
            self._check_plastic_weights(self.learning["w_min"], self.learning["w_max"])

    def _check_plastic_weights(self, low: int, high: int) -> None:
        if low > high:
            raise ImageError(
                f"w_min is {low} and w_max is {high}, and no plastic weight can lie between them; "
                "give w_min of at most w_max, or make no synapse plastic"
            )
        outside = np.argwhere(self.plastic & ((self.weights < low) | (self.weights > high)))
        if len(outside):
            i, j = (int(k) for k in outside[0])
            raise ImageError(
                f"{len(outside)} of {np.count_nonzero(self.plastic)} plastic weights lie outside "
                f"w_min…w_max, {low}…{high}; the first is weights[{i}, {j}] = {self.weights[i, j]}; "
                "clip them, widen the bounds, or make these synapses not plastic"
            )

    def _learning_parameter(self, f: Field) -> int:
        default = {"w_min": f.minimum, "w_max": f.maximum}.get(f.name, 0)
        value = _integers(f.name, self.learning.get(f.name, default), ())
        _check_range(f.name, value, f.minimum, f.maximum)
        return int(value)

    def _flags(
        self, name: str, given: object, shape: tuple[int, ...], possible: bool
    ) -> NDArray[np.bool_]:
        flags = _integers(name, False if given is None else given, shape)
        _check_range(name, flags, 0, 1)
        if flags.any() and not possible:
            raise ImageError(f"{name} is set, but the core cannot do this; configure its learning")
        return flags.astype(bool)

    def _parameter(self, f: Field) -> NDArray[np.int64]:
        values = _integers(f.name, self.parameters.get(f.name, f.idle), (self.config.neurons,))
        _check_range(f.name, values, f.minimum, f.maximum)
        if self.config.parameters == "shared" and np.any(values != values[0]):
            raise ImageError(
                f"{f.name} differs between neurons, but the core's parameters are shared; "
                'configure parameters = "per_neuron"'
            )
        return values

    @property
    def identity(self) -> int:
        """32-bit check of the contents, never 0; the board keeps it as the loaded image's name."""
        assert self.routes is not None
        assert self.report is not None
        crc = self.config.digest & 0xFFFFFFFF
        arrays = [self.weights, *self.parameters.values(), self.routes, self.report]
        if self.config.learning is not None:
            arrays += [np.array(list(self.learning.values())), self.plastic, self.modulatory]
            arrays += [self.axon_tags, self.neuron_tags]
        if self.config.delay_slots > 1:
            arrays.append(self.delays)
        if self.config.route_entries:
            arrays.append(self.destinations)
        for array in arrays:
            crc = zlib.crc32(np.ascontiguousarray(array, dtype="<i8").tobytes(), crc)
        return crc or 1


class RunningImage(Image):
    """What a core that runs holds: writes may have left plastic weights anywhere, and their bounds."""

    _bounded = False

    @classmethod
    def of(cls, image: Image) -> RunningImage:
        """A copy of an image."""
        return cls(**{f.name: getattr(image, f.name) for f in fields(image)})
