"""The golden model: one core, step by step, in integer NumPy, written from docs/reference/semantics.md.

This is the reference that hardware is compared with: read it beside that document.  Gateware and
golden model share only the contract (`CoreConfig`, `Image`), never an expression.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.hdl import NO_AXON, Image, ImageError
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.fields import STEP_NUMBERS
from spikeloom.hdl.contract.image import RunningImage

from .accumulators import Accumulators
from .arithmetic import Bools, Ints, count
from .learning import LearningRule
from .neurons.neurons import Golden, Neurons, Tally

COUNTERS = (
    "steps", "synaptic_operations", "spikes", "clamps", "duplicates", "unknown", "late",
    "weight_updates", "weight_clamps",
)  # fmt: skip


class GoldenCore:
    """One core that runs `batch` independent samples side by side.

    B is `batch`, A the number of axons, N of neurons.

    Parameters
    ----------
    image : weights, parameters and routes; `image.config` says which core it is.  Of the destinations
        all are on core 0: the golden model is one core, however many the network is placed on.
    batch : number of samples; each has its own state and counters, all share the image.  Only a
        batch of one can learn: a larger one raises `InputError` unless `enabled` is 0.

    Attributes
    ----------
    image : may be replaced between steps by another `Image` for the same configuration; states stay.
    weights : (A, N) int64, read-only: the weights in use, of which the core changes its own.
    states : of the neuron model, by name ("v", the potential, and what else it keeps), each (B, N)
        int64; may be overwritten between steps, by values in their range: others are not clamped
        where no sum of the step could take a potential out of it.
    axon_states, neuron_states : what the learning rule keeps, by name, (B, A) and (B, N) int64; may
        be overwritten between steps.
    eligibility : (A, N) int64, or None; may be overwritten between steps.
    arrivals : (B, A) bool, the axons with a spike for the next step; may be overwritten between steps.
    later_arrivals : (B, axonal_delay_slots − 1, A) bool, the same for the steps after it.
    pending : (B, K, D, N) int64, sums under way to neurons, for the next step and later ones, as
        `Accumulators` has them; all 0 with D = 1.  May be overwritten between steps.
    step_number : number of the next step; may be assigned.
    """

    def __init__(self, image: Image, batch: int = 1) -> None:
        if batch < 1:
            raise InputError(f"batch is {batch}; give at least 1")
        self.batch = batch
        self.config = c = image.config
        self._update: Golden = c.model.part("golden")
        self._counters = {name: np.zeros(batch, dtype=np.int64) for name in COUNTERS}
        self._tally: Tally = dict.fromkeys(COUNTERS, 0)
        self._no_modulation = np.zeros((batch, c.neurons), dtype=np.int64)
        self._image: Image
        self._learned = False  # the weights differ from those of `_image`
        self._accumulators = Accumulators(c, batch)
        self._learning: LearningRule | None = None
        if c.learning is not None:
            self._learning = c.learning.format.part("golden")(c, batch, self._tally)
        self.image = image
        self.reset()

    @property
    def image(self) -> Image:
        """The image with the weights in use, read-only: to change something, assign an image."""
        if self._learned and self._table:
            self._image = _frozen(dataclasses.replace(self._image, weights=self._table.matrix()))
            self._learned = False
        return self._image

    @image.setter
    def image(self, image: Image) -> None:
        if image.config != self.config:
            raise ImageError("the image is for another configuration; make a new core for it")
        own = _frozen(RunningImage.of(image))  # a copy, validated again
        destinations = _destinations(own)
        table = self._accumulators.table(own)
        if self._learning:
            self._learning.load(own, table)
        self._accumulators.load(own, table)
        self._neurons = Neurons(self.config, own.parameters, self._tally)
        self._image, self._destinations = own, destinations
        self._own_axons = self._find_own_axons()
        self._table, self._learned = table, False

    def reset(self) -> None:
        """Clear state, pending arrivals, step number and counters; the image stays, as learned."""
        shape = (self.batch, self.config.neurons)
        names = [f.name for f in self.config.layout.states]
        self.states = {name: np.zeros(shape, dtype=np.int64) for name in names}
        slots = self.config.axonal_delay_slots
        self._arrivals = np.zeros((self.batch, slots, self.config.axons), dtype=bool)
        self._arrived = self._arrivals[:, 0]
        self._flags = self._arrivals.reshape(self.batch, -1)
        self._accumulators.reset()
        for counter in self.counters.values():
            counter[:] = 0
        self.step_number = 0
        if self._learning:
            self._learning.reset()

    @property
    def counters(self) -> dict[str, Ints]:
        """By name, (B,) int64 each; the arrays stay the same."""
        for name, more in self._tally.items():
            self._counters[name] += more
            self._tally[name] = 0
        return self._counters

    @property
    def weights(self) -> Ints:
        """(A, N) int64, the weights in use, read-only."""
        if not (self._learned and self._table):
            return self._image.weights
        weights = self._table.matrix()
        weights.flags.writeable = False
        return weights

    @property
    def arrivals(self) -> Bools:
        """(B, A) bool, a view."""
        return self._arrivals[:, 0]

    @arrivals.setter
    def arrivals(self, values: Bools) -> None:
        self._arrivals[:, 0] = values

    @property
    def later_arrivals(self) -> Bools:
        """(B, axonal_delay_slots − 1, A) bool, a view."""
        return self._arrivals[:, 1:]

    @later_arrivals.setter
    def later_arrivals(self, values: Bools) -> None:
        self._arrivals[:, 1:] = values

    @property
    def pending(self) -> Ints:
        """(B, K, D, N) int64, the sums themselves."""
        pending = self._accumulators.pending.view()
        pending.flags.writeable = self.config.delay_slots > 1
        return pending

    @pending.setter
    def pending(self, values: Ints) -> None:
        if self.config.delay_slots == 1 and np.any(values):
            raise InputError("this core's synapses have no delays: nothing is under way to neurons")
        self._accumulators.pending[:] = values

    @property
    def axon_states(self) -> dict[str, Ints]:
        """States of axons by name, (B, A) int64; empty in a core without learning."""
        return self._learning.axon_states if self._learning else {}

    @property
    def neuron_states(self) -> dict[str, Ints]:
        """States of neurons that only learning uses, by name, (B, N) int64."""
        return self._learning.neuron_states if self._learning else {}

    @property
    def eligibility(self) -> Ints | None:
        """(A, N) int64, or None in a core without; assign all of it, or elements."""
        return self._learning.eligibility if self._learning else None

    @eligibility.setter
    def eligibility(self, values: Ints) -> None:
        if self.eligibility is None:
            raise InputError("this core has no eligibility; its learning rule does not use one")
        self.eligibility[:] = values

    def state(self, name: str) -> Ints:
        """(B, N) or (B, A) int64 copy of a state; `InputError` lists those that this core has."""
        states = self.states | self.axon_states | self.neuron_states
        if name not in states:
            raise InputError(f"no state {name!r} in this core; it has {', '.join(states)}")
        return states[name].copy()

    def inject(self, axons: ArrayLike) -> None:
        """Add host spikes to the next step: (B, A), or (A,) for a batch of one, of 0 and 1."""
        self._arrive(*_set_in(self._raster(axons)))

    def inject_ids(self, axons: Iterable[int], sample: int = 0, step: int | None = None) -> None:
        """Add host spikes to the next step of one sample, by axon id; an id may come repeatedly.

        Ids that the core does not have are dropped and counted as unknown.  With `step`, the step
        that the spikes are stamped for: if it is finished, one of the 2^31 before the next one, all
        are dropped and counted as late.
        """
        ids = np.fromiter(axons, dtype=np.int64)
        half = STEP_NUMBERS // 2
        due = self.step_number if step is None else step
        ahead = (due - self.step_number + half) % STEP_NUMBERS - half
        if ahead > 0:
            raise InputError(f"spikes for step {due}, but step {self.step_number} is the next")
        if ahead < 0:
            self.counters["late"][sample] += len(ids)
            return
        known = ids[(ids >= 0) & (ids < self.config.axons)]
        self.counters["unknown"][sample] += len(ids) - len(known)
        self._arrive(np.full(len(known), sample), known)

    def step(self) -> Bools:
        """Execute the next step; returns its spikes, (B, N) bool, reported or not."""
        c, neurons, learning, tally = self.config, self._neurons, self._learning, self._tally

        # 1. Arrive, 2. integrate.
        arrived = self._arrived
        flags = arrived.ravel()
        axons = flags.nonzero()[0]  # sample·A + axon: of a batch of one, the axons
        sums = self._accumulators.integrate(arrived, axons)
        if learning:
            learning.before_update(self.step_number, arrived, axons)

        # 3. Update.
        neurons.states, neurons.sums = self.states, sums
        neurons.largest_sum = self._accumulators.largest
        spikes = self._update(neurons)
        fired = spikes.ravel().nonzero()[0]  # sample·N + neuron

        if learning:
            modulation = sums[c.receptors] if len(sums) > c.receptors else self._no_modulation
            v = self.states["v"]
            learning.after_update(self.step_number, spikes, fired, v, modulation)
            self._learned = True

        # 4. Route.
        single = self.batch == 1
        tally["steps"] += 1
        tally["synaptic_operations"] += c.neurons * (len(axons) if single else count(arrived))
        if c.axonal_delay_slots == 1:
            flags[axons] = False
        else:
            self._arrivals[:, :-1] = self._arrivals[:, 1:]
            self._arrivals[:, -1] = False
        if len(fired):
            tally["spikes"] += len(fired) if single else count(spikes)
            if self._own_axons is not None:
                flags[self._own_axons.take(fired)] = True
            else:
                self._route(spikes)
        self.step_number = (self.step_number + 1) % STEP_NUMBERS
        return spikes

    def run(self, raster: ArrayLike) -> Bools:
        """Execute one step per row of a raster of host spikes.

        `raster` is (B, steps, A), or (steps, A) for a batch of one, of 0 and 1; the result is bool
        and has the same shape, with N in the place of A.
        """
        given = np.asarray(raster)
        steps = given.shape[-2] if given.ndim >= 2 else 0
        axons = self._raster(given, steps)
        shape = (steps, self.batch, self.config.neurons)
        spikes = [np.zeros((0, shape[2]), dtype=bool)]
        for t, busy in enumerate(np.any(axons, axis=(0, 2)).tolist()):
            if busy:
                self._arrive(*_set_in(axons[:, t]))
            spikes.append(self.step())
        together = np.concatenate(spikes).reshape(shape)
        return together.swapaxes(0, 1).copy() if given.ndim == 3 else together[:, 0]

    def _route(self, spikes: Bools) -> None:
        """Send the spikes to their destinations."""
        sources, places = self._destinations
        samples, entries = _set_in(spikes.take(sources, axis=1))
        self._arrive(samples, places.take(entries))

    def _find_own_axons(self) -> Ints | None:
        """(N,) the axon of each neuron, if each has one of its own, which its spike reaches at once.

        Of a batch of one: then no spike of a step is a duplicate, and its arrival a flag to be set.
        """
        sources, places = self._destinations
        own = np.array_equal(sources, np.arange(self.config.neurons))
        single = self.batch == self.config.axonal_delay_slots == 1
        return places if single and own and len(np.unique(places)) == len(places) else None

    def _arrive(self, samples: Ints, places: Ints) -> None:
        """Spikes of `samples`, in pairs with numbers slot·A + axon, set out; slot 0 is the next step.

        In a batch of one the samples are not looked at.
        """
        flags = self._flags
        before = count(flags)
        if self.batch == 1:
            flags.ravel()[places] = True
            given: Ints | int = len(places)
        else:
            flags[samples, places] = True
            given = np.bincount(samples, minlength=self.batch)
        self._tally["duplicates"] += given - (count(flags) - before)

    def _raster(self, values: ArrayLike, *steps: int) -> Bools:
        """Check 0 and 1 of shape (B, *steps, A), the B optional for a batch of one."""
        array = np.asarray(values)
        shape = (self.batch, *steps, self.config.axons)
        if array.shape != shape and not (self.batch == 1 and array.shape == shape[1:]):
            needed = f"({self.batch}, {'steps, ' * len(steps)}{self.config.axons})"
            raise InputError(f"spikes have shape {array.shape}; this core needs {needed}")
        spikes = array.astype(bool, copy=False)
        if spikes is not array and np.any(spikes != array):
            raise InputError("spikes have values other than 0 and 1")
        return spikes.reshape(shape)


def _set_in(flags: Bools) -> tuple[Ints, Ints]:
    """Samples and places where (B, places) flags are set: faster than `nonzero` in two dimensions."""
    return np.divmod(flags.ravel().nonzero()[0], flags.shape[1])


def _destinations(image: Image) -> tuple[Ints, Ints]:
    """Neurons, and what they drive: axonal delay·A + axon, (E,) each."""
    assert image.routes is not None
    if not image.config.route_entries:
        neurons = np.flatnonzero(image.routes != NO_AXON)
        return neurons, image.routes[neurons]
    neurons, cores, axons, delays = image.destinations.T
    if np.any(cores):
        raise ImageError(
            f"a destination is on core {max(cores)}, but this is one core; give the image of the "
            "whole network, with all destinations on core 0"
        )
    return neurons, delays * image.config.axons + axons


def _frozen(image: Image) -> Image:
    """The image, its arrays read-only."""
    for value in (*vars(image).values(), *image.parameters.values()):
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return image
