"""The golden function of `adlif`: a naive second reading, the paper's equations in floats, and rest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_core import NaiveCore, configs, random_image

from spikeloom.hdl import CoreConfig, Image
from spikeloom.sim import GoldenCore
from spikeloom.sim.golden.arithmetic import decay
from spikeloom.sim.golden.neurons.adlif import share

SEEDS = st.integers(0, 2**32 - 1)
ADLIF = {
    "neuron_model": "adlif", "leak": "exponential", "integrate_refractory": False, "floor": False,
    "readouts": False, "decay_rounding": "nearest",
}  # fmt: skip


class NaiveAdLIF(NaiveCore):
    """docs/reference/semantics.md, "Model `adlif`", one neuron at a time, Python integers only."""

    def __init__(self, loaded):
        super().__init__(loaded)
        self.s = [{**s, "w": 0} for s in self.s]

    def update(self, j, t):
        p, s = self.p[j], self.s[j]
        total = 0
        for receptor in [""] if self.c.receptors == 1 else ["_exc", "_inh"]:
            arrived = self.due.pop((t, j, receptor), 0)
            d = 4096 if self.c.synapse == "delta" else p["d_syn" + receptor]
            s[receptor] = self.sat(self.decay(s[receptor], d) + arrived * 2**self.c.weight_shift)
            total += s[receptor]
        fires = False
        if s["ref"] > 0:
            s["ref"] -= 1
            compared = s["v"]
        else:
            compared = self.decay(s["v"], p["d_mem"]) + total + p.get("bias", 0) - s["w"]
            s["v"] = compared = self.sat(compared)
            fires = compared >= p["v_threshold"]
        if fires:
            subtracts = self.c.reset == "subtract"
            s["v"] = self.sat(compared - p["v_threshold"]) if subtracts else p["v_reset"]
            s["ref"] = p.get("refractory", 0)
        driven = abs(compared) * p["a"] // 2**18 * (1 if compared >= 0 else -1)
        s["w"] = self.sat(self.decay(s["w"], p["d_w"]) + driven + p["b"] * fires)
        return fires


@settings(max_examples=150)
@given(configs(**ADLIF), SEEDS)
def test_equals_naive_reading(config, seed):
    rng = np.random.default_rng(seed)
    loaded = random_image(config, rng)
    core, naive = GoldenCore(loaded), NaiveAdLIF(loaded)
    for t in range(12):
        ids = rng.integers(0, config.axons + 1, rng.integers(0, config.axons + 2)).tolist()
        core.inject_ids(ids)
        assert core.step()[0].tolist() == naive.step(ids), f"spikes of step {t}"
        for name in core.states:
            assert core.state(name)[0].tolist() == naive.state(name), f"{name} after step {t}"
    counters = {name: int(values[0]) for name, values in core.counters.items()}
    assert counters == naive.all_counters()


@given(x=st.integers(-(2**31), 2**31 - 1), a=st.integers(0, 2**15 - 1))
def test_share_is_rounded_toward_zero(x, a):
    got = int(share(np.array([x]), np.array([a]))[0])
    exact = x * a / 2**18
    assert abs(got) <= abs(exact)
    assert abs(got - exact) < 1
    assert share(np.array([7]), np.array([2**15 - 1])) == 0


@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_follows_the_paper_s_equations_within_its_rounding(reset):
    """Floats that are told when the integers fired stay as near as the roundings of each step allow.

    A step rounds v by at most 1 (a decay that has to go by at least 1) and w by less than 2 (the decay,
    and the share); what the equations make of a rounding is the sum of the powers of their matrix.
    """
    rng = np.random.default_rng(3)
    n, steps, top = 40, 400, 2**15 - 1
    parameters = {
        "v_threshold": rng.integers(3_000_000, 6_000_000, n),
        "d_mem": rng.integers(160, 745, n),  # 5 to 25 steps, as in the paper
        "d_w": rng.integers(33, 135, n),  # 30 to 120 steps
        "a": rng.integers(0, top, n) // 40,
        "b": rng.integers(0, 600_000, n),
        **({"v_reset": rng.integers(-9_000, 9_000, n)} if reset == "value" else {}),
    }
    config = CoreConfig(
        neurons=n, axons=30, lanes=1, weight_bits=16, weight_shift=6, state_bits=32,
        neuron_model="adlif", synapse="delta", reset=reset, refractory_bits=0, bias=False,
        parameters="per_neuron",
    )  # fmt: skip
    core = GoldenCore(Image(config, rng.integers(-9_000, 2**15 - 1, (30, n)), parameters))
    p = {name: values.astype(float) for name, values in parameters.items()}
    alpha, beta, a = 1 - p["d_mem"] / 4096, 1 - p["d_w"] / 4096, p["a"] / 2**18

    # |error| after any number of steps: the powers of the matrix of (v, w) → (α·v − w, β·w + a·(α·v − w)).
    matrix = np.moveaxis(np.array([[alpha, -np.ones(n)], [a * alpha, beta - a]]), 2, 0)
    power, reach = np.broadcast_to(np.eye(2), (n, 2, 2)), np.zeros((n, 2))
    for _ in range(3000):
        reach += np.abs(power) @ [1.0, 2.0 + a.max()]
        power = power @ matrix

    v, w = np.zeros(n), np.zeros(n)
    fired = 0
    for raster in rng.random((steps, 30)) < 0.08:
        core.inject(raster)
        spikes = core.step()[0]
        v = alpha * v + (core.weights[raster].sum(axis=0) << 6) - w
        error = np.abs(v - p["v_threshold"])
        assert np.all((spikes == (v >= p["v_threshold"])) | (error <= reach[:, 0]))
        w = beta * w + a * v + p["b"] * spikes
        after = p["v_reset"] if reset == "value" else v - p["v_threshold"]
        v = np.where(spikes, after, v)
        assert np.all(np.abs(core.states["v"][0] - v) <= reach[:, 0])
        assert np.all(np.abs(core.states["w"][0] - w) <= reach[:, 1])
        fired += spikes.sum()
    assert core.counters["clamps"][0] == 0
    assert fired > 10 * n
    assert np.max(reach) < 1e-3 * p["v_threshold"].min()  # the bound is about something


@settings(max_examples=40, deadline=None)
@given(
    d_mem=st.integers(20, 4096), d_w=st.integers(20, 4096), a=st.integers(0, 2**15 - 1), seed=SEEDS
)
def test_everything_comes_to_rest_without_input_and_spikes(d_mem, d_w, a, seed):
    rng = np.random.default_rng(seed)
    v, w = (x.ravel().astype(np.int64) for x in np.mgrid[-20:21, -20:21])
    v, w = (np.concatenate([x, rng.integers(-30_000, 30_000, 300)]) for x in (v, w))
    config = CoreConfig(
        neurons=len(v), axons=1, state_bits=32, neuron_model="adlif", synapse="delta", bias=False,
        refractory_bits=0,
    )  # fmt: skip
    loaded = Image(config, np.zeros((1, len(v)), dtype=int), {"d_mem": d_mem, "d_w": d_w, "a": a})
    core = GoldenCore(loaded)
    core.states = {"v": v[None].copy(), "w": w[None].copy()}
    for _ in range(6000):
        core.step()
        if not (core.states["v"].any() or core.states["w"].any()):
            return
    left = np.flatnonzero(core.states["v"][0] | core.states["w"][0])
    pytest.fail(f"{len(left)} neurons do not rest; the first began at {v[left[0]]}, {w[left[0]]}")


def test_adaptation_goes_on_while_refractory():
    config = CoreConfig(
        neurons=1, axons=1, neuron_model="adlif", synapse="delta", bias=False, refractory_bits=4
    )
    parameters = {
        "v_threshold": 100,
        "v_reset": 80,
        "d_mem": 1000,
        "d_w": 400,
        "a": 2**15 - 1,
        "b": 50,
    }
    core = GoldenCore(Image(config, np.array([[120]]), {**parameters, "refractory": 3}))
    core.inject([1])
    assert core.step().all()
    w = 120 * (2**15 - 1) // 2**18 + 50  # driven by the potential that was compared
    for left in (3, 2, 1, 0):
        assert (core.state("ref"), core.state("v"), core.state("w")) == (left, 80, w)
        if left:
            core.step()
            w = int(decay(np.array(w), 400)) + 80 * (2**15 - 1) // 2**18
