"""A network from NIR on the twin: the same spikes as NIR's equations give."""

import nir
import nir_reference
import numpy as np
import pytest
from nir_graphs import DT, cuba, full, graph, lif, spikes, weights

import spikeloom


@pytest.mark.timeout(280)
def test_a_recurrent_network_with_currents_and_biases_on_the_twin():
    made = graph(
        nir.Affine(weights(8, 5), full(0.0625, 8)), cuba(8),
        nir.Affine(weights(3, 8, seed=5), full(0.03125, 3)), lif(3),
        more={"rec": nir.Linear(weights(8, 8, seed=6, scale=0.5))},
        extra=[("n1", "rec"), ("rec", "n1")],
    )  # fmt: skip
    x = spikes(100, 5)
    found = spikeloom.from_nir(made, dt=DT, reset="value")
    design = spikeloom.compile(found.network, weight_bits=16, state_bits=24)
    want = nir_reference.run(made, x, DT)
    with spikeloom.open("twin:", design) as device:
        found.start(device)
        run = device.run({"in": x}, len(x) + 1)
    for name, raster in want.items():
        assert raster.sum() > 20
        assert np.array_equal(found.aligned(name, run[name])[: len(x)], raster > 0)
