"""A network on its way to integers: what is exact, what is clipped, and how wide words are."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .needs import HEADROOM, Needs
from .neurons import RoundedNeurons
from .reports import ErrorBounds
from .rounding import Floats, Integers
from .scales import MAX_WEIGHT_SHIFT, SLACK, Choice, Columns, choose
from .widths import (
    MOST_STATE_BITS,
    STATE_BITS,
    WEIGHT_BITS,
    exact_weight_bits,
    fine_weight_bits,
    learning_weight_bits,
    state_width,
)

Bools = NDArray[np.bool_]


class NeuronKind(Protocol):
    """What is asked of the class that describes the neurons (`network.neuron.Neuron`)."""

    def round(self, out: RoundedNeurons) -> None:
        """Put all parameters into the core's format."""

    def whole(self, parameters: dict[str, Floats]) -> Floats:
        """(P, N) parameters that are scaled as potentials are, and should be whole."""

    def needs(
        self, weights: Floats, parameters: dict[str, Floats], dt: float, purpose: Purpose
    ) -> Needs:
        """What neurons with these (A, N) weights need of the state."""

    def strongest(self, parameters: dict[str, Floats]) -> Floats:
        """(N,) beyond this a weight acts no stronger; infinite where there is no such limit."""

    def error_bounds(
        self, weights: Floats, rounded: Floats, out: RoundedNeurons, purpose: Purpose
    ) -> ErrorBounds:
        """Bounds on the potential's error, with weights as asked and as a core holds them."""


@dataclass(frozen=True, eq=False)
class Purpose:
    """What quantisation has to know of a network beside its numbers.

    Attributes
    ----------
    subtract : neurons reset by subtracting the threshold.
    integrates : potentials integrate while refractory.
    bounds : what weights must be able to become, by learning; (0, 0) without.
    change : the smallest weight change that a rule makes, where it should be many units; else 0.
    plastic : (A, N) bool, synapses that learn; None: none.
    modulatory : (A,) bool, axons whose weights drive no current; None: none.
    groups : (N,) integers from 0, the population of each neuron; None: all of one.
    headroom : range of the state in multiples of the largest potential, at least.
    state_bits : fewest bits of a state that are chosen.
    """

    subtract: bool = False
    integrates: bool = False
    bounds: tuple[float, float] = (0.0, 0.0)
    change: float = 0.0
    plastic: Bools | None = None
    modulatory: Bools | None = None
    groups: Integers | None = None
    headroom: float = HEADROOM
    state_bits: int = STATE_BITS[0]

    @property
    def learns(self) -> bool:
        """Whether weights have bounds to learn between."""
        return self.bounds != (0.0, 0.0)


class Holding:
    """A network on its way to integers: what is exact, what is clipped, and how wide words are.

    Attributes
    ----------
    weights : (A, N) floats, strong ones clipped.
    weight_bits, state_bits : as given or chosen, after `choose_widths`.
    """

    def __init__(
        self,
        weights: Floats,
        parameters: dict[str, Floats],
        neuron: NeuronKind,
        dt: float,
        shared: bool,
        headroom: float | None,
        purpose: Purpose,
    ) -> None:
        self.weights, self._parameters, self._dt = weights, parameters, dt
        self._neuron = neuron
        self._shared, self._headroom, self._purpose = shared, headroom, purpose
        self._values = neuron.whole(parameters)
        self._columns = self._look(weights)
        self.weight_bits = self.state_bits = 0

    def _look(self, weights: Floats) -> Columns:
        bounds = self._purpose.bounds
        if self._shared:
            plain = Columns(weights, self._values, *(np.zeros(weights.shape[1]),) * 4)  # type: ignore[arg-type]
            return plain.together(bounds)
        return Columns.of(weights, self._values, bounds)

    def choose_widths(self, weight_bits: int | None, state_bits: int | None) -> None:
        """Take the widths that are given, choose the others, and clip what is too strong for them."""
        purpose = self._purpose
        most = weight_bits or exact_weight_bits(self._columns)
        exact = self._exact(most)
        strong = self._strong() & ~exact
        if strong.any():
            self.weights = np.clip(self.weights, *self._strongest(strong))
            self._columns = self._look(self.weights)
            most = weight_bits or exact_weight_bits(self._columns)
            exact = self._exact(most)
        if weight_bits is None:
            weight_bits = most
            if not np.all(exact):
                groups = purpose.groups
                groups = np.zeros(len(exact), dtype=np.int64) if groups is None else groups
                fine = fine_weight_bits(self._columns, ~exact, groups)
                weight_bits = max(weight_bits, fine)
            if purpose.change:
                wide = learning_weight_bits(self._columns, purpose.change)
                weight_bits = max(weight_bits, wide)
        self.weight_bits = weight_bits
        self._need = self._needs()
        if state_bits is None:
            exact = self._exact(weight_bits)
            state_bits = state_width(self._columns, self._need, exact, weight_bits, purpose.learns)
            state_bits = max(state_bits, purpose.state_bits)
        self.state_bits = state_bits

    def choose(self, shift: int | None) -> Choice:
        """Shift and scales."""
        return choose(
            self._columns, self._need, self.weight_bits, self.state_bits, shift=shift,
            shared=self._shared, finest=self._purpose.learns,
        )  # fmt: skip

    def _needs(self) -> Needs:
        weights = np.where(driving(self.weights, self._purpose), self.weights, 0.0)
        need = self._neuron.needs(weights, self._parameters, self._dt, self._purpose)
        if self._headroom is None:
            return need
        room = self._headroom * need.peak
        return dataclasses.replace(
            need, range=room, least=np.maximum(room, need.peak), exact_range=room
        )

    def _exact(self, weight_bits: int) -> Bools:
        """(N,) which columns so many bits of weights hold exactly, with some shift."""
        ranges = self._columns.full_range(weight_bits)
        return np.isfinite(self._columns.least) & np.any(
            [
                self._columns.exact_scale(k) <= ranges * 2.0**k * SLACK
                for k in range(MAX_WEIGHT_SHIFT + 1)
            ],
            axis=0,
        )

    def _strong(self) -> Bools:
        """(N,) which neurons have a weight that is stronger than any needs to be."""
        low, high = self._strongest(np.ones(self.weights.shape[1], dtype=bool))
        return np.asarray(np.any((self.weights < low) | (self.weights > high), axis=0))

    def _strongest(self, neurons: Bools) -> tuple[Floats, Floats]:
        """Bounds for the weights of these neurons, (A, N); infinite where none applies."""
        purpose = self._purpose
        bounded = np.where(neurons, self._neuron.strongest(self._parameters), np.inf)
        limit = np.where(driving(self.weights, purpose), bounded, np.inf)
        if purpose.plastic is not None:
            limit = np.where(purpose.plastic, np.inf, limit)
        # What is above a threshold that is only subtracted makes further spikes.
        return -limit, np.full_like(limit, np.inf) if purpose.subtract else limit


def driving(weights: Floats, purpose: Purpose) -> Bools:
    """(A, N) which synapses drive currents."""
    driving = np.ones(weights.shape, dtype=bool)
    if purpose.modulatory is not None:
        driving[purpose.modulatory] = False
    return driving


def fixed_choice(
    weights: Floats, scale: float, weight_bits: int, shift: int | None, bounds: tuple[float, float]
) -> Choice:
    """A scale that was given, with the least shift that clips nothing, if there is one."""
    fits = [k for k in _shifts(shift) if _clips_nothing(weights, scale, weight_bits, k, bounds)]
    chosen = fits[0] if fits else _shifts(shift)[-1]
    whole = weights * (scale / 2.0**chosen)
    exact = np.all(_is_whole(whole), axis=0)
    return Choice(chosen, np.full(weights.shape[1], scale), exact)


def fixed_widths(
    weights: Floats,
    parameters: dict[str, Floats],
    neuron: NeuronKind,
    dt: float,
    scale: float,
    shift: int | None,
    purpose: Purpose,
) -> tuple[int, int]:
    """Fewest bits of weights and states that hold everything at a scale that was given."""
    exact = [
        bits
        for bits in range(WEIGHT_BITS[0], WEIGHT_BITS[1] + 1)
        for k in _shifts(shift)
        if _clips_nothing(weights, scale, bits, k, purpose.bounds)
        and np.all(_is_whole(weights * (scale / 2.0**k)))
    ]
    least = neuron.needs(weights, parameters, dt, purpose).least
    largest = min(float(np.max(least, initial=1.0)) * scale, 2.0**40)
    bits = int(np.ceil(np.log2(largest / SLACK + 1))) + 1
    state_bits = min(max(STATE_BITS[0], purpose.state_bits, bits), MOST_STATE_BITS)
    return min(exact, default=WEIGHT_BITS[0]), state_bits


def _shifts(shift: int | None) -> list[int]:
    return list(range(MAX_WEIGHT_SHIFT + 1)) if shift is None else [shift]


def _clips_nothing(
    weights: Floats, scale: float, bits: int, shift: int, bounds: tuple[float, float]
) -> bool:
    high = (1 << (bits - 1)) - 1
    largest = max(float(weights.max(initial=0.0)), bounds[1]) * scale
    smallest = min(float(weights.min(initial=0.0)), bounds[0]) * scale
    unit = 2.0**shift * SLACK
    return largest <= high * unit and -smallest <= (high + 1) * unit


def _is_whole(values: Floats) -> Bools:
    return np.asarray(np.abs(values - np.rint(values)) < 1e-6)
