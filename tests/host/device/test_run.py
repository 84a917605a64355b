"""What a run says of itself: rasters, times, rates, pictures and files."""

import zipfile

import numpy as np
import pytest

import spikeloom
from spikeloom import IF, LIF, DesignError, Network, Run
from spikeloom.hdl.contract.errors import InputError


def network():
    net = Network(dt=2e-3)
    eye, cells = net.input("eye", 3), net.population("cells", 3, IF())
    hidden = net.population("hidden", 2, LIF(tau_mem=20e-3), report=False)
    net.connect(eye, cells, np.eye(3))
    net.connect(cells, hidden, np.ones((3, 2)))
    return net


@pytest.fixture
def device():
    return spikeloom.open("golden:", spikeloom.compile(network(), monitors=2))


@pytest.fixture
def run(device):
    device.monitor([0])
    device.run(steps=4)
    spikes = np.zeros((10, 3))
    spikes[[1, 5, 7], 0] = 1
    spikes[2, 2] = 1
    return device.run({"eye": spikes})


def test_faults_10_what_is_not_there_is_an_error_that_says_what_is(run):
    with pytest.raises(
        InputError, match="no population 'nope' in this run; it has 'cells', 'hidden'"
    ):
        run["nope"]
    with pytest.raises(InputError, match=r"'hidden' are not reported.*report=False"):
        run["hidden"]
    for call in (run.times, run.rates):
        with pytest.raises(InputError, match="not reported"):
            call("hidden")
    assert "hidden" not in repr(run) + run.text()


def test_faults_33_times_and_rates(run):
    times = run.times("cells")
    assert [t.tolist() for t in times] == [
        pytest.approx([0.01, 0.018, 0.022]), [], pytest.approx([0.012]),
    ]  # fmt: skip
    assert run.rates("cells").tolist() == pytest.approx([150, 0, 50])
    assert run.rates() == {"cells": pytest.approx(200 / 3)}
    assert run.rates("cells").shape == (3,)


def test_no_steps_have_no_rates(device):
    empty = device.run(steps=0)
    assert empty.rates("cells").tolist() == [0, 0, 0]
    assert [len(t) for t in empty.times("cells")] == [0, 0, 0]


def test_faults_33_a_run_plots_itself(run, tmp_path):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    figure = run.plot(ax=axes)
    assert figure is axes.figure
    assert "time (ms)" in axes.get_xlabel()
    run.plot(path=tmp_path / "raster.svg")
    assert "<svg" in (tmp_path / "raster.svg").read_text()


def test_faults_33_a_run_is_saved_and_loaded(run, tmp_path):
    path = tmp_path / "run.npz"
    run.save(path)
    again = Run.load(path)
    for name in ("start", "dt", "populations", "unreported"):
        assert getattr(again, name) == getattr(run, name)
    assert np.array_equal(again.spikes, run.spikes)
    assert again.monitored.keys() == run.monitored.keys() == {"v[0]"}
    assert np.array_equal(again.monitored["v[0]"], run.monitored["v[0]"])
    assert np.array_equal(again.monitored.raw["v[0]"], run.monitored.raw["v[0]"])
    assert np.array_equal(again["cells"], run["cells"])
    with pytest.raises(InputError):
        again["hidden"]
    with np.load(path) as plain:
        assert np.array_equal(plain["spikes/cells"], run["cells"])


def _edited(path, **changes):
    with np.load(path) as found:
        arrays = {name: found[name] for name in found.files} | changes
    np.savez(path, **{name: values for name, values in arrays.items() if values is not None})


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"format": np.array(99)}, "newer"),
        ({"spikes": None}, "spikes"),
        ({"spikes": np.zeros(3, dtype=bool)}, "shape"),
        ({"spikes": np.zeros((3, 4))}, "float64"),
        ({"start": np.array(-1)}, "first step"),
        ({"dt": np.array(0.0)}, "steps take"),
        ({"dt": np.array(np.nan)}, "steps take"),
        ({"ranges": np.array([[0, 99], [0, 1]])}, "populations"),
        ({"ranges": np.array([[0, 1]])}, "populations"),
        ({"monitored/v[0]": None}, "both forms"),
        ({"monitored/v[0]": np.zeros(3)}, "values of"),
        ({"spikes": np.array([None])}, "Python objects"),
    ],
)
def test_what_is_no_saved_run_is_refused(run, tmp_path, change, match):
    path = tmp_path / "run.npz"
    run.save(path)
    _edited(path, **change)
    with pytest.raises(DesignError, match=match):
        Run.load(path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nothing", b"text"])
def test_foreign_files_are_refused(data, tmp_path):
    path = tmp_path / "run.npz"
    path.write_bytes(data)
    with pytest.raises(DesignError, match="not a saved run"):
        Run.load(path)
    with pytest.raises(DesignError, match="cannot read"):
        Run.load(tmp_path / "none.npz")


def test_a_compressed_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "run.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("spikes.npy", bytes(10**7))
    with pytest.raises(DesignError, match="it is compressed"):
        Run.load(path)


def test_a_save_that_fails_leaves_what_was_there(run, tmp_path):
    path = tmp_path / "run.npz"
    run.save(path)
    before = path.read_bytes()
    with pytest.raises(DesignError):
        run.save(tmp_path / "no folder" / "run.npz")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_faults_32_networks_show_themselves_in_a_line():
    net = network()
    assert repr(net) == (
        "<Network eye (3) → cells (3 IF), hidden (2 LIF): 2 projections, 9 synapses, steps of 2 ms>"
    )
    assert repr(net.populations["cells"]) == "<cells: 3 × IF>"
    assert repr(net.projections[0]) == "<eye → cells: 3 of 9 synapses, weights 1…1>"
    assert (
        repr(Network())
        == "<Network no inputs → no neurons: 0 projections, 0 synapses, steps of 1 ms>"
    )


def test_faults_32_devices_show_their_last_run(device, run):
    assert repr(device).endswith("next step 14; last run: 4 spikes in steps 4…13>")
