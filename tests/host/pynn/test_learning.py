"""STDP: timing of axonal and dendritic delays, recorded weights, and what a core cannot hold."""

import warnings

import numpy as np
import pytest

sim = pytest.importorskip("spikeloom.pynn")

from pyNN import errors as pynn_errors  # noqa: E402

from spikeloom.hdl.contract.errors import FitError  # noqa: E402
from spikeloom.pynn.comparison import ideal_weights  # noqa: E402

H = 1.0


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def mechanism(fraction=1.0, delay=1.0, weight=0.5, rule=None, **timing):
    numbers = {"tau_plus": 20.0, "tau_minus": 20.0, "A_plus": 0.05, "A_minus": 0.04} | timing
    return sim.STDPMechanism(
        sim.SpikePairRule(**numbers), rule or sim.AdditiveWeightDependence(w_min=0.0, w_max=1.0),
        dendritic_delay_fraction=fraction, weight=weight, delay=delay,
    )  # fmt: skip


def pair(pre, post, fraction, delay, *, between_cells=False):
    """Change of a weight by one spike on either side, at these steps."""
    sim.setup(timestep=H, fine_leak=False)
    cells = sim.Population(2, sim.IF_curr_delta(tau_m=5.0), initial_values={"v": -65.0})
    drive = [sim.Population(1, sim.SpikeSourceArray(spike_times=[t - H])) for t in (pre, post)]
    for k, source in enumerate(drive):
        sim.Projection(
            source,
            cells[k : k + 1],
            sim.AllToAllConnector(),
            sim.StaticSynapse(weight=20.0, delay=H),
        )
    source = (
        cells[0:1] if between_cells else sim.Population(1, sim.SpikeSourceArray(spike_times=[pre]))
    )
    learned = sim.Projection(
        source,
        cells[1:2],
        sim.AllToAllConnector(),
        mechanism(fraction, delay),
        receptor_type="excitatory",
    )
    cells.record("spikes")
    sim.run(120.0)
    assert [t.magnitude.tolist() for t in cells.get_data().segments[0].spiketrains] == [
        [pre],
        [post],
    ]
    (changed,) = learned.get("weight", format="list", with_address=False)
    return changed - 0.5


def window(n):
    """What a pair changes whose post-synaptic spike is at the synapse n steps after the other one."""
    return 0.05 * np.exp(-n / 20.0) if n >= 0 else -0.04 * np.exp(n / 20.0)


@pytest.mark.parametrize("lag", [-9, -4, -1, 0, 1, 4, 9])
@pytest.mark.parametrize(
    ("fraction", "delay"), [(1.0, 1.0), (1.0, 5.0), (0.0, 1.0), (0.0, 5.0), (0.5, 4.0)]
)
def test_pairs_of_a_source_and_a_cell(lag, fraction, delay):
    """The dendritic part delays the one side, the axonal part the other one: exactly, for sources."""
    n = round(lag + delay * fraction - delay * (1 - fraction))
    assert pair(50.0, 50.0 + lag, fraction, delay) == pytest.approx(window(n), abs=6e-4)


def test_a_source_that_is_heard_before_the_beginning():
    assert pair(3.0, 2.0, 1.0, 5.0) == pytest.approx(window(4), abs=6e-4)
    assert pair(2.0, 9.0, 1.0, 5.0) == pytest.approx(window(12), abs=6e-4)


@pytest.mark.parametrize("lag", [-9, -4, -1, 1, 4, 9])
@pytest.mark.parametrize("delay", [1.0, 5.0])
def test_pairs_of_two_cells_with_an_axonal_delay(lag, delay):
    found = pair(50.0, 50.0 + lag, 0.0, delay, between_cells=True)
    assert found == pytest.approx(window(lag - delay), abs=6e-4)


@pytest.mark.parametrize("lag", [-9, 4, 9])
def test_pairs_of_two_cells_with_a_dendritic_delay_are_seen_late_which_is_said(lag):
    found = pair(50.0, 50.0 + lag, 1.0, 2.0, between_cells=True)
    assert found == pytest.approx(window(lag - 1), abs=6e-4)
    (note,) = sim.difference().notes
    assert "3…3 ms later than PyNN means" in note


def test_weights_are_recorded_reset_and_set():
    sim.setup(timestep=H, seed=3)
    cells = sim.Population(2, sim.IF_curr_delta(i_offset=1.2))
    source = sim.Population(3, sim.SpikeSourcePoisson(rate=60.0))
    learned = sim.Projection(
        source, cells, sim.AllToAllConnector(), mechanism(), receptor_type="excitatory"
    )
    learned.record("weight", sampling_interval=10.0)
    sim.run(25.0)
    sim.run(175.0)
    signal = learned.get_data().segments[0].analogsignals[0]
    assert signal.shape == (21, 6)
    assert str(signal.units).endswith("mV")
    now = learned.get("weight", format="list", with_address=False)
    np.testing.assert_array_equal(signal.magnitude[-1], now)
    np.testing.assert_array_equal(signal.magnitude[0], 0.5)
    assert np.abs(np.array(now) - 0.5).min() > 0.01
    learned[2].weight = 0.25
    after = learned.get("weight", format="list", with_address=False)
    assert after[2] == pytest.approx(0.25, abs=1e-3)
    assert after[:2] == now[:2]
    assert not sim.difference().weights
    assert "not compared" in sim.difference().notes[-1]
    sim.reset()
    assert learned[0].weight == 0.5
    sim.run(1.0)
    assert learned[0].weight == pytest.approx(0.5, abs=1e-3)


def test_learned_weights_follow_the_rule_in_floats():
    """Recurrent, with axonal delays: what floats make of the same spikes, pairs of a step included."""
    sim.setup(timestep=H, seed=5)
    sim.Population(3, sim.IF_curr_exp(i_offset=1.0))
    cells = sim.Population(6, sim.IF_curr_exp(i_offset=np.linspace(0.8, 1.2, 6), tau_refrac=3.0))
    learned = sim.Projection(
        cells, cells, sim.AllToAllConnector(allow_self_connections=False),
        mechanism(0.0, delay=3.0, weight=0.4), receptor_type="excitatory",
    )  # fmt: skip
    cells.record("spikes")
    sim.run(600.0)
    ideal = ideal_weights(sim.state.session, learned, together=True)
    held = learned.values("weight")
    assert np.abs(held - 0.4).max() > 0.2
    np.testing.assert_allclose(held, ideal, atol=0.02)
    report = repr(sim.difference())
    assert "Learned weights" in report
    assert "largest difference" in report


@pytest.mark.parametrize(
    ("second", "error", "words"),
    [
        (lambda: mechanism(tau_plus=10.0), FitError, "tau_plus"),
        (
            lambda: mechanism(rule=sim.MultiplicativeWeightDependence()),
            FitError,
            "weight dependence",
        ),
    ],
)
def test_a_core_has_one_rule(second, error, words):
    sim.setup(timestep=H)
    cells = sim.Population(2, sim.IF_curr_delta())
    for model in (mechanism(), second()):
        source = sim.Population(2, sim.SpikeSourceArray())
        sim.Projection(source, cells, sim.AllToAllConnector(), model, receptor_type="excitatory")
    with pytest.raises(error, match=words):
        sim.run(1.0)


def test_cells_that_learn_take_weights_alike():
    sim.setup(timestep=H)
    cells = sim.Population(2, sim.IF_curr_exp(cm=[0.5, 1.0]))
    source = sim.Population(2, sim.SpikeSourceArray())
    sim.Projection(source, cells, sim.AllToAllConnector(), mechanism(), receptor_type="excitatory")
    with pytest.raises(FitError, match="what 1 nA does"):
        sim.run(1.0)


def test_a_pair_of_cells_has_one_synapse_that_learns():
    sim.setup(timestep=H)
    cells = sim.Population(2, sim.IF_curr_delta())
    for model in (mechanism(), sim.StaticSynapse(weight=0.1)):
        sim.Projection(cells, cells, sim.AllToAllConnector(), model, receptor_type="excitatory")
    with pytest.raises(pynn_errors.ConnectionError, match="learns already"):
        sim.run(1.0)
    sim.setup(timestep=H)
    cells = sim.Population(2, sim.IF_curr_delta())
    model = mechanism(weight=-0.5, rule=sim.AdditiveWeightDependence(w_min=-1.0, w_max=0.0))
    sim.Projection(cells, cells, sim.AllToAllConnector(), model, receptor_type="inhibitory")
    with pytest.raises(pynn_errors.ConnectionError, match="inhibitory"):
        sim.run(1.0)
