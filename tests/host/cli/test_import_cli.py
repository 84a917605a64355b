"""`spikeloom import`: a file of another tool becomes a design, with what has to be known of it."""

import json

import nir
import numpy as np
import pytest
from nir_graphs import full, graph, lif

from spikeloom.design.design import Design


@pytest.fixture
def net(tmp_path):
    file = tmp_path / "net.nir"
    made = graph(nir.Affine(np.ones((4, 3)), full(0.25, 4)), lif(4))
    made.nodes["out"] = nir.Output({"output": np.array([4])})
    nir.write(file, made)
    return file


def test_a_file_becomes_a_design(run, net, tmp_path):
    out = tmp_path / "net.slm"
    code, printed, err = run("import", net, "--dt", 1e-3, "--reset", "value", "-o", out)
    assert (code, f"wrote {out}" in err) == (0, True)
    assert "r·dt/τ is 1 everywhere" in printed
    assert Design.load(out).populations == {"n1": slice(0, 4)}


def test_json_has_the_notes_and_the_core(run, net):
    more = ("--weight-bits", 12, "--state-bits", 20, "--format", "nir", "--source", "snntorch")
    code, printed, _ = run("import", net, "--dt", 1e-3, "--reset", "value", "--json", *more)
    found = json.loads(printed)
    assert code == 0
    assert found["populations"] == {"n1": 4}
    assert found["outputs"] == ["n1"]
    assert found["starts"] == []
    assert found["config"]["weight_bits"] == 12
    assert any("snntorch" in note for note in found["notes"])


def test_what_is_missing_or_unknown_is_said(run, net):
    assert "needs dt" in run("import", net)[2]
    assert "needs reset" in run("import", net, "--dt", 1e-3)[2]
    given = ("--dt", 1e-3, "--reset", "value", "--set")
    assert "choose" in run("import", net, *given, "cycles=3")[2]
    assert "no option speed; it has dt, reset" in run("import", net, *given, "speed=3")[2]
    assert "cannot read" in run("import", "missing.nir")[2]
