"""PyNN's own system scenarios, from a folder that SPIKELOOM_PYNN_SCENARIOS names.

That is `test/system/scenarios` of PyNN's repository at version 0.13.  Which of them pass, and why the others
do not, is the table in docs/how-to/pynn.md, which is checked here.
"""

import importlib.util
import inspect
import os
import re
import sys
import warnings
from pathlib import Path

import pytest

sim = pytest.importorskip("spikeloom.pynn")

from spikeloom.pynn.refusals import UnsupportedModelError  # noqa: E402

FOLDER = os.environ.get("SPIKELOOM_PYNN_SCENARIOS", "")
PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "pynn.md"
PASS = "pass"
PACKAGE = "pynn_scenarios"


def table():
    """Of each test, by name, the result that the documentation has for it."""
    text = PAGE.read_text()
    start = text.index("## PyNN's own scenarios")
    rows = re.findall(r"^\| ([^|]+) \| (`test_[^|]+) \|$", text[start:], re.MULTILINE)
    return {
        name: result.strip() for result, tests in rows for name in re.findall(r"`(\w+)`", tests)
    }


def scenarios():
    """Name and function of each test in the folder."""
    if not FOLDER:
        return {}
    for name in ("__init__", "fixtures", *sorted(p.stem for p in Path(FOLDER).glob("test_*.py"))):
        full = PACKAGE if name == "__init__" else f"{PACKAGE}.{name}"
        spec = importlib.util.spec_from_file_location(
            full, Path(FOLDER) / f"{name}.py", submodule_search_locations=[FOLDER]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    found = {}
    for full, module in list(sys.modules.items()):
        if full.startswith(PACKAGE + ".test_"):
            for name, function in vars(module).items():
                if name.startswith("test_") and "sim" in inspect.signature(function).parameters:
                    found[name] = function
    return found


SCENARIOS = scenarios()


def test_the_table_is_about_the_mapped_cells():
    results = list(table().values())
    assert results.count(PASS) >= 25
    assert len(results) >= 60


@pytest.mark.skipif(not FOLDER, reason="SPIKELOOM_PYNN_SCENARIOS names no folder")
def test_the_table_has_every_scenario():
    assert sorted(table()) == sorted(SCENARIOS)


@pytest.mark.parametrize("name", sorted(SCENARIOS) or [pytest.param("", marks=pytest.mark.skip)])
def test_scenario(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if table()[name] == PASS:
            SCENARIOS[name](sim)
        else:
            with pytest.raises((UnsupportedModelError, pytest.skip.Exception)):
                SCENARIOS[name](sim)
