"""What a core holds, by name: which states there are, how many of each, and what fits in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig, Field, ImageError
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.fields import STEP_NUMBERS

ELIGIBILITY = "eligibility"


class StateFormat(NamedTuple):
    """One state of a core.

    Attributes
    ----------
    field : name and range.
    owner : what has one each: "neuron", "axon" or "synapse".
    shape : (N,), (A,) or (A, N).
    learns : it is there to learn with.
    """

    field: Field
    owner: str
    shape: tuple[int, ...]
    learns: bool


def state_formats(config: CoreConfig) -> dict[str, StateFormat]:
    """All states by name: those of neurons, then what learning adds to axons, neurons, synapses."""
    layout, a, n = config.layout, (config.axons,), (config.neurons,)
    found = [StateFormat(f, "neuron", n, False) for f in layout.states]
    found += [StateFormat(f, "axon", a, True) for f in layout.axon_states]
    found += [StateFormat(f, "neuron", n, True) for f in layout.neuron_states]
    eligibility = layout.synapse_fields.get(ELIGIBILITY)
    if eligibility is not None:
        bound = 1 << (eligibility.bits - 1)
        field = Field(ELIGIBILITY, eligibility.bits, True, bound - 1)
        found.append(StateFormat(field, "synapse", a + n, True))
    return {f.field.name: f for f in found}


def pending_format(config: CoreConfig) -> StateFormat:
    """Sums under way, (K, D, N): accumulators, steps from the next one on, neurons.

    Raises `InputError` in a core without delays.
    """
    check_delays(config)
    bits = config.layout.accumulator_bits
    shape = (config.layout.accumulators, config.delay_slots, config.neurons)
    return StateFormat(Field("pending", bits, True, (1 << (bits - 1)) - 1), "neuron", shape, False)


def check_delays(config: CoreConfig) -> None:
    """Raise `InputError` if synapses have no delays."""
    if config.delay_slots == 1:
        raise InputError("this core's synapses have no delays; configure delay_slots of 2 to 64")


def find_state(config: CoreConfig, name: str) -> StateFormat:
    """A state by name; `InputError` lists the states that there are."""
    formats = state_formats(config)
    find_field("state", name, [f.field for f in formats.values()])
    return formats[name]


def find_monitored(config: CoreConfig, name: str) -> StateFormat:
    """A state that can be reported after every step: all but those of synapses."""
    formats = {k: f for k, f in state_formats(config).items() if f.owner != "synapse"}
    find_field("state", name, [f.field for f in formats.values()])
    return formats[name]


def find_field(kind: str, name: str, fields: Iterable[Field]) -> Field:
    """Field by name; `InputError` lists the names that there are."""
    known = {field.name: field for field in fields}
    if name not in known:
        there = f"it has {', '.join(known)}" if known else "it was configured without learning"
        raise InputError(f"no {kind} {name!r} in this core; {there}")
    return known[name]


def check_learns(config: CoreConfig, what: str) -> None:
    """Raise `InputError` if the core has no learning rule."""
    if config.learning is None:
        raise InputError(f"this core has no {what}: it was configured without learning")


def check_state(format_: StateFormat, values: ArrayLike) -> NDArray[np.int64]:
    """Values for a state, a scalar or an array of its shape, as such an array of its own.

    Raises `ImageError` for values that the core can not hold.
    """
    field, shape = format_.field, format_.shape
    array = np.asarray(values)
    if array.dtype.kind not in "iub" or array.shape not in ((), shape):
        raise ImageError(
            f"{field.name} has dtype {array.dtype} and shape {array.shape}; "
            f"give an integer, or {shape} integers"
        )
    if np.any(array < field.minimum) or np.any(array > field.maximum):
        raise ImageError(
            f"{field.name} has values {array.min()}…{array.max()}; "
            f"the core holds {field.minimum}…{field.maximum}"
        )
    return np.broadcast_to(array, shape).astype(np.int64)


def check_flags(name: str, values: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Flags of this shape, or one for all; raises `ImageError` for anything else."""
    array = np.asarray(values)
    flags = array.astype(bool) if array.dtype.kind in "iub" else None
    if flags is None or array.shape not in ((), shape) or np.any(flags != array):
        raise ImageError(f"{name} are not flags; give {shape} of 0 and 1, or one for all")
    return np.array(np.broadcast_to(flags, shape))


def check_step(step: int) -> int:
    """A step number; raises `InputError` for one that no step has."""
    if (
        isinstance(step, bool)
        or not isinstance(step, int | np.integer)
        or not 0 <= step < STEP_NUMBERS
    ):
        raise InputError(f"step is {step!r}; give an integer from 0 to {STEP_NUMBERS - 1}")
    return int(step)
