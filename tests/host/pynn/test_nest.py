"""NEST and the back end on the same networks; what NEST gave is kept in data/nest.npz.

`benchmarks/peers/nest_reference.py` recorded it.
"""

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from pynn_networks import STATIC_SEEDS, STDP_SEEDS, run_static, run_stdp, static, stdp

sim = pytest.importorskip("spikeloom.pynn")

from spikeloom.hdl.contract.core_config import DECAY_ONE  # noqa: E402
from spikeloom.pynn.comparison import ideal_weights  # noqa: E402
from spikeloom.quantise.rounding import decayed  # noqa: E402

NEST = np.load(Path(__file__).parent / "data" / "nest.npz")
SINGLE = 1e-5
"""Of mV: potentials are kept in single precision."""


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("seed", STATIC_SEEDS)
def test_the_ideal_simulation_has_the_spikes_of_nest(seed):
    """Excitation, inhibition, delays of 1…19 steps, offsets and refractory periods: every spike."""
    run_static(sim, static(seed))
    ideal = np.argwhere(sim.difference().ideal_spikes) + np.array([1, 0])
    nest = NEST[f"static/{seed}/spikes"]
    assert len(nest) > 50
    np.testing.assert_array_equal(ideal, nest)


@pytest.mark.parametrize("seed", STATIC_SEEDS)
def test_potentials_are_those_of_nest_until_a_spike_differs(seed):
    spec = static(seed)
    spikes, potentials = run_static(sim, spec, weight_bits=16, state_bits=32)
    nest, steps = NEST[f"static/{seed}/spikes"], len(NEST[f"static/{seed}/potentials"])
    differs = {tuple(row) for row in spikes.tolist()} ^ {tuple(row) for row in nest.tolist()}
    first = min((step for step, _ in differs), default=steps)
    assert first > 20
    error = np.abs(potentials[:steps] - NEST[f"static/{seed}/potentials"])[: min(first, steps)]
    # Of 15 mV to the threshold: currents decay with 12 bits.
    assert error.max() < 0.04


def learned(seed, **setup):
    """Weights of the golden model and of NEST, (synapses,) each, and the session."""
    spikes, _ = run_stdp(sim, stdp(seed), **setup)
    np.testing.assert_array_equal(spikes, NEST[f"stdp/{seed}/spikes"])
    projection = sim.state.projections[0]
    where = projection.values("presynaptic_index"), projection.values("postsynaptic_index")
    return projection.values("weight"), NEST[f"stdp/{seed}/weights"][where], projection


@pytest.mark.parametrize("seed", STDP_SEEDS)
def test_the_rule_in_floats_is_that_of_nest(seed):
    _, nest, projection = learned(seed)
    ideal = ideal_weights(sim.state.session, projection)
    assert np.abs(nest - projection.initial_weights()).max() > 0.01
    np.testing.assert_allclose(ideal, nest, atol=1e-12, rtol=0)


@pytest.mark.parametrize("seed", STDP_SEEDS)
def test_learned_weights_are_within_the_bound_of_nest(seed):
    weights, nest, projection = learned(seed)
    bound = error_bound(projection)
    assert np.all(np.abs(weights - nest) <= bound)
    assert np.median(bound) < 0.2 * stdp(seed)["w_max"]
    print(f"seed {seed}: {np.abs(weights - nest).max():.5f} of at most {bound.max():.5f}")


def error_bound(projection):
    """(synapses,) how far weights that were learned on the same spikes can be from NEST's.

    Three parts add up, as a change of a weight carries an error on at most as it is:

    1. Each update rounds once, by half a unit of the weight, or by one where it rounds at random.  The
       first weight and the bounds are rounded, too.
    2. Increments and decays are the nearest integers.  Each update takes a trace of those
       (docs/reference/semantics.md, "Numbers") for one of exponentials.  Both follow from the spikes,
       and their difference is known; times w_max − w or w − w_min, at most w_max, where the rule is
       multiplicative.
    3. A core pairs spikes of the same step, NEST does not: A_plus for each such pair.  Where the size of
       a change depends on the weight, the order of the two sides matters there, by their product.
    """
    session, h = sim.state.session, sim.state.dt
    design, rule = session.design, session.described.rule
    config, held = design.config.learning, design.image.learning
    unit = 2.0**design.config.weight_shift / design.scale[0] / rule.factor
    in_trace = (unit if rule.bounds == "hard" else rule.w_max) / 2.0**config.fraction_bits
    for name, d, amplitude, tau, late in (
        ("x_inc", "d_x", rule.A_plus, rule.tau_plus, 1.0),
        ("y_inc", "d_y", rule.A_minus, rule.tau_minus, math.exp(-h / rule.tau_minus)),
    ):
        assert abs(held[name] - amplitude * late * rule.w_max / in_trace) <= 0.5
        assert abs(held[d] - DECAY_ONE * (1 - math.exp(-h / tau))) <= 0.5
    spec = next(s for s in map(stdp, STDP_SEEDS) if s["trains"] == trains())
    post = fired(spec["n_post"])
    steps = spec["steps"] + 20
    x = [traces(t, held["x_inc"], held["d_x"], rule.tau_plus / h, steps) for t in spec["trains"]]
    y = [traces(t, held["y_inc"], held["d_y"], rule.tau_minus / h, steps) for t in post]
    bound = []
    indices = (projection.values(f"{end}synaptic_index") for end in ("pre", "post"))
    for i, j in zip(*indices, strict=True):
        delay = int(spec["delays"][i, j])
        at_post = np.array(post[j], dtype=int) + delay
        at_pre = np.array(spec["trains"][i], dtype=int) - delay
        at_pre = at_pre[at_pre > 0]
        rounds = (len(at_post) + len(at_pre)) * (1.0 if config.stochastic else 0.5) + 1.5
        grown = x[i][0][at_post] * in_trace - rule.A_plus * rule.w_max * x[i][1][at_post]
        # The neuron's trace is that of the step before, and the exponential decays once more.
        asked = rule.A_minus * rule.w_max * np.exp(-h / rule.tau_minus) * y[j][1][at_pre - 1]
        sunk = y[j][0][at_pre - 1] * in_trace - asked
        same = set(at_post.tolist()) & set(spec["trains"][i])
        most = max(x[i][1].max(), 1.0) * max(y[j][1].max(), 1.0)
        pairs = len(same) * rule.A_plus * rule.w_max * (1 + rule.A_minus * most)
        bound.append(rounds * unit + np.abs(grown).sum() + np.abs(sunk).sum() + pairs)
    return np.array(bound)


def traces(train, increment, decay, tau, steps):
    """(steps,) of a trace in integers, and of one in floats with increments of 1; tau in steps."""
    whole, exact = np.zeros(steps, dtype=np.int64), np.zeros(steps)
    spikes = set(train)
    for t in range(1, steps):
        whole[t] = decayed(whole[t - 1], np.int64(decay)) + increment * (t in spikes)
        exact[t] = exact[t - 1] * math.exp(-1 / tau) + (t in spikes)
    return whole, exact


def trains():
    """Steps of the spikes of the sources that learn."""
    (source,) = (p for p in sim.state.populations if p.label == "sources")
    at, cells = source.source.recorded(0, 1 << 30, exact=False)
    steps = np.rint(at / sim.state.dt).astype(int)
    return [sorted(steps[cells == k].tolist()) for k in range(source.size)]


def fired(size):
    """Steps of the spikes of each cell that learns."""
    found = sim.state.session.history.spikes
    return [(found[(found[:, 1] == j) & (found[:, 0] >= 0), 0] + 1).tolist() for j in range(size)]
