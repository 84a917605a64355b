"""A virtual environment for each simulator that SpikeLoom is compared with, by plain `pip install`.

    python benchmarks/peers/environments.py                    all that are missing, in build/peers/
    python benchmarks/peers/environments.py nest norse         some of them
    python benchmarks/peers/environments.py --constraint FILE  pip's constraints, as torch==2.13.0+cpu

PyTorch's usual wheel is large: a constraint to a CPU build, where pip finds one, saves gigabytes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build" / "peers"
PACKAGES = {
    # Brian2 2.9 does not import with NumPy 2; its Cython and C++ modes need a compiler as well.
    "brian2": ("brian2", "numpy<2", "cython", "setuptools"),
    "nest": ("nest-simulator",),
    "superneuromat": ("superneuromat[jit]",),
    "snntorch": ("snntorch",),
    "norse": ("norse",),
    "bindsnet": ("bindsnet",),
}
"""What pip installs into each environment, by the name of the simulator."""


def interpreter(name: str) -> Path:
    """The Python of an environment, made or not."""
    where = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return FOLDER.joinpath(name, *where)


def make(name: str, options: Sequence[str] = ()) -> Path:
    """Make an environment, with options for pip; returns its interpreter."""
    python = interpreter(name)
    venv.create(FOLDER / name, with_pip=True, clear=True)
    subprocess.run([python, "-m", "pip", "install", "-q", *options, *PACKAGES[name]], check=True)
    return python


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PACKAGES))
    parser.add_argument("--constraint", type=Path, metavar="FILE")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(PACKAGES))
    if unknown:
        parser.error(f"no simulator {', '.join(unknown)}; there are {', '.join(PACKAGES)}")
    options = ["--constraint", str(given.constraint)] if given.constraint else []
    failed = []
    for name in given.names or PACKAGES:
        if not given.names and interpreter(name).exists():
            continue
        print(f"{name}: pip install {' '.join(PACKAGES[name])} ...", flush=True)
        try:
            make(name, options)
        except subprocess.CalledProcessError:
            failed.append(name)
    if failed:
        print(f"not installed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
