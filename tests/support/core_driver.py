"""A core in the simulator, driven as the command processor does it, and compared with the golden model."""

import numpy as np
from amaranth.hdl import Value
from gateware import TIMEOUT, Bench, pulse, until

from spikeloom.hdl import MemoryMap
from spikeloom.hdl.contract.memory_map import REGION_SHIFT, Region
from spikeloom.hdl.core import Core


def signed(word):
    """A bus word as a signed number."""
    return word - (word >> 31 << 32)


class Driver:
    """Does with a core what the command processor does, and counts.

    Attributes
    ----------
    counts : sums of the core's increments.
    """

    def __init__(self, ctx, core, config):
        self.ctx, self.core, self.config = ctx, core, config
        self.map = MemoryMap(config)
        self.counts = dict.fromkeys(core.increments.shape().members, 0)
        self.step_number = 0

    async def tick(self):
        ctx, increments = self.ctx, self.core.increments
        before = self.counts["steps"]
        if ctx.get(Value.cast(increments)):
            for name in self.counts:
                self.counts[name] += ctx.get(increments[name])
        await ctx.tick()
        if self.counts["steps"] != before:
            self.number(self.step_number + 1)

    def number(self, step):
        """The number of the next step."""
        self.step_number = step
        self.ctx.set(self.core.step, step)

    async def power_up(self):
        await until(self.ctx, self.core.ready)

    async def clear(self):
        await pulse(self.ctx, self.core.clear)
        assert not self.ctx.get(self.core.ready)
        await self.power_up()
        self.number(0)

    async def access(self, address, data=None):
        """Write, or read: (value, error)."""
        bus = self.core.bus
        self.ctx.set(bus.address, address)
        self.ctx.set(bus.write, data is not None)
        self.ctx.set(bus.data, data or 0)
        self.ctx.set(bus.valid, 1)
        await until(self.ctx, bus.done)
        answer = self.ctx.get(bus.value), self.ctx.get(bus.error)
        await self.ctx.tick()
        self.ctx.set(bus.valid, 0)
        await self.ctx.tick()
        return answer

    async def read(self, address):
        value, error = await self.access(address)
        assert not error
        return value

    async def write(self, address, word):
        _, error = await self.access(address, int(word) & 0xFFFFFFFF)
        assert not error

    async def load(self, image):
        synapses = {Region.SYNAPSES: "weight", Region.PLASTIC: "plastic", Region.DELAYS: "delay"}
        for base, words in self.map.image_blocks(image):
            field = synapses.get(base >> REGION_SHIFT)
            if field is None:
                for k, word in enumerate(words.tolist()):
                    await self.write(base + k, word)
                continue
            rows = words.reshape(self.config.axons, -1)
            for (axon, k), word in np.ndenumerate(rows):
                await self.write(self.map.synapse_row(axon, field) + k, word)

    async def step(self, axons=(), stalls=(False,), *, gap=0):
        """Host spikes, then a step at once; returns the reported neurons in order."""
        ctx, core = self.ctx, self.core
        for axon in axons:
            ctx.set(core.arriving.payload, axon)
            ctx.set(core.arriving.valid, 1)
            assert ctx.get(core.arriving.ready)
            await self.tick()
            ctx.set(core.arriving.valid, 0)
            for _ in range(gap):
                await self.tick()
        ctx.set(core.start, 1)
        reported = []
        for cycle in range(TIMEOUT):
            ready = not stalls[cycle % len(stalls)]
            ctx.set(core.reported.ready, ready)
            if ready and ctx.get(core.reported.valid):
                reported.append(ctx.get(core.reported.payload))
            await self.tick()
            ctx.set(core.start, 0)
            if ctx.get(core.ready):
                return reported
        raise AssertionError("the step does not end")

    async def states(self):
        """All states by name, as lists: (N,) or (A,)."""
        c, layout = self.config, self.config.layout
        places = [(f.name, self.map.state(f.name), c.neurons) for f in layout.states]
        for f in layout.neuron_states:
            places.append((f.name, self.map.neuron_field(f.name), c.neurons))
        for f in layout.axon_states:
            places.append((f.name, self.map.axon_field(f.name), c.axons))
        return {
            name: [signed(await self.read(base + k)) for k in range(count)]
            for name, base, count in places
        }

    async def synapses(self, field):
        """(A, N) of a synapse field."""
        words = self.config.layout.synapse_fields[field].words_per_row
        rows = [self.map.synapse_row(axon, field) for axon in range(self.config.axons)]
        found = [await self.read(row + k) for row in rows for k in range(words)]
        return self.map.unpack_synapses(np.array(found), field)

    async def under_way(self):
        """Sums (K, D, N), and arrivals (slots, A), for the next step and later ones."""
        c = self.config
        shape = (c.layout.accumulators, c.delay_slots, c.neurons)
        sums = np.zeros(shape, dtype=np.int64)
        if c.delay_slots > 1:
            for k, d, j in np.ndindex(shape):
                sums[k, d, j] = signed(await self.read(self.map.pending(k, d, j)))
        arrivals = np.zeros((c.axonal_delay_slots, 32 * c.layout.arrival_words), dtype=bool)
        for slot, word in np.ndindex(c.axonal_delay_slots, c.layout.arrival_words):
            bits = await self.read(self.map.arrivals(slot) + word)
            arrivals[slot, 32 * word : 32 * word + 32] = bits >> np.arange(32) & 1
        assert not arrivals[:, c.axons :].any()
        return sums, arrivals[:, : c.axons]

    async def compare(self, golden):
        """States, synapses, what is under way and counters are those of the golden model."""
        assert await self.states() == states_of(golden)
        sums, arrivals = await self.under_way()
        np.testing.assert_array_equal(sums, golden.pending[0])
        np.testing.assert_array_equal(arrivals[0], golden.arrivals[0])
        np.testing.assert_array_equal(arrivals[1:], golden.later_arrivals[0])
        if self.config.delay_slots > 1:
            np.testing.assert_array_equal(await self.synapses("delay"), golden.image.delays)
        if self.config.learning is not None:
            np.testing.assert_array_equal(await self.synapses("weight"), golden.weights)
            if golden.eligibility is not None:
                np.testing.assert_array_equal(
                    await self.synapses("eligibility"), golden.eligibility
                )
        for name, count in golden.counters.items():
            if name in self.counts and name not in ("cycles", "stalls"):
                assert self.counts[name] == count[0], name


def simulate(config, program, seed=1):
    """Run `program(driver)` on a core whose memories begin with whatever the seed gives."""
    core = Core(config)

    async def testbench(ctx):
        driver = Driver(ctx, core, config)
        await driver.power_up()
        await program(driver)

    Bench(core, seed).run(testbench)


def states_of(golden):
    """All states by name, as lists: (N,) or (A,)."""
    states = golden.states | golden.neuron_states | golden.axon_states
    return {name: values[0].tolist() for name, values in states.items()}
