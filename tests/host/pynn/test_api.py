"""PyNN's own interface: building, running, changing, recording, and what is refused."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

sim = pytest.importorskip("spikeloom.pynn")

from pyNN import errors as pynn_errors  # noqa: E402
from pyNN.parameters import Sequence  # noqa: E402

from spikeloom.hdl.contract.errors import SpikeLoomError  # noqa: E402


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def trains(population):
    (segment,) = population.get_data("spikes").segments
    return [train.magnitude.round(6).tolist() for train in segment.spiketrains]


def small(n_in=3, size=4, **setup):
    """Sources that fire and cells that hear them, recorded."""
    sim.setup(timestep=0.5, **setup)
    times = [Sequence(np.arange(2.0 + k, 60.0, 7.0)) for k in range(n_in)]
    sources = sim.Population(n_in, sim.SpikeSourceArray(spike_times=times), label="eye")
    cells = sim.Population(
        size, sim.IF_curr_exp(tau_m=10.0, cm=0.5), initial_values={"v": -65.0}, label="cells"
    )
    cells.record(["spikes", "v"])
    return sources, cells


@pytest.mark.parametrize(
    "name",
    [
        "IF_cond_exp", "IF_cond_alpha", "IF_curr_alpha", "HH_cond_exp", "EIF_cond_exp_isfa_ista",
        "Izhikevich", "GIF_cond_exp", "SpikeSourceGamma", "SpikeSourcePoissonRefractory",
        "TsodyksMarkramSynapse", "SimpleStochasticSynapse", "GutigWeightDependence", "Vogels2011Rule",
        "AdditivePotentiationMultiplicativeDepression", "MultiCompartmentNeuron", "PointNeuron",
    ],
)  # fmt: skip
def test_what_a_core_does_not_have_is_refused_by_name(name):
    with pytest.raises(SpikeLoomError, match=f"^{name}: a core has no") as caught:
        getattr(sim, name)()
    assert isinstance(caught.value, (NotImplementedError, pynn_errors.InvalidModelError))
    assert name not in sim.list_standard_models()


def test_standard_models():
    assert sorted(sim.list_standard_models()) == [
        "IF_curr_delta", "IF_curr_exp", "SpikeSourceArray", "SpikeSourcePoisson",
    ]  # fmt: skip


def test_foreign_cells_and_synapses_are_refused():
    mock = pytest.importorskip("pyNN.mock")
    mock.setup()
    sim.setup()
    with pytest.raises(pynn_errors.InvalidModelError, match="IF_cond_exp"):
        sim.Population(1, mock.IF_cond_exp())
    cells = sim.Population(2, sim.IF_curr_exp())
    with pytest.raises(pynn_errors.InvalidModelError, match="TsodyksMarkramSynapse"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), mock.TsodyksMarkramSynapse())
    with pytest.raises(pynn_errors.InvalidModelError, match="timing_dependence None"):
        sim.STDPMechanism(weight_dependence=sim.AdditiveWeightDependence())


def test_without_pynn_an_error_says_how_to_get_it():
    code = "import sys; sys.modules['pyNN'] = None; import spikeloom.pynn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingToolError" in done.stderr
    assert "pip install 'spikeloom[pynn]'" in done.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"device": "float:"}, "difference"), ({"device": 3}, "device"), ({"timestep": 0}, "timestep"),
        ({"seed": -1}, "seed"),
    ],
)  # fmt: skip
def test_impossible_settings(options, word):
    with pytest.raises(SpikeLoomError, match=word):
        sim.setup(**options)


def test_runs_go_on_where_they_ended():
    found = []
    for parts in ([60.0], [7.0, 0.5, 30.0, 22.5]):
        sources, cells = small()
        sim.Projection(
            sources, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=2.0, delay=3.0)
        )
        for part in parts:
            sim.run(part)
        assert sim.get_current_time() == pytest.approx(60.0)
        found.append(cells.get_data().segments[0])
    assert found[0].analogsignals[0].shape == (121, 4)
    np.testing.assert_array_equal(*(f.analogsignals[0].magnitude for f in found))
    assert all(len(train) for train in found[0].spiketrains)


def test_segments_after_reset():
    sources, cells = small()
    sim.Projection(sources, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=2.0))
    for _ in range(3):
        sim.run(20.0)
        sim.reset(annotations={"turn": 1})
    cells.set(v_thresh=-60.0)
    sim.run(10.0)
    segments = cells.get_data().segments
    assert [len(s.analogsignals[0]) for s in segments] == [41, 41, 41, 21]
    for segment in segments[1:3]:
        np.testing.assert_array_equal(segment.analogsignals[0], segments[0].analogsignals[0])
    early = [[t for t in train.magnitude if t <= 10] for train in segments[0].spiketrains]
    assert sum(map(len, segments[3].spiketrains)) > sum(map(len, early))


def test_sources_that_change_between_runs():
    sources, cells = small(1, 1)
    sim.Projection(sources, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=9.0))
    sources.record("spikes")
    sources.set(spike_times=Sequence([5.0]))
    sim.run(20.0)
    sources[0].spike_times = np.array([20.0, 25.0, 30.0])
    sim.run(5.0)
    sim.run(15.0)
    assert trains(sources) == [[5.0, 25.0, 30.0]], "20 ms have passed"
    (fired,) = trains(cells)
    assert fired[0] > 5.0
    assert any(25.0 < t < 30.0 for t in fired)
    assert not any(17.0 < t <= 25.0 for t in fired)


def test_parameters_that_change_between_runs():
    _sources, cells = small()
    cells[0:2].set(i_offset=0.1)
    sim.run(20.0)
    assert trains(cells) == [[], [], [], []]
    cells.set(i_offset=[0.0, 2.0, 0.0, 2.0])
    cells[3:4].set(v_thresh=-20.0)
    sim.run(20.0)
    assert list(map(bool, trains(cells))) == [False, True, False, False]
    with pytest.raises(
        pynn_errors.InvalidParameterValueError, match="tau_m of 'cells' cannot change"
    ):
        cells.set(tau_m=5.0)
    np.testing.assert_allclose(cells.get("tau_m"), 10.0)
    with pytest.raises(pynn_errors.InvalidParameterValueError, match="before"):
        cells.set(tau_refrac=5.0)
    sim.reset()
    cells.set(tau_m=5.0, v_thresh=-50.0)
    sim.run(20.0)
    assert len(cells.get_data().segments[1].spiketrains[1]) > 0


def test_cells_that_share_their_parameters_cannot_change_alone():
    sim.setup(timestep=0.5)
    cells = sim.Population(2, sim.IF_curr_exp(i_offset=1.0))
    sim.run(5.0)
    with pytest.raises(pynn_errors.InvalidParameterValueError, match='parameters="per_neuron"'):
        cells[0].i_offset = 2.0
    sim.setup(timestep=0.5, parameters="per_neuron")
    cells = sim.Population(2, sim.IF_curr_exp(i_offset=1.0))
    cells.record("v")
    sim.run(5.0)
    cells[0].i_offset = 2.0
    sim.run(5.0)
    v = cells.get_data().segments[0].analogsignals[0].magnitude
    assert v[10, 0] == v[10, 1]
    assert v[20, 0] > v[20, 1]


def test_the_network_is_built_before_it_runs():
    sources, cells = small()
    sim.run(5.0)
    with pytest.raises(pynn_errors.ConnectionError, match="before run"):
        sim.Projection(sources, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0))


def test_initial_values():
    _sources, cells = small()
    cells.initialize(v=[-65.0, -60.0, -55.0, -51.0], isyn_exc=np.array([0.0, 0.0, 0.0, 3.0]))
    sim.run(5.0)
    v = cells.get_data().segments[0].analogsignals[0].magnitude
    np.testing.assert_allclose(v[0], [-65.0, -60.0, -55.0, -51.0])
    kept = np.exp(-0.5 / 10.0)
    np.testing.assert_allclose(v[1, :3], -65 + (v[0, :3] + 65) * kept, atol=2e-2)
    assert trains(cells)[3]


CONNECTORS = {
    "all": lambda: sim.AllToAllConnector(allow_self_connections=False),
    "one": lambda: sim.OneToOneConnector(),
    "probability": lambda: sim.FixedProbabilityConnector(0.5),
    "distance": lambda: sim.DistanceDependentProbabilityConnector("exp(-d/2.0)"),
    "pre": lambda: sim.FixedNumberPreConnector(2),
    "post": lambda: sim.FixedNumberPostConnector(2),
    "total": lambda: sim.FixedTotalNumberConnector(7),
    "list": lambda: sim.FromListConnector([(0, 1, 0.5, 1.0), (2, 2, 0.7, 2.0)]),
    "array": lambda: sim.ArrayConnector(np.eye(4, dtype=bool)),
    "displacement": lambda: sim.DisplacementDependentProbabilityConnector(
        lambda d: 1.0 * (abs(d[0]) < 2)
    ),
}


@pytest.mark.parametrize("kind", CONNECTORS)
@pytest.mark.parametrize("synapse", ["static", "stdp"])
def test_the_core_has_what_a_connector_made(kind, synapse):
    sim.setup(timestep=0.5)
    cells = sim.Population(4, sim.IF_curr_delta(), label="cells")
    eye = sim.Population(4, sim.SpikeSourcePoisson(rate=50.0), label="eye")
    weights = sim.RandomDistribution("uniform", low=0.2, high=0.9)
    model = sim.StaticSynapse(weight=weights, delay="0.5+0.5*d")
    if synapse == "stdp":
        rule = sim.SpikePairRule(), sim.AdditiveWeightDependence()
        model = sim.STDPMechanism(*rule, weight=weights, delay=1.0)
    made = sim.Projection(eye, cells, CONNECTORS[kind](), model, receptor_type="excitatory")
    pairs = {tuple(row[:2]) for row in made.get("weight", format="list")}
    if synapse == "stdp" and len(pairs) < len(made):
        with pytest.raises(pynn_errors.ConnectionError, match="one synapse for a pair of cells"):
            sim.run(0.5)
        return
    sim.run(0.5)
    asked = np.nan_to_num(made.get("weight", format="array"))
    device = sim.state.session.device
    held = np.asarray(device.weights)[:, :4]
    np.testing.assert_allclose(held.sum(axis=0), asked.sum(axis=0), atol=0.03)
    assert len(pairs) == np.count_nonzero(asked) == np.count_nonzero(held) > 0
    assert [c.weight for c in made.connections] == pytest.approx(
        made.get("weight", format="list", with_address=False)
    )


def test_views_and_assemblies():
    """Two populations and a view, joined, are the same cells as one population."""
    found = []
    for split in (False, True):
        sim.setup(timestep=0.5)
        times = [Sequence(np.arange(2.0 + k, 60.0, 7.0)) for k in range(3)]
        eye = sim.Population(3, sim.SpikeSourceArray(spike_times=times))
        cell = {"tau_m": 10.0, "cm": 0.5}
        if split:
            parts = [
                sim.Population(n, sim.IF_curr_exp(**cell), initial_values={"v": -65.0})
                for n in (2, 4)
            ]
            cells = sim.Assembly(parts[0], parts[1][0:3])
        else:
            cells = sim.Population(5, sim.IF_curr_exp(**cell), initial_values={"v": -65.0})
        into = np.linspace(0.5, 3.0, 15).reshape(3, 5)
        inside = [(i, j, 0.7, 1.5) for i in range(5) for j in range(5) if (i + j) % 3 == 0]
        sim.Projection(
            eye, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=into, delay=1.0)
        )
        made = sim.Projection(cells, cells, sim.FromListConnector(inside), sim.StaticSynapse())
        assert sorted(made.get(["weight", "delay"], format="list")) == inside
        cells.record("spikes")
        sim.run(60.0)
        found.append(trains(cells))
    assert found[0] == found[1]
    assert sum(map(len, found[0])) > 10


def test_connections_are_read_written_and_saved(tmp_path):
    sources, cells = small()
    made = sim.Projection(
        sources, cells, sim.FromListConnector([(0, 0), (1, 0), (1, 0), (2, 3)]),
        sim.StaticSynapse(weight=0.5, delay=1.0),
    )  # fmt: skip
    for operation, want in (("sum", 1.0), ("max", 0.5), ("last", 0.5)):
        array = made.get("weight", format="array", multiple_synapses=operation)
        assert array[1, 0] == want
        assert np.isnan(array[0, 1])
    made.set(weight=np.arange(12.0).reshape(3, 4), delay=2.0)
    assert made[0].as_tuple("weight", "delay") == (0.0, 2.0)
    made[0].weight = 3.0
    made.save("all", str(tmp_path / "c.txt"))
    assert len([x for x in (tmp_path / "c.txt").read_text().splitlines() if x[0] != "#"]) == 4
    with pytest.raises(pynn_errors.ConnectionError):
        made.set(weight=-1.0)
    with pytest.raises(pynn_errors.InvalidParameterValueError):
        made[0].presynaptic_index = 1


def test_weights_that_are_set_between_runs():
    found = []
    for between in (False, True):
        sources, cells = small(weight_bits=16, state_bits=32)
        weights = np.linspace(1.0, 4.0, 12).reshape(3, 4)
        into = sim.Projection(
            sources, cells, sim.AllToAllConnector(),
            sim.StaticSynapse(weight=weights[::-1] if between else weights, delay=2.0),
            receptor_type="excitatory",
        )  # fmt: skip
        sim.run(0.5)
        into.set(weight=weights)
        sim.run(60.0)
        found.append(trains(cells))
        ideal = sim.difference().populations[0]
        assert ideal.near >= 0.9 * ideal.hardware > 5
    assert found[0] == found[1]
    with pytest.raises(pynn_errors.InvalidParameterValueError, match="delay of connections"):
        into.set(delay=3.0)
    into.set(weight=weights * 9)
    asked, held = sim.difference().roundings["weight of eye→cells"]
    assert held < asked, "what was clipped is not said"


def test_data_that_is_cleared_goes_on_with_the_last_moment():
    _, cells = small(1)
    cells.set(i_offset=2.0)
    sim.run(20.0)
    first = cells.get_data(clear=True).segments[0]
    sim.run(20.0)
    second = cells.get_data().segments[0]
    assert [len(s.analogsignals[0]) for s in (first, second)] == [41, 41]
    np.testing.assert_array_equal(first.analogsignals[0][-1], second.analogsignals[0][0])
    assert float(second.analogsignals[0].t_start) == 20.0
    assert all(t > 20.0 for train in second.spiketrains for t in train.magnitude)
    assert min(len(train) for s in (first, second) for train in s.spiketrains) > 2


def test_the_ideal_simulation_has_the_currents_and_the_changes():
    _, cells = small(1, weight_bits=16, state_bits=32)
    cells[0].inject(sim.DCSource(amplitude=1.5, start=5.0, stop=25.0))
    sim.run(30.0)
    cells.set(v_thresh=-64.0)
    cells.initialize(v=-64.5)
    sim.run(10.0)
    cells[1:2].set(i_offset=1.5)
    sim.run(30.0)
    found = sim.difference().populations[0]
    assert found.first is None
    assert found.ideal == found.hardware
    assert [len(t) > 1 for t in trains(cells)] == [True, True, False, False]
    assert "clamps: 0" in repr(sim.difference())


def test_callbacks_and_sampling():
    small()
    cells = sim.Population(4, sim.IF_curr_exp())
    cells.record("v", sampling_interval=2.0)
    seen = []
    sim.run(20.0, callbacks=[lambda t: (seen.append(t), t + 5.0)[1]])
    assert seen == pytest.approx([0.0, 5.0, 10.0, 15.0, 20.0])
    signal = cells.get_data("v").segments[0].analogsignals[0]
    assert signal.shape == (11, 4)
    assert float(signal.sampling_period) == 2.0


def test_files_are_written_at_the_end_and_data_stays(tmp_path):
    _, cells = small(device="golden:")
    cells[0:2].record("v", to_file=str(tmp_path / "v.pkl"))
    cells.inject(sim.DCSource(amplitude=2.0))
    sim.run(10.0)
    sim.end()
    assert (tmp_path / "v.pkl").stat().st_size > 0
    assert len(cells.get_data().segments[0].analogsignals[0]) == 21
    assert sim.difference().populations[0].hardware > 0


def test_more_potentials_than_a_core_has_monitors():
    sim.setup(timestep=0.5)
    cells = sim.Population(70, sim.IF_curr_exp(i_offset=np.linspace(0, 2, 70)))
    cells.record("v")
    sim.run(15.0)
    many = cells.get_data().segments[0].analogsignals[0].magnitude
    sim.setup(timestep=0.5)
    cells = sim.Population(70, sim.IF_curr_exp(i_offset=np.linspace(0, 2, 70)))
    cells[60:70].record("v")
    sim.run(15.0)
    np.testing.assert_array_equal(
        many[:, 60:], cells.get_data().segments[0].analogsignals[0].magnitude
    )
