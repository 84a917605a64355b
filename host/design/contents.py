"""What a core holds, by name: one table that views, snapshots, files and comparisons are written on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import ConfigError, CoreConfig, Field, ImageError
from spikeloom.hdl.contract.errors import InputError, shown
from spikeloom.hdl.contract.fields import STEP_NUMBERS

Integers = NDArray[np.int64]
Rows = slice
"""Consecutive indices along the first axis."""

ALL = slice(None)
ELIGIBILITY = "eligibility"

Kind = Literal["synapses", "parameter", "learning parameter", "state", "under way"]
Owner = Literal["synapse", "neuron", "axon", "core"]


@dataclass(frozen=True)
class Content:
    """Integers of one name that a core holds.

    Attributes
    ----------
    name : unique in a core: "weights", "v_threshold", "v", "w_max", "arrivals", ...
    kind : what it is part of: the synapses, the parameters of the neurons, those of the learning
        rule, the states, or the spikes and sums that are under way.
    owner : what has one each; its index is the last axis, but for synapses, which are (A, N).
    shape : () for a single number.
    low, high : the range that fits.
    flags : they are 0 and 1, read and written as bool.
    learns : a state that is there to learn with.
    equal : all entries have to be equal, as the core holds one number for all.
    """

    name: str
    kind: Kind
    owner: Owner
    shape: tuple[int, ...]
    low: int
    high: int
    flags: bool = False
    learns: bool = False
    equal: bool = False

    def check(self, values: ArrayLike, rows: Rows = ALL) -> NDArray:
        """The values for these rows: a scalar or an array of their shape, as an array of its own.

        Raises `ImageError` for what the core cannot hold.
        """
        shape = self.shape_of(rows)
        array = np.asarray(values)
        if isinstance(values, np.ma.MaskedArray):
            raise ImageError(f"{self.name} is a masked array; fill it first: array.filled(0)")
        if self.flags:
            ok = array.dtype.kind in "iub" and array.shape in ((), shape)
            if not ok or np.any(array.astype(bool) != array):
                raise ImageError(
                    f"{self.name} are not flags; give {shape} of 0 and 1, or one for all"
                )
        elif array.dtype.kind not in "iub" or array.shape not in ((), shape):
            raise ImageError(
                f"{self.name} has dtype {array.dtype} and shape {array.shape}; "
                f"give an integer, or {shape} integers"
            )
        wrong = np.argwhere((array < self.low) | (array > self.high))
        if len(wrong):
            first = tuple(int(k) for k in wrong[0])
            more = f" ({len(wrong)} such values)" if len(wrong) > 1 else ""
            where = list(first) if first else ""
            raise ImageError(
                f"{self.name}{where} is {array[first]}, outside {self.low}…{self.high}{more}"
            )
        some = self.equal and shape != self.shape
        if some or (self.equal and array.size and np.any(array != array.flat[0])):
            raise ImageError(
                f"{self.name} is shared by all neurons; for values of their own use "
                "compile(…, parameters='per_neuron'), or give one for all"
            )
        dtype = np.bool_ if self.flags else np.int64
        return np.array(np.broadcast_to(array, shape), dtype=dtype)

    def shape_of(self, rows: Rows) -> tuple[int, ...]:
        """The shape of these rows."""
        if not self.shape:
            return ()
        return (len(range(*rows.indices(self.shape[0]))), *self.shape[1:])

    def span(self, rows: Rows) -> tuple[int, int]:
        """First row, and one past the last."""
        begin, end, _ = rows.indices(self.shape[0])
        return begin, max(begin, end)


class Store(Protocol):
    """What holds the contents of a core: the golden model, a core on a board, or a fabric of them."""

    @property
    def contents(self) -> dict[str, Content]:
        """What it holds, by name."""

    def read(self, name: str, rows: Rows = ALL) -> NDArray:
        """These rows of what has this name, as int64 or bool; `InputError` lists the names."""

    def write(self, name: str, values: ArrayLike, rows: Rows = ALL) -> int:
        """Overwrite these rows; returns the step from which on they are in effect.

        A scalar stands for all of them.  `ImageError`, before anything is written, for what the
        core cannot hold.
        """


def contents(config: CoreConfig) -> dict[str, Content]:
    """What a core of this configuration holds, by name, parameters first."""
    layout, synapses = config.layout, (config.axons, config.neurons)
    neurons, axons = (config.neurons,), (config.axons,)
    shared = config.parameters == "shared"
    found = [_of(f, "parameter", "neuron", neurons, equal=shared) for f in layout.parameters]
    found += [_of(f, "learning parameter", "core", ()) for f in layout.learning]
    bound = 1 << (config.weight_bits - 1)
    found.append(Content("weights", "synapses", "synapse", synapses, -bound, bound - 1))
    if config.learning is not None:
        found.append(Content("plastic", "synapses", "synapse", synapses, 0, 1, flags=True))
    slots = config.delay_slots
    if slots > 1:
        found.append(Content("delays", "synapses", "synapse", synapses, 0, slots - 1))
    found += [_of(f, "state", "neuron", neurons) for f in layout.states]
    found += [_of(f, "state", "axon", axons, learns=True) for f in layout.axon_states]
    found += [_of(f, "state", "neuron", neurons, learns=True) for f in layout.neuron_states]
    field = layout.synapse_fields.get(ELIGIBILITY)
    if field is not None:
        high = (1 << (field.bits - 1)) - 1
        state = Content(ELIGIBILITY, "state", "synapse", synapses, ~high, high, learns=True)
        found.append(state)
    found.append(Content("arrivals", "under way", "axon", axons, 0, 1, flags=True))
    later = (config.axonal_delay_slots - 1, *axons)
    found.append(Content("later_arrivals", "under way", "axon", later, 0, 1, flags=True))
    if slots > 1:
        high = (1 << (layout.accumulator_bits - 1)) - 1
        sums = (layout.accumulators, slots, *neurons)
        found.append(Content("pending", "under way", "neuron", sums, ~high, high))
    table = {content.name: content for content in found}
    if len(table) < len(found):
        names = sorted({c.name for c in found if sum(o.name == c.name for o in found) > 1})
        raise ConfigError(f"two contents of this core are called {', '.join(names)}; rename one")
    return table


def _of(
    field: Field,
    kind: Kind,
    owner: Owner,
    shape: tuple[int, ...],
    *,
    learns: bool = False,
    equal: bool = False,
) -> Content:
    low, high = field.minimum, field.maximum
    return Content(field.name, kind, owner, shape, low, high, learns=learns, equal=equal)


def of_kind(config: CoreConfig, kind: Kind) -> dict[str, Content]:
    """The contents of one kind."""
    return {name: c for name, c in contents(config).items() if c.kind == kind}


_NEEDS = {
    "delays": "this core's synapses have no delays; configure delay_slots of 2 to 64",
    "pending": "this core's synapses have no delays; configure delay_slots of 2 to 64",
    "plastic": "this core has no plastic synapses: it was configured without learning",
}
"""Why a core may lack what other cores hold."""


def find(table: dict[str, Content], name: str, kinds: Iterable[Kind] = ()) -> Content:
    """What has this name, of these kinds (default: any); `InputError` lists the names."""
    kinds = tuple(kinds)
    known = {key: c for key, c in table.items() if not kinds or c.kind in kinds}
    if name in known:
        return known[name]
    if name in _NEEDS and not kinds:
        raise InputError(_NEEDS[name])
    what = f"no {' or '.join(kinds)}" if kinds else "nothing called"
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    there = f"it has {', '.join(known)}" if known else "it was configured without"
    raise InputError(f"{what} {name!r} in this core; {there}{hint}")


def find_monitored(config: CoreConfig, name: str) -> Content:
    """A state that can be reported after every step: all but those of synapses."""
    states = {k: c for k, c in of_kind(config, "state").items() if c.owner != "synapse"}
    return find(states, name, ("state",))


def check_step(step: int, name: str = "step") -> int:
    """A step number; raises `InputError`, about `name`, for one that no step has."""
    if (
        isinstance(step, bool)
        or not isinstance(step, int | np.integer)
        or not 0 <= step < STEP_NUMBERS
    ):
        raise InputError(f"{name} is {shown(step)}; give an integer from 0 to {STEP_NUMBERS - 1}")
    return int(step)
