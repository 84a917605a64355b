"""One way to name a design and a device, in every command; and `spikeloom run`."""

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import typer
from designs import CONFIG, DESIGN
from typer.testing import CliRunner

import spikeloom
from spikeloom.cli import app
from spikeloom.cli.targets import Targets, is_file, sort_targets
from spikeloom.display import progress


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net.slm", True), ("core.toml", True), ("some/where/net.slm", True),
        ("twin:", False), ("golden:", False), ("netlist:icebreaker", False), ("netlist:my.slm", False),
        ("/dev/ttyUSB1", False), ("COM5", False), ("socket://host:1", False), ("twin://net.slm", False),
        ("board", False),
    ],
)  # fmt: skip
def test_faults_26_a_design_is_no_port(name, expected):
    assert is_file(name) == expected


def test_faults_26_files_with_any_name_and_devices_with_links(tmp_path):
    (tmp_path / "saved").write_bytes(b"")
    assert is_file(str(tmp_path / "saved"))
    (tmp_path / "board").symlink_to("/dev/null")
    assert not is_file(str(tmp_path / "board"))


def test_faults_26_arguments_come_in_any_order():
    for given in (["net.slm", "twin:"], ["twin:", "net.slm"]):
        found = sort_targets(given)
        assert (str(found.design_file), found.where) == ("net.slm", "twin:")
    assert sort_targets(["net.slm"], "COM5").where == "COM5"
    assert str(sort_targets(["twin:"], None, "net.slm").file) == "net.slm"
    assert sort_targets(["core.toml"]).design_file is None
    assert sort_targets(["core.toml"]).is_config
    assert sort_targets(None) == Targets()
    for wrong in ((["a.slm", "b.slm"],), (["a.slm"], None, "b.slm"), (["twin:"], "golden:")):
        with pytest.raises(typer.BadParameter, match="not both"):
            sort_targets(*wrong)


@pytest.mark.parametrize("command", ["info", "shell", "watch", "run", "linktest"])
def test_faults_26_the_device_option_has_one_name(run, command):
    text = run(command, "--help")[1]
    assert "--on" in text
    assert "--design" not in text


def test_faults_26_info_of_a_design(run, design_file, core_file):
    code, out, _ = run("info", design_file, "--json")
    assert code == 0
    assert json.loads(out)["configuration"]["neurons"] == CONFIG.neurons
    assert json.loads(run("info", core_file, "--json")[1])["configuration"] == CONFIG.to_dict()
    for spelling in (["--on", "golden:"], ["golden:"]):
        assert "counters" in json.loads(run("info", design_file, *spelling, "--json")[1])
    assert json.loads(run("info", "--design", design_file, "--json")[1])["sizes"]
    code, _, err = run("info", "nothere.slm")
    assert (code, "cannot read nothere.slm" in err) == (1, True)


def test_faults_33_run_takes_a_file_and_writes_one(run, design_file, tmp_path):
    spikes = np.random.default_rng(0).random((30, CONFIG.axons)) < 0.4
    given, out = tmp_path / "spikes.npz", tmp_path / "out.npz"
    np.savez(given, spikes)
    code, text, err = run("run", design_file, "--input", given, "--out", out, "--json")
    assert code == 0
    assert str(out) in err
    expected = spikeloom.open("golden:", DESIGN).run(spikes)
    saved = spikeloom.Run.load(out)
    assert np.array_equal(saved.spikes, expected.spikes)
    assert json.loads(text) == {
        "device": "golden:", "start": 0, "steps": 30, "spikes": {"all": int(expected.spikes.sum())},
        "rates_hz": {"all": expected.rates()["all"]},
    }  # fmt: skip
    code, text, _ = run("run", design_file, "--on", "golden:", "-i", given)
    assert code == 0
    assert expected.text() in text


def test_faults_33_run_draws_spikes_and_monitors(run, tmp_path):
    net = spikeloom.Network()
    net.connect(net.input("eye", 3), net.population("cells", 2, spikeloom.IF()), 0.4)
    spikeloom.compile(net, monitors=2).save(tmp_path / "net.slm")
    out = tmp_path / "out.npz"
    arguments = ("--input-rate", 200, "--seed", 4, "--steps", 40, "-m", "cells", "-o", out)
    assert run("run", tmp_path / "net.slm", *arguments)[0] == 0
    first = spikeloom.Run.load(out)
    assert list(first.monitored) == ["v[0]", "v[1]"]
    assert first["cells"].any()
    run("run", tmp_path / "net.slm", *arguments)
    assert np.array_equal(spikeloom.Run.load(out).spikes, first.spikes)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "name a saved design"),
        (["golden:"], 2, "name a saved design"),
        (["net.slm", "--input", "x.npz", "--input-rate", "5"], 2, "not both"),
        (["net.slm"], 1, "give steps"),
        (["net.slm", "--steps", "5", "-m", "nobody"], 1, "no population 'nobody'"),
        (["net.slm", "--input", "none.npz"], 1, "none.npz"),
        (["net.slm", "--steps", "5", "--out", "no/folder/out.npz"], 1, "cannot write"),
    ],
)
def test_what_cannot_run_is_refused(run, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    DESIGN.save("net.slm")
    found, _, err = run("run", *arguments)
    assert found == code
    assert message in " ".join(err.split())
    assert "Traceback" not in err


def test_faults_26_quiet_and_verbose(run, design_file, tmp_path, monkeypatch):
    out = tmp_path / "out.npz"

    def opened(*arguments, **options):
        warnings.warn("something is lost", spikeloom.FitWarning, stacklevel=1)
        return spikeloom.device.golden.GoldenDevice(DESIGN)

    monkeypatch.setattr("spikeloom.open", opened)
    command = ("run", design_file, "--steps", 3, "--out", out)
    _, _, err = run(*command)
    assert "warning: something is lost\n" in err
    assert f"wrote {out}" in err.replace("\n", "")
    _, said, err = run("--quiet", *command)
    assert err == ""
    assert said
    _, _, err = run("-v", *command)
    assert "FitWarning, " in err.replace("\n", "")
    assert "took 0." in err
    assert run("-q", "-v", *command)[0] == 2
    assert not progress._quiet or run("doctor", "--help")


def test_faults_26_completion_is_offered(run):
    assert "--install-completion" in run("--help")[1]
    asked = {
        "_SPIKELOOM_COMPLETE": "complete_bash",
        "COMP_WORDS": "spikeloom wat",
        "COMP_CWORD": "1",
    }
    code = "from spikeloom.cli import app; app(prog_name='spikeloom')"
    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **asked}, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert result.stdout.split() == ["watch"]


def test_faults_26_flags_name_no_type():
    text = CliRunner().invoke(app, ["doctor", "--help"]).output
    lines = [line for line in text.splitlines() if line.startswith("│ --json")]
    assert len(lines) == 1
    assert "bool" not in lines[0].lower()


def test_faults_26_an_option_means_one_thing_everywhere():
    """`--rate`, `--learning`, `--on`: the same words have the same help, or one command has them."""
    command = typer.main.get_command(app)
    meanings = {}
    for name, child in command.commands.items():
        for parameter in child.params:
            for option in parameter.opts:
                if option in ("--rate", "--learning", "--on", "--port", "--input-rate", "--input"):
                    meanings.setdefault(option, set()).add(name)
    assert meanings["--rate"] == {"bisect"}
    assert meanings["--learning"] == {"build"}
    assert "--port" not in meanings
    assert meanings["--on"] >= {"info", "run", "shell", "watch", "linktest"}
