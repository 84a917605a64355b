"""Lanes with their conductor and the bus's way to synapses and sums, as a core connects them."""

import gateware
import numpy as np
from amaranth.hdl import Module
from amaranth.lib import wiring
from gateware import pulse, until

from spikeloom.hdl.contract.technology import Technology
from spikeloom.hdl.core.row_access import RowAccess
from spikeloom.hdl.core.sum_access import SumAccess
from spikeloom.hdl.lanes import Conductor, Lanes
from spikeloom.hdl.primitives.operations import take_latency

QUIET = 12
"""Cycles after which a pulse to the conductor has been seen."""


class Rig(wiring.Component):
    """Conductor, lanes and accesses of a configuration."""

    def __init__(self, config):
        self.config = config
        self.lanes = Lanes(config)
        self.conductor = Conductor(config, self.lanes.settle(Technology()))
        self.rows = RowAccess(config)
        self.sums = SumAccess(config) if config.delay_slots > 1 else None
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        c = self.config
        m.submodules.lanes = lanes = self.lanes
        m.submodules.conductor = conductor = self.conductor
        m.submodules.rows = rows = self.rows
        m.d.comb += [
            lanes.op.eq(conductor.op),
            conductor.touch.eq(rows.touch),
            conductor.touch_neuron.eq(rows.number),
            conductor.touch_axon.eq(rows.access.where.axon),
            conductor.host.eq(rows.host),
            lanes.value.eq(rows.value),
            rows.settled.eq(conductor.settled),
            rows.touched.eq(lanes.touched),
            rows.fields.weight.eq(lanes.sums[0]),
        ]
        for field in list(c.layout.synapse_fields)[1:]:
            m.d.comb += rows.fields[field].eq(lanes.fields[field])
        if self.sums is not None:
            m.submodules.sums = sums = self.sums
            m.d.comb += [
                conductor.peek.eq(sums.peek),
                conductor.put.eq(sums.put),
                conductor.accumulator.eq(sums.accumulator),
                sums.sums.eq(lanes.sums),
                lanes.entry.eq(sums.access.data),
            ]
            with m.If(sums.access.active):
                m.d.comb += [
                    conductor.touch_neuron.eq(sums.access.where.neuron),
                    conductor.slot.eq(sums.access.where.slot),
                ]
        return m


async def settle(ctx, rig):
    """Wait until nothing is under way."""
    await ctx.tick().repeat(QUIET)
    await until(ctx, rig.conductor.settled)


async def clear(ctx, rig):
    """Set the sums of all slots, whose contents are random, to 0."""
    for slot in range(rig.config.delay_slots):
        if rig.config.delay_slots > 1:
            ctx.set(rig.lanes.ring, slot)
        await take(ctx, rig, everything=True)
    if rig.config.delay_slots > 1:
        ctx.set(rig.lanes.ring, 0)


async def write(ctx, rig, field, values):
    """Write a synapse field, (A, N), word by word."""
    layout = rig.config.layout
    names = list(layout.synapse_fields)
    f = layout.synapse_fields[field]
    for axon, row in enumerate(np.asarray(values).tolist()):
        for word in range(f.words_per_row):
            part = row[word * f.per_word : (word + 1) * f.per_word]
            mask = (1 << f.bits) - 1
            data = sum((v & mask) << k * f.slot_bits for k, v in enumerate(part))
            where = {"field": names.index(field), "axon": axon, "word": word}
            await gateware.access(ctx, rig.rows.access, data, **where)
    await settle(ctx, rig)


async def read(ctx, rig, field):
    """Read a synapse field, (A, N)."""
    c, layout = rig.config, rig.config.layout
    names = list(layout.synapse_fields)
    f = layout.synapse_fields[field]
    found = np.zeros((c.axons, f.words_per_row * f.per_word), dtype=int)
    for axon, word in np.ndindex(c.axons, f.words_per_row):
        where = {"field": names.index(field), "axon": axon, "word": word}
        data = await gateware.access(ctx, rig.rows.access, **where)
        for k in range(f.per_word):
            value = data >> k * f.slot_bits & (1 << f.bits) - 1
            if f.signed:
                value -= value >> (f.bits - 1) << f.bits
            found[axon, word * f.per_word + k] = value
    assert not found[:, c.neurons :].any()
    return found[:, : c.neurons]


async def rows(ctx, rig, axons, *, add=1, gap=0):
    """Offer rows, some cycles apart; returns the cycles from the first until the last was taken."""
    conductor, cycles = rig.conductor, 0
    ctx.set(conductor.add, add)
    for axon in axons:
        ctx.set(conductor.rows.payload.axon, axon)
        ctx.set(conductor.rows.valid, 1)
        cycles += 1 + await until(ctx, conductor.rows.ready)
        await ctx.tick()
        ctx.set(conductor.rows.valid, 0)
        for _ in range(gap):
            await ctx.tick()
        cycles += gap
    return cycles


async def take(ctx, rig, *, everything=False):
    """Take the sums of all neurons, or of the padding as well; returns (accumulators, N)."""
    c, conductor = rig.config, rig.conductor
    await until(ctx, conductor.drained)
    await ctx.tick()  # as `StepSequence` does
    ctx.set(conductor.all_sums, everything)
    await pulse(ctx, conductor.take)
    count = c.layout.padded_neurons if everything else c.neurons
    found = np.zeros((c.layout.accumulators, count), dtype=int)
    begun = await until(ctx, conductor.taking)
    assert begun <= 1
    late = take_latency(c, 0) + 1
    for cycle in range(count + late):
        assert ctx.get(conductor.taking) == (cycle < count)
        if cycle >= late:
            found[:, cycle - late] = [ctx.get(total) for total in rig.lanes.sums]
        await ctx.tick()
    ctx.set(conductor.all_sums, 0)
    await settle(ctx, rig)
    return found
