"""Many cores against as many golden models that exchange spikes by the table of destinations."""

from dataclasses import replace

import numpy as np
import pytest
from core_driver import Driver, states_of
from gateware import Bench

from spikeloom.hdl import CoreConfig, FabricConfig, Image
from spikeloom.hdl.contract.memory_map import CORE_SHIFT, DESTINATION_LAST, DESTINATIONS, Region
from spikeloom.hdl.fabric.fabric import Fabric
from spikeloom.sim import GoldenCore
from spikeloom.sim.cosim.cases import random_config, random_design


class FabricDriver(Driver):
    """Drives a fabric as one core; `at(core)` makes it read and write in one of them."""

    def __init__(self, ctx, fabric, config):
        super().__init__(ctx, fabric, config.core)
        self.fabric, self._named = config, 0

    def at(self, core):
        self._named = core << CORE_SHIFT
        return self

    async def access(self, address, data=None):
        return await super().access(address | self._named, data)


class GoldenFabric:
    """Golden cores that know nothing of each other; their spikes are carried by hand."""

    def __init__(self, images):
        self.images = images
        self.cores = [GoldenCore(replace(image, destinations=None)) for image in images]
        self.unknown = 0

    def inject(self, core, axon):
        self.arrive(core, axon)

    def arrive(self, core, axon, delay=0):
        golden = self.cores[core]
        bitmap = golden.later_arrivals[0, delay - 1] if delay else golden.arrivals[0]
        golden.counters["duplicates"] += bitmap[axon]
        bitmap[axon] = True

    def step(self):
        """(core, neuron) of the reported spikes, in rising order."""
        fired = [core.step()[0] for core in self.cores]
        for image, spikes in zip(self.images, fired, strict=True):
            for neuron, core, axon, delay in image.destinations:
                if spikes[neuron] and core < len(self.cores):
                    self.arrive(core, axon, delay)
                self.unknown += spikes[neuron] and core >= len(self.cores)
        return [
            (k, int(j))
            for k, (image, spikes) in enumerate(zip(self.images, fired, strict=True))
            for j in np.flatnonzero(spikes & image.report)
        ]

    def counts(self):
        total = {
            name: sum(int(core.counters[name][0]) for core in self.cores)
            for name in self.cores[0].counters
        }
        return total | {"steps": total["steps"] // len(self.cores), "unknown": self.unknown}


def random_fabric(rng, columns, rows):
    """Small cores with any options, and destinations of which some point nowhere."""
    lanes = int(rng.choice([1, 2]))
    settings = random_config(rng).to_dict() | {
        "neurons": lanes * int(rng.integers(1, 4)) + int(rng.integers(0, lanes)),
        "axons": int(rng.choice([1, 5, 9])),
        "lanes": lanes,
        "route_entries": 17,
        "delay_slots": int(rng.choice([1, 4])),
        "axonal_delay_slots": int(rng.choice([1, 4])),
    }
    config = FabricConfig(CoreConfig.from_dict(settings), columns, rows)
    images = []
    for _ in range(config.cores):
        alone = replace(config.core, route_entries=0, axonal_delay_slots=1)
        image = random_design(alone, rng).image
        delays = rng.integers(0, config.core.delay_slots, image.weights.shape)
        every = [
            (j, k, i, d)
            for j in range(config.core.neurons)
            for k in range(config.cores + 1)
            for i in range(config.core.axons)
            for d in range(config.core.axonal_delay_slots)
        ]
        chosen = rng.choice(len(every), min(17, len(every)), replace=False)
        images.append(
            replace(
                image,
                config=config.core,
                routes=None,
                destinations=np.array(every)[chosen],
                delays=delays,
            )
        )
    return config, images


def simulate(config, program, seed=1):
    fabric = Fabric(config)

    async def testbench(ctx):
        driver = FabricDriver(ctx, fabric, config)
        await driver.power_up()
        await program(driver)

    Bench(fabric, seed).run(testbench)


@pytest.mark.parametrize("seed", range(8))
def test_cores_and_mesh_agree_with_golden_cores(seed):
    rng = np.random.default_rng(seed)
    columns, rows = [(1, 1), (2, 1), (1, 3), (2, 2)][seed % 4]
    config, images = random_fabric(rng, columns, rows)
    golden = GoldenFabric(images)

    async def program(driver):
        for k, image in enumerate(images):
            await driver.at(k).load(image)
        for _ in range(7):
            ids = []
            for _ in range(rng.integers(0, 2 * config.core.axons)):
                core, axon = (
                    int(rng.integers(0, config.cores)),
                    int(rng.integers(0, config.core.axons)),
                )
                golden.inject(core, axon)
                ids.append(core << config.axon_bits | axon)
            stalls = [*(rng.random(5) < 0.5), False]
            reported = await driver.step(ids, stalls)
            expected = [k << config.neuron_bits | j for k, j in golden.step()]
            assert reported == expected
        for _ in range(4):
            await driver.tick()
        for k, core in enumerate(golden.cores):
            assert await driver.at(k).states() == states_of(core)
            if config.core.learning is not None:
                np.testing.assert_array_equal(await driver.synapses("weight"), core.weights)
            sums, arrivals = await driver.under_way()
            np.testing.assert_array_equal(sums, core.pending[0])
            np.testing.assert_array_equal(arrivals[1:], core.later_arrivals[0])
        for name, count in golden.counts().items():
            if name in driver.counts and name not in ("cycles", "stalls"):
                assert driver.counts[name] == count, name

    simulate(config, program, seed)


CONFIG = FabricConfig(CoreConfig(neurons=3, axons=4, route_entries=5), columns=2, rows=1)


def test_destinations_read_back_and_what_does_not_exist_is_an_error():
    async def program(driver):
        base = Region.ROUTES.base + DESTINATIONS
        for k in range(2):
            for e in range(5):
                await driver.at(k).write(base + e, DESTINATION_LAST | k << 22 | e)
        for k in range(2):
            for e in range(5):
                assert await driver.at(k).read(base + e) == DESTINATION_LAST | k << 22 | e
        for address in (base + 5, base + DESTINATIONS, Region.ROUTES.base + 3):
            assert (await driver.at(1).access(address))[1]
        assert (await driver.at(2).access(base))[1]

    simulate(CONFIG, program)


def test_a_step_waits_for_packets_that_crowd_before_one_core():
    core = CoreConfig(neurons=4, axons=33, lanes=4, synapse="delta", route_entries=64)
    config = FabricConfig(core, columns=2, rows=2)
    rng = np.random.default_rng(3)
    parameters = {"v_threshold": 1, "bias": 1}
    images = []
    for k in range(config.cores):
        rows = [(j, 0, (16 * j + e + k) % core.axons, 0) for j in range(4) for e in range(16)]
        weights = rng.integers(-9, 10, (core.axons, core.neurons))
        images.append(Image(core, weights, parameters, destinations=rows))
    golden = GoldenFabric(images)

    async def program(driver):
        for k, image in enumerate(images):
            await driver.at(k).load(image)
        for _ in range(3):
            expected = [k << config.neuron_bits | j for k, j in golden.step()]
            assert await driver.step() == expected
            assert driver.counts["duplicates"] == golden.counts()["duplicates"]
            assert await driver.at(0).states() == states_of(golden.cores[0])

    simulate(config, program)


def test_a_step_waits_until_its_last_spike_was_reported():
    parameters = {"v_threshold": 1, "bias": 100}
    image = Image(
        CONFIG.core,
        np.zeros((4, 3), dtype=int),
        parameters,
        destinations=np.zeros((0, 4), dtype=int),
    )
    everyone = [k << CONFIG.neuron_bits | j for k in range(2) for j in range(3)]

    async def program(driver):
        for k in range(2):
            await driver.at(k).load(image)
        for _ in range(3):
            assert await driver.step(stalls=[*[True] * 60, False]) == everyone

    simulate(CONFIG, program)
