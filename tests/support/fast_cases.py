"""Cases on which the fast model has to equal the golden model, and what is compared."""

import contextlib
import dataclasses
import os

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from spikeloom.sim import GoldenCore
from spikeloom.sim.fast import FastCore, synapses

CASES = int(os.environ.get("SPIKELOOM_FAST_CASES", "60"))
"""Random cases of each test; the four tests run four times as many."""

cases = settings(max_examples=CASES)
SEEDS = st.integers(0, 2**32 - 1)
STORAGES = st.sampled_from(["chosen", "rows", "lists"])


@contextlib.contextmanager
def storage(kind):
    """Let synapses be stored as whole rows wherever possible, or never."""
    limits = synapses.DENSE, synapses.DENSE_PLASTIC
    if kind != "chosen":
        synapses.DENSE = synapses.DENSE_PLASTIC = 0.0 if kind == "rows" else 2.0
    try:
        yield
    finally:
        synapses.DENSE, synapses.DENSE_PLASTIC = limits


def assert_same(golden, fast):
    """All that the two cores hold is equal."""
    assert fast.step_number == golden.step_number
    for group in ("states", "axon_states", "neuron_states", "counters"):
        ours, theirs = getattr(fast, group), getattr(golden, group)
        assert ours.keys() == theirs.keys()
        for name, values in theirs.items():
            assert np.array_equal(ours[name], values), name
    for name in ("weights", "arrivals", "later_arrivals", "pending"):
        assert np.array_equal(getattr(fast, name), getattr(golden, name)), name
    if golden.eligibility is None:
        assert fast.eligibility is None
    else:
        assert np.array_equal(fast.eligibility, golden.eligibility)


def disturb(cores, rng):
    """Write to both what a device may write between steps."""
    config = cores[0].config
    layout = config.layout
    fields = {f.name: f for f in (*layout.states, *layout.axon_states, *layout.neuron_states)}
    for group in ("states", "axon_states", "neuron_states"):
        for name, values in getattr(cores[0], group).items():
            if rng.random() < 0.2:
                low, high = fields[name].minimum, fields[name].maximum
                new = rng.integers(low, high, values.shape, endpoint=True)
                for core in cores:
                    getattr(core, group)[name][:] = new
    new_arrivals = rng.random(cores[0].arrivals.shape) < 0.5
    later = rng.random(cores[0].later_arrivals.shape) < 0.2
    sums = rng.integers(-5, 5, cores[0].pending.shape) << rng.integers(0, 6)
    shape, keeps = (config.axons, config.neurons), rng.random(7) < 0.7
    eligibilities = rng.integers(-8, 8, shape)
    bound = 1 << (config.weight_bits - 1)
    weights = np.where(rng.random(shape) < 0.5, rng.integers(-bound, bound, shape), 0)
    decays = {f.name: rng.integers(0, 4096, endpoint=True) for f in layout.learning if is_decay(f)}
    constants = {
        f.name: np.full(config.neurons, rng.integers(0, 4096, endpoint=True))
        for f in layout.parameters
        if is_decay(f)
    }
    fewer = rng.random(shape) < 0.5
    for core in cores:
        if not keeps[6]:
            core.image = dataclasses.replace(core.image, plastic=core.image.plastic & fewer)
        if not keeps[5]:
            core.image = dataclasses.replace(
                core.image,
                parameters=core.image.parameters | constants,
                learning=core.image.learning | {name: int(d) for name, d in decays.items()},
            )
        if not keeps[0]:
            core.arrivals, core.later_arrivals = new_arrivals, later
        if not keeps[1] and config.delay_slots > 1:
            core.pending = np.clip(sums, 1 - bound, bound - 1)
        if not keeps[2] and core.eligibility is not None:
            core.eligibility = eligibilities
        if not keeps[3]:
            core.image = dataclasses.replace(core.image, weights=weights)
        if not keeps[4] and config.learning is not None and core.batch == 1:
            enabled = {"enabled": int(not core.image.learning["enabled"])}
            core.image = dataclasses.replace(core.image, learning=core.image.learning | enabled)


def is_decay(field):
    return field.unit == "decay"


def compare(image, seed, *, batch=1, parts=4, longest=9):
    """Run both in parts, with changes in between; returns the counters."""
    rng = np.random.default_rng(seed)
    golden, fast = cores = GoldenCore(image, batch), FastCore(image, batch)
    first = int(rng.choice([0, 1, 5, 2**32 - 3]))
    for core in cores:
        core.step_number = first
    for _ in range(parts):
        shape = (batch, int(rng.integers(0, longest, endpoint=True)), image.config.axons)
        raster = rng.random(shape) < rng.choice([0.0, 0.1, 0.4, 1.0])
        assert np.array_equal(fast.run(raster), golden.run(raster))
        assert_same(golden, fast)
        if rng.random() < 0.3:
            disturb(cores, rng)
        ids = rng.integers(0, image.config.axons + 2, rng.integers(0, 5)).tolist()
        for core in cores:
            core.inject_ids(ids, sample=batch - 1)
            core.inject_ids([0, 0], step=(core.step_number - 1) % 2**32)
        assert np.array_equal(fast.step(), golden.step())
        assert_same(golden, fast)
    return {name: int(values.sum()) for name, values in golden.counters.items()}
