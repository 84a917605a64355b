"""Each golden rule against the published one in floating point, within what quantisation allows.

Bounds are derived, not measured: a stored trace or eligibility is wrong by at most 1 unit more in
every step that it decays (docs/reference/semantics.md, "Numbers"), and shrinks with its errors; a decay
constant is wrong by at most 1/8192; each change of a weight by 1/2.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.hdl.contract.image import RunningImage
from spikeloom.sim import GoldenCore

HIGH = 1 << 30
DELTAS = np.arange(-60, 61)
EXAMPLES = settings(max_examples=20)
TAUS = st.floats(2, 80)


def constant(tau):
    """Decay constant for a time constant in steps."""
    return round(4096 * (1 - np.exp(-1 / tau)))


def decay_error(steps, start, tau):
    """How wrong a quantity may be that starts at `start`, in its units, and decays `steps` times."""
    factor = max(np.exp(-1 / tau), 1 - constant(tau) / 4096)
    wrong_constant = start * steps * factor ** np.maximum(steps - 1, 0) / 8192
    return 0.5 + wrong_constant + (1 - factor**steps) / (1 - factor)


def learner(neurons, axons, learning, weight=0, modulatory=None, kind=Image, **parameters):
    """A core whose neurons fire when told to, all synapses of unmodulatory axons plastic."""
    settings = {"weight_bits": 16, "state_bits": 32, "refractory_bits": 0, "bias": False}
    config = CoreConfig(
        neurons=neurons, axons=axons, synapse="delta", leak="none", learning=learning, **settings
    )
    modulatory = np.zeros(axons, bool) if modulatory is None else np.array(modulatory)
    image = kind(
        config,
        np.broadcast_to(weight, (axons, neurons)),
        {"v_threshold": 0, "v_reset": -HIGH},
        learning={"enabled": 1} | parameters,
        plastic=np.broadcast_to(~modulatory[:, None], (axons, neurons)),
        modulatory=modulatory,
    )
    return GoldenCore(image)


def drive(core, arrived, fire):
    """One step with these arrivals, in which exactly these neurons fire."""
    core.states["v"] = np.where(fire, HIGH, -HIGH)[None]
    core.inject(arrived)
    assert np.array_equal(core.step()[0], fire)


def window(learning, weight=0, deltas=DELTAS, **parameters):
    """Δw of one isolated pair: an arrival, and a spike `deltas` steps later."""
    core = learner(len(deltas), 1, learning, weight, **parameters)
    reach = int(np.abs(deltas).max()) + 1
    for t in range(2 * reach + 1):
        drive(core, [t == reach], deltas == t - reach)
    return core.weights[0] - weight


# Pair STDP: Δw = A₊·exp(−Δt/τ₊) for Δt ≥ 0, −A₋·exp(Δt/τ₋) for Δt < 0.


@EXAMPLES
@given(
    TAUS, TAUS, st.floats(0, 200), st.floats(0, 200), st.integers(0, 8),
    st.sampled_from(["all", "nearest"]),
)  # fmt: skip
def test_pair_window_is_exponential(tau_plus, tau_minus, a_plus, a_minus, fraction, pairing):
    learning = LearningConfig(rule="pair", trace_bits=16, fraction_bits=fraction, pairing=pairing)
    unit = 1 << fraction
    # A spike n ≥ 1 steps before an arrival has decayed n − 1 times.
    found = window(
        learning,
        x_inc=round(a_plus * unit),
        d_x=constant(tau_plus),
        y_inc=round(a_minus * np.exp(-1 / tau_minus) * unit),
        d_y=constant(tau_minus),
    )
    n = np.abs(DELTAS)
    after = DELTAS >= 0
    exact = np.where(after, a_plus * np.exp(-n / tau_plus), -a_minus * np.exp(-n / tau_minus))
    plus = decay_error(n, a_plus * unit, tau_plus)
    minus = decay_error(np.maximum(n - 1, 0), a_minus * unit, tau_minus)
    assert np.all(np.abs(found - exact) <= 0.5 + np.where(after, plus, minus) / unit)


@EXAMPLES
@given(TAUS, st.floats(1, 60), st.integers(1, 255), st.integers(1, 255))
def test_multiplied_rates_scale_the_window(tau, trace, a_plus, a_minus):
    learning = LearningConfig(rule="pair", trace_bits=12, fraction_bits=6, rates="multiply")
    inc = round(trace * 64)
    found = window(
        learning, x_inc=inc, d_x=constant(tau), y_inc=inc, d_y=constant(tau),
        a_plus=a_plus, a_minus=a_minus,
    )  # fmt: skip
    n = np.where(DELTAS >= 0, DELTAS, -DELTAS - 1)
    rate = np.where(DELTAS >= 0, a_plus, -a_minus)
    exact = rate * trace * np.exp(-n / tau)
    assert np.all(np.abs(found - exact) <= 0.5 + np.abs(rate) * decay_error(n, inc, tau) / 64)


def sum_over_pairs(pre, post, a, tau, pairing):
    """Δw of two spike trains: the published sum over pairs, one by one."""
    change = 0.0
    for t in np.flatnonzero(post):
        partners = np.flatnonzero(pre[: t + 1])
        partners = partners[-1:] if pairing == "nearest" else partners
        change += np.sum(a * np.exp(-(t - partners) / tau))
    for t in np.flatnonzero(pre):
        partners = np.flatnonzero(post[:t])
        partners = partners[-1:] if pairing == "nearest" else partners
        change -= np.sum(a * np.exp(-(t - partners) / tau))
    return change


@settings(max_examples=8)
@given(st.floats(3, 30), st.sampled_from(["all", "nearest"]), st.integers(0, 2**32 - 1))
def test_trains_sum_over_pairs(tau, pairing, seed):
    rng = np.random.default_rng(seed)
    steps, size, a, unit = 120, 4, 20, 1 << 7
    pre, post = (rng.random((2, steps, size)) < 0.1).astype(bool)
    learning = LearningConfig(rule="pair", trace_bits=16, fraction_bits=7, pairing=pairing)
    inc, inc_y = a * unit, round(a * np.exp(-1 / tau) * unit)
    core = learner(
        size, size, learning, x_inc=inc, d_x=constant(tau), y_inc=inc_y, d_y=constant(tau)
    )
    for t in range(steps):
        drive(core, pre[t], post[t])
    exact = [
        [sum_over_pairs(pre[:, i], post[:, j], a, tau, pairing) for j in range(size)]
        for i in range(size)
    ]
    # A trace, of up to as many spikes as a train has, is wrong by no more than the sum of these.
    spikes = 1 if pairing == "nearest" else max(pre.sum(0).max(), post.sum(0).max())
    trace = spikes * (0.5 + inc / (8192 * (1 - np.exp(-1 / tau)))) + 1 / (constant(tau) / 4096)
    events = pre.sum(0)[:, None] + post.sum(0)
    assert core.counters["weight_clamps"] == [0]
    assert np.all(np.abs(core.weights - exact) <= events * (0.5 + trace / unit))


# Soft bounds: Δw = η₊·(w_max − w)·exp(−Δt/τ), −η₋·(w − w_min)·exp(Δt/τ).


@EXAMPLES
@given(TAUS, st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.integers(-1000, 1000))
def test_soft_bounds_scale_the_window_by_the_distance(tau, eta_plus, eta_minus, weight):
    learning = LearningConfig(rule="pair", trace_bits=16, fraction_bits=12, bounds="soft")
    found = window(
        learning, weight, x_inc=round(eta_plus * 4096), d_x=constant(tau),
        y_inc=round(eta_minus * 4096), d_y=constant(tau), w_min=-1000, w_max=1000,
    )  # fmt: skip
    n = np.where(DELTAS >= 0, DELTAS, -DELTAS - 1)
    eta = np.where(DELTAS >= 0, eta_plus, eta_minus)
    distance = np.where(DELTAS >= 0, 1000 - weight, -1000 - weight)
    error = np.abs(distance) * decay_error(n, eta * 4096, tau) / 4096
    assert np.all(np.abs(found - eta * distance * np.exp(-n / tau)) <= 0.5 + error)


def test_soft_bounds_are_approached_exponentially():
    """w_max − w shrinks by 1 − η at every pair; roundings add up to a geometric sum."""
    learning = LearningConfig(rule="pair", trace_bits=8, fraction_bits=8, bounds="soft")
    core = learner(1, 1, learning, -900, x_inc=16, d_x=4096, w_min=-1000, w_max=1000)
    for n in range(1, 120):
        drive(core, [True], np.array([True]))
        exact = 1000 - 1900 * (1 - 16 / 256) ** n
        assert abs(core.weights[0, 0] - exact) <= 0.5 * 256 / 16
    assert core.weights[0, 0] > 990


# The rectangular window.


@EXAMPLES
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 255), st.integers(0, 255))
def test_rectangular_window_is_exact(x_window, y_window, a_plus, a_minus):
    learning = LearningConfig(rule="rectangular", trace_bits=6, fraction_bits=0)
    found = window(learning, x_window=x_window, y_window=y_window, a_plus=a_plus, a_minus=a_minus)
    exact = [
        a_plus if 0 <= delta < x_window else -a_minus if -y_window <= delta < 0 else 0
        for delta in DELTAS
    ]
    assert found.tolist() == exact


def test_rectangular_window_counts_from_the_last_spike():
    learning = LearningConfig(rule="rectangular")
    core = learner(1, 1, learning, x_window=3, a_plus=5)
    for t in range(12):
        drive(core, [t in (0, 2)], np.array([t >= 4]))
    assert core.weights.tolist() == [[5]]


# Symmetric STDP: Δw = A·exp(−|Δt|/τ) − c for a pair; w ← w·C/S.


@EXAMPLES
@given(TAUS, st.floats(0, 200), st.floats(0, 20), st.floats(0, 20))
def test_symmetric_window_is_even_with_an_offset(tau, a, c_pre, c_post):
    learning = LearningConfig(rule="symmetric", trace_bits=16, fraction_bits=6)
    found = window(
        learning, x_inc=round(a * 64), d_x=constant(tau), y_inc=round(a * np.exp(-1 / tau) * 64),
        d_y=constant(tau), c_pre=round(c_pre * 64), c_post=round(c_post * 64), sweep_log2=15,
    )  # fmt: skip
    n = np.abs(DELTAS)
    exact = a * np.exp(-n / tau) - c_pre - c_post
    error = np.where(DELTAS >= 0, decay_error(n, a * 64, tau), decay_error(n - 1, a * 64, tau))
    # Two changes, each rounded, with an offset each.
    assert np.all(np.abs(found - exact) <= 2 * 0.5 + (error + 2 * 0.5) / 64)


@EXAMPLES
@given(st.floats(0.4, 1.7), st.integers(0, 2**32 - 1))
def test_scaling_sweep_multiplies_by_target_over_sum(ratio, seed):
    """To first order in 1 − S/C; the factor counts in units of 2^−F, toward −∞."""
    rng = np.random.default_rng(seed)
    target = 1 << 12
    learning = LearningConfig(rule="symmetric", fraction_bits=7)
    weights = rng.multinomial(round(target * ratio), np.full(30, 1 / 30))[:, None]
    core = learner(1, 30, learning, weights, scaling_target=target, scaling_shift=5, sweep_log2=0)
    drive(core, np.zeros(30), np.array([False]))
    total = int(weights.sum())
    exact = weights * (target / total)
    second_order = weights * abs((target - total) ** 2 / (target * total))
    assert np.all(np.abs(core.weights - exact) <= 0.5 + second_order + weights / 128)
    first_order = weights * (1 + (target - total) / target)
    assert np.all(np.abs(core.weights - first_order) <= 0.5 + weights / 128)


@pytest.mark.parametrize("start", [20, 80, 200])
def test_scaling_sweeps_reach_the_target(start):
    learning = LearningConfig(rule="symmetric", fraction_bits=8, stochastic=True)
    core = learner(
        8, 30, learning, start, scaling_target=3000, scaling_shift=4, sweep_log2=2, seed=5
    )
    for _ in range(4 * 60):
        drive(core, np.zeros(30), np.zeros(8, bool))
    # The factor is 0 within 2^scaling_shift below the target; rounding spreads sums a little.
    assert np.all(np.abs(core.weights.sum(axis=0) - 3000) < 60)


# Three factors: an eligibility e, de/dt = −e/τ_e + STDP(Δt), and dw/dt = m·e.


@EXAMPLES
@given(TAUS, st.floats(5, 80), st.integers(-40, 40), st.integers(0, 50))
def test_reward_finds_the_eligibility_that_pairs_left(tau, tau_e, reward, delay):
    """One pair for each neuron, then one reward (Izhikevich 2007, with an instantaneous reward)."""
    settings = {"trace_bits": 12, "eligibility_bits": 14, "modulator_bits": 8}
    learning = LearningConfig(rule="three_factor", fraction_bits=4, **settings)
    a, d_x = 2000, constant(tau)
    weights = np.zeros((2, len(DELTAS)), int)
    weights[1] = reward
    core = learner(
        len(DELTAS), 2, learning, weights, [False, True], x_inc=a, d_x=d_x,
        y_inc=round(a * np.exp(-1 / tau)), d_y=d_x, d_e=constant(tau_e), d_mod=4096,
        d_mod_first=4096, sweep_log2=0,
    )  # fmt: skip
    when = 121 + delay
    for t in range(when + 3):
        drive(core, [t == 60, t == when], t - 60 == DELTAS)
    n = np.abs(DELTAS)
    waited = when - (60 + np.maximum(DELTAS, 0))
    stdp = np.where(DELTAS >= 0, 1, -1) * a * np.exp(-n / tau)
    exact = reward * stdp * np.exp(-waited / tau_e) / 16
    error = decay_error(n, a, tau) + decay_error(waited, a, tau_e)
    assert np.all(np.abs(core.weights[0] - exact) <= 0.5 + abs(reward) * error / 16)


def test_a_slow_modulator_integrates_the_product():
    """After a pair and a reward, both fade: Δw is the sum of m·e over all steps."""
    settings = {"trace_bits": 12, "eligibility_bits": 14, "modulator_bits": 16}
    learning = LearningConfig(rule="three_factor", fraction_bits=10, **settings)
    tau_e, tau_m, a, reward, steps = 40, 25, 2000, 1200, 150
    core = learner(
        1, 2, learning, np.array([[0], [reward]]), [False, True], x_inc=a, d_x=4096,
        d_e=constant(tau_e), d_mod=constant(tau_m), d_mod_first=constant(tau_m), sweep_log2=0,
    )  # fmt: skip
    for t in range(steps):
        drive(core, [t == 0, t == 10], np.array([t == 0]))
    k = np.arange(steps - 10)
    e, m = a * np.exp(-(k + 10) / tau_e), reward * np.exp(-k / tau_m)
    error_e, error_m = decay_error(k + 10, a, tau_e), decay_error(k, reward, tau_m)
    error = 0.5 + (e * error_m + m * error_e + error_e * error_m) / 1024
    exact = np.sum(e * m) / 1024
    assert exact > 20_000
    assert error.sum() < 0.2 * exact
    assert abs(core.weights[0, 0] - exact) <= error.sum()


@EXAMPLES
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 4))
def test_with_a_teacher_it_is_the_delta_rule(seed, rate, log2):
    """Δw = η·(target − output)·input, with numbers of spikes in a period (Widrow and Hoff 1960)."""
    rng = np.random.default_rng(seed)
    period, inputs, neurons, periods = 1 << log2, 5, 3, 6
    settings = {"trace_bits": 8, "eligibility_bits": 12, "modulator_bits": 12}
    learning = LearningConfig(rule="three_factor", fraction_bits=3, **settings)
    weights = np.zeros((inputs + neurons, neurons), int)
    weights[inputs:] = rate * np.eye(neurons, dtype=int)
    teacher = np.arange(inputs + neurons) >= inputs
    core = learner(
        neurons, inputs + neurons, learning, weights, teacher, e_pre=5, d_e=4096, d_mod=0,
        d_mod_first=4096, m_spike=-rate, sweep_log2=log2,
    )  # fmt: skip
    exact = np.zeros((inputs, neurons))
    arrived = rng.random((periods, period, inputs + neurons)) < 0.5
    fired = rng.random((periods, period, neurons)) < 0.5
    for p in range(periods):
        for t in range(period):
            drive(core, arrived[p, t], fired[p, t])
        counts = arrived[p].sum(axis=0)
        error = counts[inputs:] - fired[p].sum(axis=0)
        exact += rate * 5 / 8 * np.outer(counts[:inputs], error)
        assert np.all(np.abs(core.weights[:inputs] - exact) <= 0.5 * (p + 1))
    assert np.array_equal(core.weights[inputs:], weights[inputs:])
    assert core.counters["clamps"] == [0]


# SDSP: at an arrival, up if V ≥ θ_m and calcium is in one window, down if V < θ_m and in another.


@EXAMPLES
@given(st.floats(5, 60), st.integers(0, 2**32 - 1))
def test_sdsp_follows_potential_and_calcium(tau, seed):
    rng = np.random.default_rng(seed)
    neurons, jump, (ca_1, ca_2, ca_3) = 30, 400, (300, 1500, 2500)
    learning = LearningConfig(rule="sdsp", trace_bits=16, fraction_bits=2)
    core = learner(
        neurons, 1, learning, y_inc=jump, d_y=constant(tau), theta_m=-1000, ca_1=ca_1, ca_2=ca_2,
        ca_3=ca_3, a_plus=12, a_minus=20,
    )  # fmt: skip
    core.image = Image(
        core.config, core.weights, {"v_threshold": 1 << 20, "v_reset": -2000},
        learning=core.image.learning, plastic=True,
    )  # fmt: skip
    calcium, error, potential = np.zeros(neurons), np.zeros(neurons), np.zeros(neurons)
    decided = dict.fromkeys((3, -5, 0), 0)
    for t in range(150):
        fire, arrival, before = rng.random(neurons) < 0.1, rng.random() < 0.5, core.weights.copy()
        core.states["v"][0] = np.where(fire, HIGH, rng.integers(-2000, 0, neurons))
        core.inject([arrival])
        core.step()
        up, down = potential >= -1000, potential < -1000
        up &= (ca_1 <= calcium) & (calcium < ca_3)
        down &= (ca_1 <= calcium) & (calcium < ca_2)
        expected = np.where(up, 3, np.where(down, -5, 0)) * (arrival and t > 0)
        clear = np.min(np.abs(calcium[:, None] - (ca_1, ca_2, ca_3)), axis=1) > error
        assert np.array_equal((core.weights - before)[0][clear], expected[clear])
        for change in decided:
            decided[change] += np.count_nonzero(clear & (expected == change) & arrival)
        calcium = calcium * np.exp(-1 / tau) + jump * fire
        error = error * np.exp(-1 / tau) + 1 + calcium / 8192
        potential = core.state("v")[0]
    assert min(decided.values()) > 20


# Bounds.


@pytest.mark.parametrize("bits", [2, 8, 15])
def test_weights_saturate_and_never_wrap(bits):
    """The widest bounds, and changes far larger than a weight."""
    learning = LearningConfig(rule="pair", trace_bits=16)
    config = CoreConfig(
        neurons=1, axons=1, weight_bits=bits, state_bits=32, bias=False, learning=learning
    )
    top = (1 << (bits - 1)) - 1
    for trace, end in (("x", top), ("y", -top - 1)):
        for start in (-top - 1, -1, 0, top):
            parameters = {"enabled": 1, f"{trace}_inc": 65535}
            image = Image(
                config, [[start]], {"v_threshold": -HIGH, "v_reset": 0},
                learning=parameters, plastic=True,
            )  # fmt: skip
            core = GoldenCore(image)
            core.run([[1]] * 5)
            assert core.weights.tolist() == [[end]]
            # An arrival that finds no trace yet changes nothing.
            assert core.counters["weight_clamps"] == [5 if trace == "x" else 4]
            assert core.counters["weight_updates"] == [10]


def test_a_bound_applies_to_changes_in_its_direction():
    for side, after in (("y", 100), ("x", 50)):
        core = learner(2, 2, LearningConfig(rule="rectangular"), 100, kind=RunningImage, w_min=-50,
                       w_max=50, **{f"{side}_window": 2})  # fmt: skip
        drive(core, [True, True], np.array([True, False]))
        drive(core, [False, True], np.array([False, False]))
        assert core.weights.tolist() == [[after, 100], [after, 100]]
        assert core.counters["weight_clamps"] == [100 // after * (side == "x")]
