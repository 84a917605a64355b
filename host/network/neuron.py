"""What every class that describes neurons in physical units has, and says of its model.

Times are in seconds; potentials, currents, weights and thresholds share one unit of the user's
choice.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import FitError, InputError

from ..quantise.arrays import real_array
from ..quantise.holding import Purpose
from ..quantise.needs import HEADROOM, Needs, general_needs
from ..quantise.neurons import RoundedNeurons
from ..quantise.reports import ErrorBounds, no_bounds
from ..quantise.rounding import Floats, Integers
from .options import own_parameters


def numbers(name: str, value: Any, low: float = -np.inf, *, infinite: bool = False) -> Floats:
    """`value` as a scalar or (size,) array of floats, at least `low`."""
    array = real_array(name, value)
    if array.ndim > 1:
        raise InputError(f"{name} has shape {array.shape}; give a number, or one for each neuron")
    good = (array >= low) & (np.isfinite(array) | (infinite & (array > 0)))
    if not np.all(good):
        bad = float(array[~good][0]) if array.ndim else float(array)
        bound = "" if low == -np.inf else f" of at least {low:g}"
        raise InputError(f"{name} is {bad:g}; give {'' if infinite else 'finite '}numbers{bound}")
    return array


@dataclass(frozen=True, eq=False, kw_only=True)
class Neuron(abc.ABC):
    """Neurons of one model.  A subclass is a dataclass: its fields are the parameters.

    Every number may be a scalar, or a list or array with one value for each neuron.  What has to be
    known of a whole network (`combine` and what follows it) are class methods: all its neurons are of
    one model, and each is asked with the parameters of all N neurons of the network.

    Attributes
    ----------
    model : name of the neuron model.
    potentials : names of the parameters that have the unit of potentials; the scale is chosen so
        that a core can hold them.
    """

    model: ClassVar[str]
    potentials: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        own_parameters(self)
        self.values()

    def values(self) -> dict[str, Floats]:
        """Scalars or arrays by name, checked (`numbers`).  Here: all fields, as finite numbers."""
        return {f.name: numbers(f.name, getattr(self, f.name)) for f in fields(self)}

    def options(self) -> dict[str, Any]:
        """Options of the model that these neurons need, by name."""
        return {}

    def parameters(self, size: int) -> dict[str, Floats]:
        """(size,) values by name; `InputError` for arrays of another length."""
        values = self.values()
        for name, array in values.items():
            if array.ndim and len(array) != size:
                raise InputError(
                    f"{name} has {len(array)} values for {size} neurons; "
                    f"give one number, or {size} of them"
                )
        return {name: np.array(np.broadcast_to(array, (size,))) for name, array in values.items()}

    # What the compiler asks.

    @classmethod
    def combine(cls, neurons: dict[str, Neuron]) -> dict[str, Any]:
        """Options of a core that holds all these populations; `FitError` where they differ."""
        names = list(next(iter(neurons.values())).options())
        return {
            name: one_for_all(name, {k: n.options()[name] for k, n in neurons.items()})
            for name in names
        }

    @classmethod
    def headroom(cls, options: dict[str, Any]) -> float:
        """Range of the state, in multiples of the largest potential parameter, at least."""
        return HEADROOM

    @classmethod
    def state_bits(cls, options: dict[str, Any]) -> int | None:
        """Width of the state of a new core, at least; None: the usual one."""
        return None

    @classmethod
    def memory(cls, parameters: dict[str, Floats], dt: float) -> Floats:
        """(N,) steps in which an error of the state acts on; here one."""
        return np.ones(len(next(iter(parameters.values()))))

    @classmethod
    def whole(cls, parameters: dict[str, Floats]) -> Floats:
        """(P, N) parameters that are scaled as potentials are: a scale that makes them whole is best."""
        count = len(next(iter(parameters.values())))
        return np.array([parameters[name] for name in cls.potentials]).reshape(-1, count)

    @classmethod
    def needs(
        cls, weights: Floats, parameters: dict[str, Floats], dt: float, purpose: Purpose
    ) -> Needs:
        """What neurons with these (A, N) weights need of the state; here some headroom."""
        potentials = cls.whole(parameters)
        return general_needs(weights, potentials, cls.memory(parameters, dt), purpose.headroom)

    @classmethod
    def strongest(cls, parameters: dict[str, Floats]) -> Floats:
        """(N,) beyond this a weight acts no stronger and may be clipped; here never."""
        return np.full(len(next(iter(parameters.values()))), np.inf)

    @classmethod
    def error_bounds(
        cls, weights: Floats, rounded: Floats, out: RoundedNeurons, purpose: Purpose
    ) -> ErrorBounds:
        """Bounds on the error of potentials; here none is known, which is infinity."""
        return no_bounds(len(out.scale))

    @classmethod
    @abc.abstractmethod
    def round(cls, out: RoundedNeurons) -> None:
        """Put all parameters into the core's format, by the methods of `out`."""

    @classmethod
    def complete(
        cls, options: dict[str, Any], integers: dict[str, Integers], dt: float
    ) -> dict[str, Any]:
        """`options`, and those that depend on the rounded parameters."""
        return options

    @classmethod
    def lacking(cls, options: dict[str, Any], core: CoreConfig) -> dict[str, Any]:
        """The options that a core would need otherwise, for neurons that need `options`."""
        return {name: need for name, need in options.items() if core.option(name) != need}

    @classmethod
    def silent(cls, core: CoreConfig, integers: dict[str, Integers]) -> bool:
        """Whether a neuron with these shared parameters and without input surely never fires."""
        return False


def one_for_all(what: str, values: dict[str, Any], default: Any = None, advice: str = "") -> Any:
    """What all populations have, or the default for none; `FitError` where they differ."""
    if len(set(values.values())) > 1:
        described = ", ".join(f"{name} has {value!r}" for name, value in values.items())
        advice = advice or "Describe the populations alike, or compile them as two networks"
        raise FitError(f"one core has one {what}, but {described}. {advice}")
    return next(iter(values.values()), default)
