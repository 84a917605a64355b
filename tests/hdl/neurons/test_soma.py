"""The soma: a stream of neurons, one per clock cycle, against the golden model."""

import dataclasses

import numpy as np
import pytest
from gateware import Bench

from spikeloom.hdl import Image
from spikeloom.hdl.contract.neurons import find_neuron
from spikeloom.hdl.primitives.operations import soma_latency
from spikeloom.sim import GoldenCore
from spikeloom.sim.cosim.cases import random_config, random_design

NEURONS, AXONS = 150, 5


def random_states(config, rng):
    """Values of every magnitude; one neuron in two is not refractory."""
    states = {}
    for field in config.layout.states:
        values = rng.integers(field.minimum, field.maximum, NEURONS, endpoint=True)
        values >>= rng.integers(0, field.bits, NEURONS)
        corner = rng.random(NEURONS)
        values = np.where(corner < 0.1, field.minimum, values)
        values = np.where(corner > 0.9, field.maximum, values)
        if field.name == "ref":
            values *= rng.integers(0, 2, NEURONS)
        states[field.name] = values
    return states


def golden_of(config, image, neurons):
    """The golden model of some neurons of an image."""
    part = Image(
        dataclasses.replace(config, neurons=len(neurons)),
        image.weights[:, neurons],
        {name: values[neurons] for name, values in image.parameters.items()},
    )
    return GoldenCore(part)


@pytest.mark.parametrize(
    ("model", "seed"), [("lif", seed) for seed in range(24)] + [("adlif", s) for s in range(12)]
)
def test_updates_each_neuron_of_a_stream(model, seed):
    rng = np.random.default_rng(seed)
    config = dataclasses.replace(
        random_config(rng, model),
        neurons=NEURONS,
        axons=AXONS,
        lanes=1,
        delay_slots=1,
    )
    image = random_design(config, rng).image
    states = random_states(config, rng)
    exists = rng.random(NEURONS) < 0.9

    # The sums that a soma is given are those of all axons.
    parts = [image.weights]
    if config.receptors == 2:
        parts = [np.maximum(image.weights, 0), np.minimum(image.weights, 0)]
    sums = [part.sum(axis=0) for part in parts]

    dut = find_neuron(model).part("soma")(config)
    late = soma_latency(config)
    fired, clamps = [], []
    found = {name: [] for name in states}

    async def testbench(ctx):
        for cycle in range(NEURONS + late):
            j = min(cycle, NEURONS - 1)
            ctx.set(dut.exists, bool(exists[j]))
            for receptor, values in enumerate(sums):
                ctx.set(dut.sums[receptor], int(values[j]))
            for name, values in image.parameters.items():
                ctx.set(dut.parameters[name], int(values[j]))
            for name, values in states.items():
                ctx.set(dut.state[name], int(values[j]))
            if cycle >= late:
                fired.append(ctx.get(dut.spike))
                clamps.append(ctx.get(dut.clamps))
                for name, values in found.items():
                    stays = states[name][cycle - late]
                    written = ctx.get(dut.writes[name])
                    values.append(ctx.get(dut.next_state[name]) if written else int(stays))
            await ctx.tick()

    Bench(dut).run(testbench)

    there = np.flatnonzero(exists)
    golden = golden_of(config, image, there)
    golden.states = {name: values[None, there] for name, values in states.items()}
    golden.inject(np.ones(AXONS, dtype=bool))
    spikes = golden.step()[0]
    np.testing.assert_array_equal(np.array(fired, dtype=bool)[there], spikes)
    for name, values in found.items():
        np.testing.assert_array_equal(np.array(values)[there], golden.states[name][0], name)
    assert sum(clamps) == golden.counters["clamps"][0]
    missing = np.flatnonzero(~exists)
    assert not any(fired[j] or clamps[j] for j in missing)
