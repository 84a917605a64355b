#!/bin/sh
# Makes the virtual environment $1 with everything for demo, tests and builds.
# Names each missing system package before anything is installed.
set -eu
venv=$1
python=${PYTHON:-python3}
missing=""

need() { # what is checked, package of Debian and Ubuntu
    missing="$missing\n  $1: sudo apt install $2"
}

command -v "$python" >/dev/null || need "python3 (3.11 or later)" "python3 python3-venv"
command -v g++ >/dev/null || need "g++ (Verilator compiles with it)" g++
command -v make >/dev/null || need "make" make
perl -MData::Dumper -e 1 2>/dev/null || need "a full perl (Verilator's driver is written in it)" perl
if [ -n "$missing" ]; then
    printf 'These are missing:%b\n' "$missing" >&2
    exit 1
fi

"$python" - <<'PYTHON' || exit 1
import importlib.util, sys
if sys.version_info < (3, 11):
    sys.exit(f"Python {sys.version.split()[0]} is too old: install python3.11 or later, "
             "and name it: make PYTHON=python3.12 ...")
if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
    sys.exit("Python's venv is missing: sudo apt install python3-venv")
PYTHON

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
echo "Installing packages into $venv (a minute or two, without a word) ..."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[dev]'

"$venv/bin/python" - <<'PYTHON' || exit 1
import sys
from find_libpython import find_libpython
if find_libpython() is None:
    v = f"{sys.version_info.major}.{sys.version_info.minor}"
    sys.exit(f"cocotb needs a shared libpython: sudo apt install libpython{v}")
PYTHON
