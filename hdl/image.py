"""What is loaded at run time into one core: weights, parameters and routes, as plain arrays."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .config import CoreConfig, Field

NO_AXON = -1
"""Route of a neuron whose spikes drive no axon."""


class ImageError(ValueError):
    """Numbers that the configured core can not hold; the message says which and what would fit."""


def _check_range(name: str, values: NDArray[Any], low: int, high: int) -> None:
    outside = np.argwhere((values < low) | (values > high))
    if len(outside):
        where = tuple(int(k) for k in outside[0])
        more = f" ({len(outside)} such values)" if len(outside) > 1 else ""
        place = f"[{', '.join(map(str, where))}]" if where else ""
        raise ImageError(
            f"{name}{place} is {int(values[where])}, outside {low}…{high}{more}; "
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
        With shared parameters all entries must be equal.  Missing names are 0, but a missing
        `v_threshold` is the largest potential.
    routes : (N,) axon that each neuron drives, or `NO_AXON`; default none.
    report : (N,) bool, whether a neuron's spikes are sent to the host; default all.
    """

    config: CoreConfig
    weights: NDArray[np.int64]
    parameters: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    routes: NDArray[np.int64] | None = None
    report: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        c = self.config
        self.weights = _integers("weights", self.weights, (c.axons, c.neurons))
        bound = 1 << (c.weight_bits - 1)
        _check_range("weights", self.weights, -bound, bound - 1)

        fields = {f.name: f for f in c.layout.parameters}
        unknown = sorted(set(self.parameters) - set(fields))
        if unknown:
            raise ImageError(
                f"no parameter {', '.join(unknown)} in this core; it has {', '.join(fields)}"
            )
        self.parameters = {name: self._parameter(f) for name, f in fields.items()}

        routes = NO_AXON if self.routes is None else self.routes
        self.routes = _integers("routes", routes, (c.neurons,))
        _check_range("routes", self.routes, NO_AXON, c.axons - 1)
        report = True if self.report is None else self.report
        self.report = _integers("report", report, (c.neurons,)).astype(bool)

    def _parameter(self, f: Field) -> NDArray[np.int64]:
        default = f.maximum if f.name == "v_threshold" else 0
        values = _integers(f.name, self.parameters.get(f.name, default), (self.config.neurons,))
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
        for array in arrays:
            crc = zlib.crc32(np.ascontiguousarray(array, dtype="<i8").tobytes(), crc)
        return crc or 1
