"""The memory map: no two things at one address, and words that can be undone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from plastic_weights import within_bounds

from spikeloom.hdl import NO_AXON, CoreConfig, Image, LearningConfig, MemoryMap
from spikeloom.hdl.contract.core_config import MAX_AXONS, MAX_NEURONS
from spikeloom.hdl.contract.memory_map import (
    COUNTERS,
    MAGIC,
    REGION_SHIFT,
    ROUTE_AXON_MASK,
    ROUTE_DRIVES,
    ROUTE_REPORTS,
    Identity,
    Region,
)


@st.composite
def weights_of_cores(draw):
    bits = draw(st.integers(2, 16))
    config = CoreConfig(neurons=draw(st.integers(1, 40)), axons=3, weight_bits=bits)
    numbers = st.integers(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    return config, draw(npst.arrays(np.int64, (3, config.neurons), elements=numbers))


@given(case=weights_of_cores())
def test_weights_come_back(case):
    config, weights = case
    memory_map = MemoryMap(config)
    words = memory_map.pack_synapses(weights)
    assert words.dtype == np.uint32
    assert words.shape == (3, config.layout.words_per_row)
    np.testing.assert_array_equal(memory_map.unpack_synapses(words), weights)
    np.testing.assert_array_equal(memory_map.unpack_synapses(words.ravel()), weights)


@pytest.mark.parametrize(
    ("bits", "weights", "words"),
    [
        (2, [1, -2, 0, -1] * 4 + [1], [0xC9C9C9C9, 1]),
        (4, [7, -8, -1], [0x00000F87]),
        (5, [-16, 15, -1, 0, 1], [0x001F0F10, 1]),
        (8, [1, 2, 3, 4, -5], [0x04030201, 0x000000FB]),
        (16, [-2, 0x1234, 5], [0x1234FFFE, 0x00000005]),
    ],
)
def test_weights_in_words(bits, weights, words):
    config = CoreConfig(neurons=len(weights), axons=1, weight_bits=bits)
    packed = MemoryMap(config).pack_synapses(np.array([weights]))
    slot = config.layout.synapse_fields["weight"].slot_bits
    mask = sum(((1 << bits) - 1) << k for k in range(0, 32, slot))  # sign extension is allowed
    assert [int(word) & mask for word in packed[0]] == words


@given(
    neurons=st.integers(1, 100),
    axons=st.integers(1, 100),
    per_neuron=st.booleans(),
    receptors=st.sampled_from([1, 2]),
    bits=st.integers(2, 16),
)
def test_no_two_things_have_one_address(neurons, axons, per_neuron, receptors, bits):
    config = CoreConfig(
        neurons=neurons,
        axons=axons,
        receptors=receptors,
        weight_bits=bits,
        parameters="per_neuron" if per_neuron else "shared",
    )
    memory_map, layout = MemoryMap(config), config.layout
    addresses = [memory_map.counter(name) + half for name in COUNTERS for half in (0, 1)]
    for field in layout.parameters:
        entries = range(memory_map.parameter_entries)
        addresses += [memory_map.parameter(field.name, j) for j in entries]
    for field in layout.states:
        addresses += [memory_map.state(field.name, j) for j in range(neurons)]
    for axon in range(axons):
        row = memory_map.synapse_row(axon)
        addresses += [row + k for k in range(layout.words_per_row)]
    assert len(set(addresses)) == len(addresses)
    assert {a >> REGION_SHIFT for a in addresses} <= {
        Region.COUNTERS, Region.PARAMETERS, Region.STATES, Region.SYNAPSES,
    }  # fmt: skip


def test_the_largest_core_fits_the_regions():
    config = CoreConfig(neurons=MAX_NEURONS, axons=MAX_AXONS, weight_bits=16)
    memory_map = MemoryMap(config)
    last = memory_map.synapse_row(MAX_AXONS - 1) + config.layout.words_per_row - 1
    assert last >> REGION_SHIFT == Region.SYNAPSES
    assert MAX_AXONS <= ROUTE_AXON_MASK


def test_the_identity_never_moves():
    """A host of any age must be able to read these."""
    assert Region.IDENTITY.base == 0
    assert MAGIC.to_bytes(4, "little") == b"SLoo"
    named = [Identity.MAGIC, Identity.LINK_VERSION, Identity.MAP_VERSION]
    assert [int(k) for k in named] == [0, 1, 2]
    assert (Identity.DIGEST_LOW, Identity.DIGEST_HIGH, Identity.BUILD) == (3, 4, 8)


def test_blocks_of_an_image_cover_it_once():
    config = CoreConfig(neurons=5, axons=3, weight_bits=4, parameters="per_neuron")
    rng = np.random.default_rng(1)
    image = Image(
        config,
        rng.integers(-8, 8, (3, 5)),
        {"v_threshold": [1, -2, 3, -4, 5]},
        routes=[0, NO_AXON, 2, 1, NO_AXON],
        report=[1, 0, 0, 1, 1],
    )
    memory_map = MemoryMap(config)
    blocks = dict(memory_map.image_blocks(image))
    assert len(blocks) == 2 + len(config.layout.parameters)

    routes = blocks.pop(Region.ROUTES.base).astype(np.int64)
    drives = routes & ROUTE_DRIVES != 0
    assert np.where(drives, routes & ROUTE_AXON_MASK, NO_AXON).tolist() == image.routes.tolist()
    assert (routes & ROUTE_REPORTS != 0).tolist() == image.report.tolist()

    found = memory_map.unpack_synapses(blocks.pop(memory_map.synapse_row(0)))
    np.testing.assert_array_equal(found, image.weights)
    for name, values in image.parameters.items():
        words = blocks.pop(memory_map.parameter(name))
        assert words.dtype == np.uint32
        assert words.view(np.int32).tolist() == values.tolist()


def test_shared_parameters_have_one_word():
    config = CoreConfig(neurons=5, axons=3)
    image = Image(config, np.zeros((3, 5), dtype=int), {"v_threshold": -7})
    memory_map = MemoryMap(config)
    blocks = dict(memory_map.image_blocks(image))
    assert blocks[memory_map.parameter("v_threshold")].tolist() == [2**32 - 7]


@given(
    neurons=st.integers(1, 40),
    axons=st.integers(1, 9),
    bits=st.integers(4, 16),
    stochastic=st.booleans(),
    seed=st.integers(0, 999),
)
def test_what_a_learning_image_has_comes_back_from_its_blocks(
    neurons, axons, bits, stochastic, seed
):
    rng = np.random.default_rng(seed)
    learning = LearningConfig(
        rule="three_factor", eligibility_bits=bits, fraction_bits=4, stochastic=stochastic
    )
    config = CoreConfig(neurons=neurons, axons=axons, learning=learning)
    memory_map, layout = MemoryMap(config), config.layout
    values = {f.name: int(rng.integers(f.minimum, f.maximum + 1)) for f in layout.learning}
    values["w_min"], values["w_max"] = sorted((values["w_min"], values["w_max"]))
    plastic = rng.random((axons, neurons)) < 0.5
    image = Image(
        config,
        within_bounds(rng.integers(-128, 128, (axons, neurons)), plastic, values),
        learning=values,
        plastic=plastic,
        modulatory=rng.random(axons) < 0.5,
        axon_tags=rng.integers(0, 1 << 16, axons),
        neuron_tags=rng.integers(0, 1 << 16, neurons),
    )
    blocks = dict(memory_map.image_blocks(image))
    plastic = memory_map.unpack_synapses(blocks[memory_map.synapse_row(0, "plastic")], "plastic")
    np.testing.assert_array_equal(plastic, image.plastic)
    for name, value in values.items():
        assert blocks[memory_map.learning(name)].view(np.int32).tolist() == [value]
    assert blocks[memory_map.axon_field("modulatory")].tolist() == image.modulatory.tolist()
    if stochastic:
        assert blocks[memory_map.axon_field("tag")].tolist() == image.axon_tags.tolist()
        assert blocks[memory_map.neuron_field("tag")].tolist() == image.neuron_tags.tolist()
    eligibility = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), (axons, neurons))
    words = memory_map.pack_synapses(eligibility, "eligibility")
    assert words.shape == (axons, layout.synapse_fields["eligibility"].words_per_row)
    np.testing.assert_array_equal(memory_map.unpack_synapses(words, "eligibility"), eligibility)


def test_learning_fields_have_addresses_of_their_own():
    learning = LearningConfig(rule="three_factor", fraction_bits=4, stochastic=True)
    config = CoreConfig(neurons=37, axons=5, learning=learning)
    memory_map, layout = MemoryMap(config), config.layout
    addresses = [memory_map.learning(f.name) for f in layout.learning]
    addresses += [memory_map.axon_field(f.name, i) for f in layout.axon_fields for i in range(5)]
    addresses += [
        memory_map.neuron_field(f.name, j) for f in layout.neuron_fields for j in range(37)
    ]
    for name, field in layout.synapse_fields.items():
        rows = [memory_map.synapse_row(axon, name) for axon in range(5)]
        addresses += [row + k for row in rows for k in range(field.words_per_row)]
    assert len(set(addresses)) == len(addresses)
    assert {a >> REGION_SHIFT for a in addresses} == {
        Region.LEARNING, Region.AXONS, Region.NEURONS, Region.SYNAPSES, Region.PLASTIC,
        Region.ELIGIBILITY,
    }  # fmt: skip
