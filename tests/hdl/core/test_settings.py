"""Settings: what was written last is in the register, and reads back whole."""

import functools

import gateware
import pytest
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.core.settings import Settings

RULE = LearningConfig(rule="three_factor")
CONFIGS = {
    "shared": CoreConfig(neurons=3, axons=3, bias=True, refractory_bits=3),
    "of a rule": CoreConfig(neurons=3, axons=3, parameters="per_neuron", learning=RULE),
    "both": CoreConfig(neurons=3, axons=3, learning=RULE),
}


def fields_of(config):
    """By place (of_rule, index), the field and the record that has it."""
    found = {}
    if config.parameters == "shared":
        found |= {(0, k): (f, "parameters") for k, f in enumerate(config.layout.parameters)}
    if config.learning is not None:
        found |= {(1, k): (f, "learning") for k, f in enumerate(config.layout.learning)}
    return found


@functools.cache
def bench(name):
    dut = Settings(CONFIGS[name])
    return dut, Bench(dut)


@pytest.mark.parametrize("name", CONFIGS)
@quick()
@given(
    accesses=st.lists(
        st.tuples(st.integers(0, 99), st.none() | st.integers(0, (1 << 32) - 1)), max_size=30
    )
)
def test_a_register_is_what_was_written_last(name, accesses):
    dut, simulation = bench(name)
    fields = fields_of(CONFIGS[name])
    places = list(fields)

    async def testbench(ctx):
        written = {}
        for number, data in accesses:
            place = of_rule, index = places[number % len(places)]
            value = await gateware.access(ctx, dut.access, data, of_rule=of_rule, index=index)
            if data is not None:
                written[place] = data
            elif place in written:
                assert value == written[place]
            for known, word in written.items():
                field, record = fields[known]
                mask = (1 << field.bits) - 1
                held = ctx.get(getattr(dut, record)[field.name])
                assert held & mask == word & mask
            await ctx.tick()
            assert ctx.get(dut.access.value) == 0

    simulation.run(testbench)
