"""`spikeloom explain`: the first difference from floats, on the command line."""

import json

import nir
import numpy as np
import pytest
from nir_graphs import graph, lif, weights

import spikeloom
from spikeloom import LIF, Network

OPTIONS = ("--dt", 1e-3, "--reset", "value")


@pytest.fixture
def files(tmp_path):
    """A network whose weights are coarse at 3 bits, and spikes for it."""
    rng = np.random.default_rng(0)
    made = graph(nir.Linear(weights(8, 12)), lif(8))
    made.nodes["out"] = nir.Output({"output": np.array([8])})
    net = tmp_path / "net.nir"
    nir.write(net, made)
    spikes = tmp_path / "spikes.npz"
    np.savez(spikes, **{"in": rng.random((200, 12)) < 0.2})
    return net, spikes


def test_the_first_difference_is_found(run, files, tmp_path):
    page, picture = tmp_path / "why.html", tmp_path / "why.png"
    written = ("-o", page, "--picture", picture)
    code, printed, err = run("explain", *files, *OPTIONS, "--weight-bits", 3, *written)
    assert (code, "fires only" in printed) == (0, True)
    assert "rounding of weights" in printed
    assert "<svg" in page.read_text()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"wrote {page}" in err
    code, printed, _ = run("explain", *files, *OPTIONS, "--weight-bits", 3, "--json")
    found = json.loads(printed)
    assert (code, found["equal"], found["first"]["cause"]) == (0, False, "rounding of weights")
    assert found["populations"][0]["first"] == found["first"]["step"]
    shares = [share["margin"] for share in found["first"]["shares"]]
    before, after = found["first"]["margins"]
    assert sum(shares) == pytest.approx(after - before)


def test_enough_bits_leave_nothing_to_explain(run, files, tmp_path):
    bits = ("--weight-bits", 16, "--state-bits", 28)
    code, printed, _ = run("explain", *files, *OPTIONS, *bits, "--picture", tmp_path / "none.png")
    assert (code, "All spikes are equal." in printed) == (0, True)
    assert not (tmp_path / "none.png").exists()
    found = json.loads(run("explain", *files, *OPTIONS, *bits, "--json")[1])
    assert (found["equal"], found["first"]) == (True, None)


def test_a_device_and_a_design_of_ones_own(run, files, tmp_path):
    found = spikeloom.from_nir(files[0], dt=1e-3, reset="value")
    design = spikeloom.compile(found.network, weight_bits=4)
    file = tmp_path / "net.slm"
    design.save(file)
    given = (*files, *OPTIONS, "--design", file, "--device", "fast:", "--json")
    code, printed, _ = run("explain", *given)
    assert (code, json.loads(printed)["device"]) == (0, "fast:")
    assert not json.loads(printed)["equal"]
    code, printed, _ = run("explain", file, files[1], "--json")
    causes = {s["cause"] for s in (json.loads(printed)["first"] or {"shares": []})["shares"]}
    assert code == 0
    assert causes <= {"rounding of states in each step"}


def test_what_does_not_go_together_is_said(run, files, tmp_path):
    net = Network()
    net.connect(net.input("in", 12), net.population("cells", 2, LIF(0.02)), 0.3)
    file = tmp_path / "net.slm"
    spikeloom.compile(net).save(file)
    assert "settings already" in run("explain", file, files[1], "--dt", 1e-3)[2]
    assert "not of this network" in run("explain", *files, *OPTIONS, "--design", file)[2]
    both = ("--design", file, "--weight-bits", 4)
    assert "already" in run("explain", *files, *OPTIONS, *both)[2]
