"""`LI` and `v_min`: read-outs that never fire, and potentials with a floor."""

import numpy as np
import pytest

import spikeloom
from spikeloom import IF, LI, LIF, FitError, FitWarning, InputError, Network
from spikeloom.signals.decode import potential
from spikeloom.sim.cosim.campaign import run_campaign

DT = 1e-3


def network(hidden=None, readout=None, size=12):
    rng = np.random.default_rng(3)
    net = Network(dt=DT)
    eye = net.input("eye", 20)
    cells = net.population("cells", size, hidden or LIF(tau_mem=20e-3, reset="subtract"))
    out = net.population("out", 3, readout or LI(tau_mem=30e-3, tau_syn=5e-3))
    net.connect(eye, cells, rng.normal(0.1, 0.3, (20, size)))
    net.connect(cells, out, rng.normal(0.0, 0.5, (size, 3)))
    return net


RASTER = np.random.default_rng(5).random((300, 20)) < 0.2


def test_a_readout_integrates_and_never_fires():
    net = network()
    design = spikeloom.compile(net, weight_bits=12, state_bits=24)
    device = spikeloom.open("golden:", design)
    device.monitor("out")
    run = device.run({"eye": RASTER})
    spikes = run["cells"]
    traces = np.array([potential(run, "out", step=t) for t in range(len(RASTER))])
    assert run["out"].sum() == 0 < spikes.sum()
    keep, fade = np.exp(-DT / 30e-3), np.exp(-DT / 5e-3)
    v, current, expected = np.zeros(3), np.zeros(3), []
    weights = net.projections[1].weights
    for t in range(len(RASTER)):
        arrived = spikes[t - 1] @ weights if t else 0.0
        current = current * fade + arrived
        v = v * keep + current
        expected.append(v)
    expected = np.array(expected)
    assert np.abs(expected).max() > 3  # far beyond any threshold
    assert np.abs(traces - expected).max() < 0.05 * np.abs(expected).max()
    assert device.counters()["clamps"] == 0


def test_readouts_take_part_beside_any_reset_and_synapse():
    for hidden in (IF(reset="value"), LIF(tau_mem=5e-3, reset="subtract", tau_syn=(3e-3, 9e-3))):
        design = spikeloom.compile(network(hidden))
        assert design.config.readouts
        assert design.config.reset == hidden.reset
        assert design.config.synapse == "exponential"


@pytest.mark.parametrize(("readouts", "monitors"), [(3, 8), (20, 20), (65, 8)])
def test_all_readouts_can_be_watched_together(readouts, monitors):
    net = Network(dt=DT)
    net.connect(net.input("in", 4), net.population("out", readouts, LI(20e-3)), 0.5)
    assert spikeloom.compile(net).config.monitors == monitors


def test_without_readouts_and_floors_a_core_has_neither():
    net = Network(dt=DT)
    net.connect(net.input("in", 2), net.population("n", 2, IF()), 0.5)
    config = spikeloom.compile(net).config
    assert not config.readouts
    assert not config.floor
    assert not {"readouts", "floor"} & config.to_dict().keys()


def test_inhibition_stops_at_the_floor():
    net = Network(dt=DT)
    eye = net.input("eye", 2)
    cells = net.population("cells", 2, IF(v_threshold=1.0, v_min=[-0.5, -70.0]))
    net.connect(eye, cells, [[-0.25, -0.25], [0.75, 0.75]])
    design = spikeloom.compile(net)
    assert design.report.exact == 2
    device = spikeloom.open("golden:", design)
    device.run({"eye": np.array([[1, 0]] * 10)})
    assert device.states.v["cells"].tolist() == [-0.5, -2.5]
    assert device.counters()["clamps"] == 0
    run = device.run({"eye": np.array([[0, 1]] * 2)})
    assert run["cells"].tolist() == [[False, False], [True, False]]
    assert np.asarray(device.parameters.v_min["cells"]).tolist() == [-0.5, -70.0]


def test_a_floor_is_counted_from_rest():
    net = Network(dt=DT)
    eye = net.input("eye", 1)
    cells = net.population("cells", 1, LIF(20e-3, v_threshold=-50, v_rest=-65, v_min=-80))
    net.connect(eye, cells, -30.0)
    device = spikeloom.open("golden:", spikeloom.compile(net))
    device.run({"eye": np.ones((5, 1), bool)})
    assert device.states.v["cells"][0] == pytest.approx(-80, abs=0.01)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IF(v_min=0.1), "v_min is above v_rest"),
        (lambda: LIF(20e-3, v_rest=-65, v_threshold=-50, v_min=-60), "v_min is above v_rest"),
        (lambda: IF(v_min=np.nan), "finite"),
        (lambda: LI(20e-3, v_threshold=1.5), "v_threshold has no meaning in an LI"),
        (lambda: LI(20e-3, refractory=2e-3), "refractory has no meaning in an LI"),
        (lambda: LI(20e-3, reset="subtract"), "reset has no meaning in an LI"),
    ],
)
def test_what_has_no_meaning_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_core_without_them_is_told_what_is_missing():
    config = spikeloom.compile(network(readout=LIF(30e-3, reset="subtract", tau_syn=5e-3))).config
    with pytest.raises(FitError, match="readouts"):
        spikeloom.compile(network(), config=config)
    floored = network(LIF(20e-3, reset="subtract", v_min=-1.0), LIF(9e-3, reset="subtract"))
    with pytest.raises(FitError, match="floor"):
        spikeloom.compile(floored, config=config)


def test_a_floor_that_is_off_is_said_by_name():
    net = Network(dt=DT)
    eye = net.input("eye", 3)
    cells = net.population("cells", 1, IF(v_threshold=1.0, v_min=-0.013))
    net.connect(eye, cells, [[0.31], [0.17], [np.pi / 9]])
    with pytest.warns(FitWarning, match="floor of 1 of 1 neurons of 'cells' is off"):
        spikeloom.compile(net, state_bits=8)


@pytest.mark.timeout(600)
def test_gateware_has_floors_and_readouts_as_the_model_has():
    configs = [
        spikeloom.compile(network(LIF(20e-3, reset="subtract", v_min=-0.25))).config,
        spikeloom.compile(
            network(LIF(leak="linear", leak_step=0.1, v_min=-1.0, refractory=3e-3,
                        integrate_refractory=True),
                    LI(leak="linear", leak_step=0.2))
        ).config,
    ]  # fmt: skip
    assert all(c.floor and c.readouts for c in configs)
    report = run_campaign(configs, range(8))
    assert report.to_dict()["mismatches"] == []
    assert report.cases == 16
