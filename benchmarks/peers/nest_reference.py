"""What NEST makes of the networks in tests/support/pynn_networks.py: recorded once, and kept in tests.

    python benchmarks/peers/nest_reference.py tests/host/pynn/data/nest.npz

It needs an environment of its own with `nest-simulator` 3.10 and `pynn` 0.13, and no SpikeLoom.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

import nest
import pyNN.nest as sim
from pynn_networks import STATIC_SEEDS, STDP_SEEDS, run_static, run_stdp, static, stdp

# PyNN 0.13 does not say what NEST calls the potential of this cell.
sim.IF_curr_delta.variable_map = {"v": "V_m"}
GRID = {"spike_precision": "on_grid"}
"""Spikes at multiples of the time step; PyNN's default for NEST are models with times in between."""


def main(path):
    found = {"version": np.array(nest.__version__)}
    for seed in STDP_SEEDS:
        spec = stdp(seed)
        # PyNN 0.13 takes the weights of this cell in mV, but their bounds as if they were in nA, and
        # gives the weights back as if they were.
        factor = 1e-3 if spec["delta"] else 1.0
        spikes, weights = run_stdp(sim, spec, w_max_factor=factor, **GRID)
        found |= {
            f"stdp/{seed}/spikes": spikes.astype(np.int32),
            f"stdp/{seed}/weights": weights / factor,
        }
    for seed in STATIC_SEEDS:
        spikes, potentials = run_static(sim, static(seed), **GRID)
        found[f"static/{seed}/spikes"] = spikes.astype(np.int32)
        found[f"static/{seed}/potentials"] = potentials[:200].astype(np.float32)
    np.savez_compressed(path, **found)


if __name__ == "__main__":
    main(sys.argv[1])
