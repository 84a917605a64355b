"""Networks as a user describes them: populations of neurons, and projections between them.

Times are in seconds; weights have the unit of the neurons' potentials (`spikeloom.network.neurons`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.neurons import find_neuron

from ..quantise.arrays import flag, real_array, real_number
from ..quantise.delays import delay_deviation, delay_steps
from ..quantise.rounding import Floats, Integers, ParameterDeviation
from .connections import ORIENTATION, connections
from .learning_rules import LearningRule
from .limits import check_size, check_synapses
from .neuron import Neuron
from .neurons import IF, LIF

__all__ = ["IF", "LIF", "Network", "Population", "Projection"]


@dataclass(frozen=True, eq=False)
class Population:
    """A named group of `size` neurons, or of inputs (`neuron` is None)."""

    name: str
    size: int
    neuron: Neuron | None = None
    report: bool = True

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        kind = "input" if self.neuron is None else type(self.neuron).__name__
        return f"<{self.name}: {self.size} × {kind}>"


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses from every source to every target.

    Attributes
    ----------
    weights : (source.size, target.size) floats.
    plastic : (source.size, target.size) bool, which of them learn.
    modulatory : their spikes drive the targets' modulators, not their currents.
    delays : (source.size, target.size) steps that each synapse adds to the shortest delay.
    axonal_delay : steps that a spike is longer on its way to all of these synapses.
    deviations : how delays were rounded, where that changed them.
    """

    source: Population
    target: Population
    weights: Floats
    plastic: NDArray[np.bool_]
    modulatory: bool
    delays: Integers
    axonal_delay: int = 0
    deviations: tuple[ParameterDeviation, ...] = ()

    @property
    def synapses(self) -> NDArray[np.bool_]:
        """(source.size, target.size) bool: where there is a synapse, a weight or one to learn."""
        return (self.weights != 0) | self.plastic

    def __repr__(self) -> str:
        there = self.weights[self.synapses]
        values = f", weights {there.min():.4g}…{there.max():.4g}" if there.size else ""
        learns = int(self.plastic.sum())
        kind = f", {learns} plastic" * bool(learns) + ", modulatory" * self.modulatory
        return (
            f"<{self.source.name} → {self.target.name}: {there.size} of {self.weights.size} "
            f"synapses{values}{kind}>"
        )


class Network:
    """Populations and projections, in floats.  `spikeloom.compiler.compile.compile` makes a `Design`.

    Parameters
    ----------
    dt : length of a time step in seconds.
    learning : the rule by which plastic synapses learn (`spikeloom.network.learning_rules`); one for all.

    Attributes
    ----------
    inputs, populations : `Population`s of inputs and of neurons, by name, in order.
    projections : all `Projection`s; several between the same pair add.
    """

    def __init__(self, dt: float = 1e-3, learning: LearningRule | None = None) -> None:
        advice = "give the length of a time step in seconds, e.g. 1e-3"
        if real_number("dt", dt, advice) <= 0:
            raise InputError(f"dt is {dt!r}; {advice}")
        if learning is not None and not isinstance(learning, LearningRule):
            raise InputError(f"learning is {learning!r}; give a rule, e.g. PairSTDP(…)")
        self.dt = float(dt)
        self.learning = learning
        self.inputs: dict[str, Population] = {}
        self.populations: dict[str, Population] = {}
        self.projections: list[Projection] = []

    def __repr__(self) -> str:
        inputs = ", ".join(f"{p.name} ({p.size})" for p in self.inputs.values()) or "no inputs"
        neurons = (
            f"{p.name} ({p.size} {type(p.neuron).__name__})" for p in self.populations.values()
        )
        synapses = sum(int(p.synapses.sum()) for p in self.projections)
        rule = f", learning by {type(self.learning).__name__}" if self.learning else ""
        return (
            f"<Network {inputs} → {', '.join(neurons) or 'no neurons'}: {len(self.projections)} "
            f"projections, {synapses} synapses, steps of {self.dt * 1e3:g} ms{rule}>"
        )

    def __iter__(self) -> Iterator[Population]:
        yield from self.inputs.values()
        yield from self.populations.values()

    def input(self, name: str, size: int) -> Population:
        """Add `size` inputs, which the host drives with spikes."""
        self.inputs[name] = self._new(name, size)
        return self.inputs[name]

    def population(self, name: str, size: int, neuron: Neuron, report: bool = True) -> Population:
        """Add `size` neurons; with `report`, their spikes are sent to the host."""
        if not isinstance(neuron, Neuron):
            raise InputError(f"neuron is {neuron!r}; give an IF(…) or a LIF(…)")
        find_neuron(neuron.model)
        population = self._new(name, size, neuron, flag("report", report))
        neuron.parameters(size)
        self.populations[name] = population
        return population

    def _new(
        self, name: str, size: int, neuron: Neuron | None = None, report: bool = True
    ) -> Population:
        if not isinstance(name, str) or not name:
            raise InputError(f"name is {name!r}; give a non-empty string")
        if name in self.inputs or name in self.populations:
            raise InputError(f"there is a population {name!r} already; choose another name")
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise InputError(f"size of {name!r} is {size!r}; give a positive integer")
        check_size(name, size)
        return Population(name, int(size), neuron, report)

    def connect(
        self,
        source: Population,
        target: Population,
        weights: Any = None,
        *,
        weights_post_pre: Any = None,
        weight: float | None = None,
        plastic: ArrayLike = False,
        modulatory: bool = False,
        delay: ArrayLike | None = None,
        axonal_delay: float | None = None,
    ) -> Projection:
        """Add synapses from `source` to `target`, which may be the same population.

        A spike acts `delay + axonal_delay` later.  Learning hears of it after `axonal_delay`: a
        synapse's own `delay` is behind the place where it learns.

        Parameters
        ----------
        weights : of the synapses, one of

            - finite floats of shape (source.size, target.size), pre × post: a row for each source;
            - a number, for synapses from all sources to all targets;
            - a scipy sparse matrix of that shape: its entries are the synapses;
            - a list of tuples (i, j, weight) or (i, j, weight, delay), from source i to target j;
            - "one_to_one" with `weight`, or `spikeloom.one_to_one(weight)`;
            - `spikeloom.random_connections(p, weight, seed=…)`.
        weights_post_pre : a matrix of shape (target.size, source.size) in place of `weights`, a row for
            each target; then `plastic` and `delay` have its orientation, too.  A square matrix that is
            transposed cannot be told from one that is not.
        weight : of the synapses of "one_to_one".
        plastic : whether they learn, also those of weight 0; or a bool array of the weights' shape.
            True stands for the synapses that there are, and for a dense matrix for all.
        modulatory : a spike's weight is added to the target's modulator instead of its current; for
            rules that have one.  Then all projections of `source` are modulatory.
        delay : of the synapses in seconds, rounded to time steps: a number, or an array of the
            weights' shape.  Between neurons 1…64 steps, default 1; from inputs 0…63, default 0.
        axonal_delay : in seconds, 0…63 steps, for all synapses of the projection; default 0, which
            is all that inputs have.
        """
        for end in (source, target):
            if not any(end is known for known in self):
                raise InputError(
                    f"{end!r} is not a population of this network; give what input(…) or "
                    "population(…) returned"
                )
        if target.neuron is None:
            raise InputError(f"{target!r} cannot be a target: inputs are driven by the host")
        check_synapses(source.name, source.size, target.name, target.size)
        made = connections(
            (source.name, source.size), (target.name, target.size), weights, weights_post_pre, weight,
            plastic, delay, (source.neuron is not None) * self.dt,
        )  # fmt: skip
        weights, plastic, delay = made.weights, made.plastic, made.delay
        array = real_array("weights", weights)
        shape = (source.size, target.size)
        if array.shape != shape:
            raise InputError(
                f"weights have shape {array.shape}; from {source!r} to {target!r} "
                f"give {shape}, {ORIENTATION}"
            )
        if not np.all(np.isfinite(array)):
            raise InputError("weights contain NaN or infinity; give finite numbers")
        if isinstance(plastic, np.ma.MaskedArray):
            raise InputError(
                "plastic is a masked array; give plain booleans, e.g. plastic.filled(False)"
            )
        try:
            learns = np.asarray(plastic)
        except ValueError:
            raise InputError("plastic has rows of unequal length; give a bool array") from None
        modulatory = flag("modulatory", modulatory)
        if learns.dtype.kind != "b" or learns.shape not in ((), shape):
            given = (
                f"an array of {learns.dtype}, shape {learns.shape}"
                if learns.ndim
                else repr(plastic)
            )
            raise InputError(
                f"plastic is {given}; give True, False, or a bool array of shape {shape}, {ORIENTATION}"
            )
        self._check_learning(source, bool(learns.any()), modulatory)
        learns = np.array(np.broadcast_to(learns, shape))
        projection = Projection(
            source, target, array, learns, modulatory,
            *self._delays(source, (array != 0) | learns, delay, axonal_delay),
        )  # fmt: skip
        self.projections.append(projection)
        return projection

    def _delays(
        self,
        source: Population,
        used: NDArray[np.bool_],
        delay: ArrayLike | None,
        axonal_delay: float | None,
    ) -> tuple[Integers, int, tuple[ParameterDeviation, ...]]:
        """The last three attributes of a `Projection`."""
        least = 0 if source.neuron is None else 1
        given = least * self.dt if delay is None else delay
        steps = delay_steps("delay", given, self.dt, used.shape, least)
        found = [delay_deviation("delay", given, self.dt, steps, least, used)]
        late = 0.0 if axonal_delay is None else axonal_delay
        axonal = delay_steps("axonal_delay", late, self.dt, (), 0)
        if axonal and source.neuron is None:
            raise InputError(
                f"{source!r} cannot have an axonal_delay: the host says when its spikes come; "
                "give a delay, or shift the spikes"
            )
        found.append(delay_deviation("axonal_delay", late, self.dt, axonal, 0))
        return steps, int(axonal), tuple(d for d in found if d)

    def _check_learning(self, source: Population, plastic: bool, modulatory: bool) -> None:
        if plastic and self.learning is None:
            raise InputError(
                "plastic synapses need a rule; create the network with one: "
                "Network(learning=PairSTDP(…))"
            )
        if modulatory and not (self.learning and self.learning.modulated):
            raise InputError(
                "modulatory synapses need a rule with a modulator; create the network with one: "
                "Network(learning=ThreeFactor(…))"
            )
        if any(p.modulatory != modulatory for p in self.projections if p.source is source):
            raise InputError(
                f"{source!r} cannot be modulatory and not; an axon is one or the other: "
                "connect from another input or population"
            )
