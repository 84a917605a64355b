"""Imports go one way: no circle among modules, and no room below asks for one above.

What the rooms may import is in pyproject.toml, for import-linter (`make lint`).
"""

import graphlib
import importlib
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITHOUT_CIRCLES = ("spikeloom", "spikeloom.hdl")
"""Packages whose modules import each other without a circle."""

GRAPH = """
import json, sys, grimp
graph = grimp.build_graph("spikeloom", cache_dir=None)
print(json.dumps({m: sorted(graph.find_modules_directly_imported_by(m)) for m in graph.modules}))
"""


@pytest.fixture(scope="module")
def imports(tmp_path_factory):
    """What each module imports, read from one folder of links to all rooms, as `make lint` makes it."""
    links = tmp_path_factory.mktemp("links") / "spikeloom"
    links.mkdir()
    host = [path for path in (ROOT / "host").iterdir() if path.name != "__pycache__"]
    for path in (*host, *(ROOT / room for room in ("hdl", "sim", "boards"))):
        (links / path.name).symlink_to(path)
    result = subprocess.run(
        [sys.executable, "-c", GRAPH],
        env={**os.environ, "PYTHONPATH": str(links.parent)},
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    return json.loads(result.stdout)


def rooms():
    """Every room: the folders of host/ and sim/, and the two that are one each."""
    yield from ("spikeloom.hdl", "spikeloom.boards")
    for folder, package in (("host", "spikeloom"), ("sim", "spikeloom.sim")):
        for path in (ROOT / folder).iterdir():
            if (path / "__init__.py").exists():
                yield f"{package}.{path.name}"


def test_every_room_is_on_a_floor():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (floors,) = (contract["layers"] for contract in contracts if contract["id"] == "floors")
    placed = [room.strip() for floor in floors for room in floor.split("|")]
    assert sorted(placed) == sorted(rooms())


def test_rooms_use_of_each_other_what_is_offered(imports):
    """A module that another room imports is in the `__all__` of its room."""
    hidden = set()
    for module, found in imports.items():
        for imported in found:
            room = next((r for r in rooms() if imported.startswith(r + ".")), None)
            if (
                room is None
                or within(module, room)
                or room in ("spikeloom.hdl", "spikeloom.boards")
            ):
                continue
            offered = importlib.import_module(room).__all__
            if imported.removeprefix(room + ".") not in offered:
                hidden.add(f"{module} imports {imported}")
    assert not hidden


def within(module, package):
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("package", WITHOUT_CIRCLES)
def test_no_circle_among_modules(imports, package):
    graph = {
        module: [imported for imported in imported_ones if within(imported, package)]
        for module, imported_ones in imports.items()
        if within(module, package)
    }
    assert len(graph) > 1
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" is imported by ".join(error.args[1]))


def test_hardware_does_not_import_the_library_for_users(imports):
    users = [
        m for m, found in imports.items() if within(m, "spikeloom.hdl") and "spikeloom" in found
    ]
    assert not users


def test_the_contract_is_imported_without_gateware():
    program = "import sys, spikeloom.hdl; sys.exit('amaranth' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
