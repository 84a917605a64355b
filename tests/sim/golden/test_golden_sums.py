"""The golden model sums weights in three ways, which agree, and are exact for the largest sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from naive_core import configs, random_image

from spikeloom.hdl import CoreConfig, Image
from spikeloom.sim import GoldenCore
from spikeloom.sim.golden import accumulators

SEEDS = st.integers(0, 2**32 - 1)


def ran(image, raster, sparse, batch=1):
    """Spikes and potentials after each step, with lists of synapses below a density."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accumulators, "SPARSE", sparse)
        core = GoldenCore(image, batch)
        found = []
        for row in raster:
            core.inject(np.tile(row, (batch, 1)))
            spikes = core.step()
            found.append((spikes[0].tolist(), core.state("v")[0].tolist()))
    return found, {name: values[0] for name, values in core.counters.items()}


@given(configs(), SEEDS)
def test_rows_lists_and_matrices_give_the_same(config, seed):
    rng = np.random.default_rng(seed)
    image = random_image(config, rng)
    raster = rng.random((6, config.axons)) < 0.4
    rows = ran(image, raster, sparse=0.0)
    assert ran(image, raster, sparse=2.0) == rows
    assert ran(image, raster, sparse=0.0, batch=2) == rows


@pytest.mark.parametrize("axons", [512, 1024])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("sparse", "batch"), [(0.0, 1), (2.0, 1), (0.0, 2)])
def test_the_largest_sums_are_exact(axons, sign, sparse, batch):
    config = CoreConfig(
        neurons=3, axons=axons, weight_bits=16, state_bits=32, synapse="delta", refractory_bits=0,
        leak="none", bias=False,
    )  # fmt: skip
    weights = np.full((axons, 3), sign * (2**15 - 1))
    weights[-1] -= sign * np.array(
        [0, 1, 2]
    )  # so that sums are odd and even, which single precision would lose
    threshold = 2**31 - 1
    image = Image(config, weights, {"v_threshold": threshold, "v_reset": 0})
    found, counted = ran(image, np.ones((1, axons), dtype=bool), sparse, batch)
    assert found[0][1] == weights.sum(axis=0).tolist()
    assert counted["synaptic_operations"] == 3 * axons
