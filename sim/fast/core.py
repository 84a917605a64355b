"""The fast model: one core, run by run, compiled, and equal to the golden model to the bit.

It is written from docs/reference/semantics.md, and shares no arithmetic with the golden model or the
gateware.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig, Image, ImageError
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.fields import STEP_NUMBERS
from spikeloom.hdl.contract.image import RunningImage
from spikeloom.hdl.contract.neurons.adlif import ADLIF
from spikeloom.hdl.contract.neurons.lif import LIF
from spikeloom.hdl.contract.rules.lag_table import LAG_TABLE
from spikeloom.hdl.contract.rules.pair import PAIR
from spikeloom.hdl.contract.rules.rectangular import RECTANGULAR
from spikeloom.hdl.contract.rules.sdsp import SDSP
from spikeloom.hdl.contract.rules.symmetric import SYMMETRIC
from spikeloom.hdl.contract.rules.three_factor import THREE_FACTOR

from ..golden import COUNTERS
from .synapses import Stored
from .workspace import Samples, Workspace, host_spikes

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
_MODELS = (LIF, ADLIF)
_RULES = (PAIR, RECTANGULAR, SYMMETRIC, THREE_FACTOR, SDSP, LAG_TABLE)


def unsupported(config: CoreConfig) -> str:
    """What of a configuration the fast model does not have, as a noun; "" where it has everything."""
    if config.model not in _MODELS:
        return f"the neuron model {config.model.name!r}"
    if config.learning is not None and config.learning.format not in _RULES:
        return f"the learning rule {config.learning.format.name!r}"
    return ""


class FastCore:
    """One core that runs `batch` independent samples, in threads, with the interface of `GoldenCore`.

    B is `batch`, A the number of axons, N of neurons, K of the sums of a neuron, D the delay slots.

    Parameters
    ----------
    image : weights, parameters and routes; `image.config` says which core it is.
    batch : number of samples; each has its own state and counters, all share the image.  Only a
        batch of one can learn: a larger one raises `InputError` unless `enabled` is 0.
    threads : in which the samples run; default: as many as the machine has processors.

    Attributes
    ----------
    image : may be replaced between steps by another `Image` for the same configuration; states stay.
    states : of the neuron model, by name, each (B, N) int64; may be overwritten between steps.
    axon_states, neuron_states : what the learning rule keeps, by name, (B, A) and (B, N) int64; may
        be overwritten between steps.
    all_arrivals : (B, axonal_delay_slots, A) bool, the axons with a spike for the next step and for
        each of the later ones; `arrivals` and `later_arrivals` are views of it.
    pending : (B, K, D, N) int64, sums under way to neurons, for the next step and later ones; may be
        overwritten between steps.
    counters : by name (`COUNTERS`), each (B,) int64.  They do not wrap.
    step_number : number of the next step; may be assigned.

    Raises
    ------
    InputError : a batch below 1, one that would learn, or what `unsupported` names.
    """

    def __init__(self, image: Image, batch: int = 1, threads: int | None = None) -> None:
        if batch < 1:
            raise InputError(f"batch is {batch}; give at least 1")
        self.threads = (os.cpu_count() or 1) if threads is None else max(1, threads)
        missing = unsupported(image.config)
        if missing:
            raise InputError(f"the fast model does not have {missing}; use the golden model")
        self.batch = batch
        self.config = image.config
        self._image: Image
        self._stored: Stored | None = None
        self._workspaces: list[Workspace] = []
        self._eligibility_newer = False  # in the storage of the synapses than in `_eligibility`
        self._learned = False  # weights in the storage of the synapses differ from the image's
        self._eligibility: Ints | None = None
        if "eligibility" in self.config.layout.synapse_fields:
            self._eligibility = np.zeros((self.config.axons, self.config.neurons), dtype=np.int64)
        self.image = image
        self.reset()

    # What it holds

    @property
    def image(self) -> Image:
        """The image with the weights in use, read-only: to change something, assign an image."""
        if self._learned:
            assert self._stored is not None
            weights = self._image.weights.copy()
            self._stored.spread(self._stored.synapses.weights, weights)
            self._image = _frozen(dataclasses.replace(self._image, weights=weights))
            self._learned = False
        return self._image

    @image.setter
    def image(self, image: Image) -> None:
        if image.config != self.config:
            raise ImageError("the image is for another configuration; make a new core for it")
        if self.batch > 1 and image.learning.get("enabled"):
            raise InputError(
                f"a batch of {self.batch} samples cannot learn: they share the weights; "
                "give a batch of 1, or an image with enabled = 0"
            )
        if image.config.route_entries and np.any(image.destinations[:, 1]):
            raise ImageError(
                f"a destination is on core {max(image.destinations[:, 1])}, but this is one core; "
                "give the image of the whole network, with all destinations on core 0"
            )
        own = _frozen(RunningImage.of(image))  # a copy, validated again
        if self._stored is not None and not _same_synapses(self.image, own):
            self._forget_synapses()
        self._image, self._learned = own, False
        self._workspaces = []

    def _forget_synapses(self) -> None:
        """Let the next run store the synapses anew; what they hold is kept."""
        if self._eligibility is not None:
            self._eligibility = self.eligibility
        self._stored = None

    @property
    def weights(self) -> Ints:
        """(A, N) int64, the weights in use, read-only."""
        return self.image.weights

    @property
    def arrivals(self) -> Bools:
        """(B, A) bool, the axons with a spike for the next step, a view."""
        return self.all_arrivals[:, 0]

    @arrivals.setter
    def arrivals(self, values: Bools) -> None:
        self.all_arrivals[:, 0] = values

    @property
    def later_arrivals(self) -> Bools:
        """(B, axonal_delay_slots − 1, A) bool, the same for the steps after it, a view."""
        return self.all_arrivals[:, 1:]

    @later_arrivals.setter
    def later_arrivals(self, values: Bools) -> None:
        self.all_arrivals[:, 1:] = values

    @property
    def eligibility(self) -> Ints | None:
        """(A, N) int64, or None in a core without; assign all of it, or elements."""
        if self._eligibility is not None and self._eligibility_newer:
            assert self._stored is not None
            self._stored.spread(self._kept_eligibility, self._eligibility)
        # Whoever has the array may write to it: it is the newer one until the next run.
        self._eligibility_newer = False
        return self._eligibility

    @eligibility.setter
    def eligibility(self, values: Ints) -> None:
        held = self.eligibility
        if held is None:
            raise InputError("this core has no eligibility; its learning rule does not use one")
        held[:] = values

    def state(self, name: str) -> Ints:
        """(B, N) or (B, A) int64 copy of a state; `InputError` lists those that this core has."""
        states = self.states | self.axon_states | self.neuron_states
        if name not in states:
            raise InputError(f"no state {name!r} in this core; it has {', '.join(states)}")
        return states[name].copy()

    def reset(self) -> None:
        """Clear state, pending arrivals, step number and counters; the image stays, as learned."""
        c, layout = self.config, self.config.layout

        def zeros(fields: Iterable[object], size: int) -> dict[str, Ints]:
            return {f.name: np.zeros((self.batch, size), dtype=np.int64) for f in fields}  # type: ignore[attr-defined]

        self.states = zeros(layout.states, c.neurons)
        self.axon_states = zeros(layout.axon_states, c.axons)
        self.neuron_states = zeros(layout.neuron_states, c.neurons)
        if self._eligibility is not None:
            self._eligibility[:] = 0
            self._eligibility_newer = False
        self.all_arrivals = np.zeros((self.batch, c.axonal_delay_slots, c.axons), dtype=bool)
        sums = (self.batch, layout.accumulators, c.delay_slots, c.neurons)
        self.pending = np.zeros(sums, dtype=np.int64)
        self.counters = {name: np.zeros(self.batch, dtype=np.int64) for name in COUNTERS}
        self.step_number = 0

    # Running

    def inject(self, axons: ArrayLike) -> None:
        """Add host spikes to the next step: (B, A), or (A,) for a batch of one, of 0 and 1."""
        spikes = self._raster(axons)
        self.counters["duplicates"] += np.count_nonzero(spikes & self.arrivals, axis=1)
        self.arrivals |= spikes

    def inject_ids(self, axons: Iterable[int], sample: int = 0, step: int | None = None) -> None:
        """Add host spikes to the next step of one sample, by axon id; an id may come repeatedly.

        Ids that the core does not have are dropped and counted as unknown.  With `step`, the step
        that the spikes are stamped for: if it is finished, one of the 2^31 before the next one, all
        are dropped and counted as late.
        """
        ids = np.fromiter(axons, dtype=np.int64)
        ahead = 0 if step is None else (step - self.step_number) % STEP_NUMBERS
        if ahead >= STEP_NUMBERS // 2:
            self.counters["late"][sample] += len(ids)
            return
        if ahead:
            raise InputError(f"spikes for step {step}, but step {self.step_number} is the next")
        known = ids[(ids >= 0) & (ids < self.config.axons)]
        new = np.unique(known)
        new = new[~self.arrivals[sample, new]]
        self.counters["unknown"][sample] += len(ids) - len(known)
        self.counters["duplicates"][sample] += len(known) - len(new)
        self.arrivals[sample, new] = True

    def step(self) -> Bools:
        """Execute the next step; returns its spikes, (B, N) bool, reported or not."""
        return self.run_watched(None, 1)[0][:, 0]

    def run(self, raster: ArrayLike) -> Bools:
        """Execute one step per row of a raster of host spikes.

        `raster` is (B, steps, A), or (steps, A) for a batch of one, of 0 and 1; the result is bool
        and has the same shape, with N in the place of A.
        """
        given = np.asarray(raster)
        steps = given.shape[-2] if given.ndim >= 2 else 0
        spikes, _ = self.run_watched(self._raster(given, steps), steps)
        return spikes if given.ndim == 3 else spikes[0]

    def run_watched(
        self, raster: Bools | None, steps: int, watched: Sequence[tuple[str, int]] = ()
    ) -> tuple[Bools, Ints]:
        """Execute `steps` steps, and keep some states after each.

        Parameters
        ----------
        raster : (B, steps, A) bool, spikes of the host; None for none.
        watched : M pairs of the name of a state and the index of a neuron, or of an axon.

        Returns
        -------
        (B, steps, N) bool, the spikes; and (B, M, steps) int64, the states.
        """
        workspaces = self._ready()
        for workspace in workspaces:
            workspace.watch(watched)
        samples = Samples(self, workspaces[0])
        given = host_spikes(raster, self.batch)
        spikes = np.zeros((self.batch, steps, self.config.neurons), dtype=bool)
        values = np.zeros((self.batch, len(watched), steps), dtype=np.int64)

        def run_some(workspace: Workspace, some: range) -> None:
            workspace.run(samples, some, given, self.step_number, spikes, values)

        shares = _shares(self.batch, len(workspaces))
        if len(shares) == 1:
            run_some(workspaces[0], shares[0])
        else:
            with ThreadPoolExecutor(len(shares)) as threads:
                list(threads.map(run_some, workspaces, shares))
        samples.give_back(steps)
        if self.config.learning is not None and self._image.learning["enabled"]:
            self._learned = steps > 0 or self._learned
            self._eligibility_newer = self._eligibility is not None
        self.step_number = (self.step_number + steps) % STEP_NUMBERS
        return spikes, values

    def _ready(self) -> list[Workspace]:
        """A workspace for each thread, with the newest weights and eligibilities."""
        if self._stored is None:
            self._stored = Stored(self._image)
            kept = len(self._stored.synapses.weights) if self._eligibility is not None else 0
            self._kept_eligibility = np.zeros(kept, dtype=np.int32)
            self._workspaces = []
        if self._eligibility is not None and not self._eligibility_newer:
            self._stored.collect(self._eligibility, self._kept_eligibility)
        if not self._workspaces:
            self._workspaces = [
                Workspace(self._image, self._stored.synapses, self._kept_eligibility)
                for _ in range(min(self.threads, self.batch))
            ]
        return self._workspaces

    def _raster(self, values: ArrayLike, *steps: int) -> Bools:
        """Check 0 and 1 of shape (B, *steps, A), the B optional for a batch of one."""
        array = np.asarray(values)
        shape = (self.batch, *steps, self.config.axons)
        if array.shape != shape and not (self.batch == 1 and array.shape == shape[1:]):
            needed = f"({self.batch}, {'steps, ' * len(steps)}{self.config.axons})"
            raise InputError(f"spikes have shape {array.shape}; this core needs {needed}")
        spikes = array.astype(bool)
        if np.any(spikes != array):
            raise InputError("spikes have values other than 0 and 1")
        return spikes.reshape(shape)


def prepare() -> None:
    """Compile the model, or load what was compiled before; a run does it otherwise.

    All configurations are run by the same function, so this is done once.
    """
    config = CoreConfig(neurons=1, axons=1)
    FastCore(Image(config, np.zeros((1, 1), dtype=np.int64))).step()


def _shares(count: int, parts: int) -> list[range]:
    """0…count − 1 in so many ranges of about the same length."""
    ends = [count * k // parts for k in range(parts + 1)]
    return [range(begin, end) for begin, end in pairwise(ends)]


def _same_synapses(one: Image, other: Image) -> bool:
    """Two images for a configuration have the same weights, delays, plastic bits and modulatory axons."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("weights", "delays", "plastic", "modulatory")
    )


def _frozen(image: Image) -> Image:
    """The image, its arrays read-only."""
    for value in (*vars(image).values(), *image.parameters.values()):
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return image
