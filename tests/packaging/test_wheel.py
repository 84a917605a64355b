"""The wheel: it holds every file of the four rooms, and works in an empty environment.

SPIKELOOM_WHEEL names a wheel that was built before (`make wheel` does); without it, one is built.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import typer

from spikeloom import cli

ROOT = Path(__file__).parents[2]
ROOMS = {"host": "spikeloom", **{name: f"spikeloom/{name}" for name in ("hdl", "sim", "boards")}}
FIRST_STEPS = Path(__file__).with_name("first_steps.py")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def commands(group, path=()):
    """The command lines of all commands and groups below `group`."""
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


COMMANDS = list(commands(typer.main.get_command(cli.app)))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    given = os.environ.get("SPIKELOOM_WHEEL")
    if given:
        return Path(given).absolute()
    # What an earlier build left in the checkout must not fill the gaps of this one.
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in (*ROOMS, "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, source], check=True)
    (path,) = folder.glob("*.whl")
    return path


class Environment:
    """A virtual environment of its own, in which nothing of this one is seen."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        venv.create(folder / "venv", with_pip=True)
        self.bin = folder / "venv" / "bin"

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in an empty folder, with an empty cache."""
        variables = {
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "SPIKELOOM_CACHE": str(self.home / "cache"),
            "NO_COLOR": "1",
        }
        pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return subprocess.run(
            [self.bin / program, *map(str, arguments)],
            env={**pip, **variables}, cwd=self.home, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def install(self, what: str) -> None:
        done = self.run("python", "-m", "pip", "install", "--quiet", what)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def bare(wheel, tmp_path_factory):
    """The wheel alone, without any extra."""
    environment = Environment(tmp_path_factory.mktemp("bare"))
    environment.install(str(wheel))
    return environment


@pytest.fixture(scope="session")
def with_twin(wheel, tmp_path_factory):
    """The wheel with the extra `sim`."""
    environment = Environment(tmp_path_factory.mktemp("sim"))
    environment.install(f"{wheel}[sim]")
    return environment


def test_the_wheel_holds_every_file_of_the_rooms(wheel):
    wanted = {
        f"{package}/{path.relative_to(ROOT / room).as_posix()}"
        for room, package in ROOMS.items()
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {"spikeloom/__main__.py", "spikeloom/py.typed", "spikeloom/sim/twin/harness.cpp"} <= held
    assert sorted(wanted - held) == [], "missing"
    assert sorted(held - wanted) == [], "of nobody"


def test_the_golden_model_runs_and_the_twin_says_what_it_lacks(bare):
    done = bare.run("python", FIRST_STEPS, "golden:")
    assert re.fullmatch(r"spikes [1-9]\d+\n", done.stdout), done.stderr
    done = bare.run("python", FIRST_STEPS, "twin:")
    assert done.returncode
    assert "pip install 'spikeloom[sim]'" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: " ".join(("spikeloom", *path)))
def test_help_needs_no_extra(bare, command):
    done = bare.run("spikeloom", *command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: " in done.stdout


def test_the_module_is_the_command(bare):
    assert bare.run("python", "-m", "spikeloom", "--version").stdout == (
        bare.run("spikeloom", "--version").stdout
    )


def test_the_doctor_reports_what_is_missing_as_json(bare):
    done = bare.run("spikeloom", "doctor", "--json")
    assert done.stdout.startswith("{"), done.stderr


def test_the_twin_equals_the_golden_model(bare, with_twin):
    twin, golden = (
        with_twin.run("python", FIRST_STEPS, "twin:"),
        bare.run("python", FIRST_STEPS, "golden:"),
    )
    assert twin.returncode == 0, twin.stderr
    assert twin.stdout == golden.stdout
