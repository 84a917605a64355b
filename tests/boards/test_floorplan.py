"""Places of a fabric's cores on the chip."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.boards import FpgaPart, bitstream, board_named, build, fabric_of
from spikeloom.boards.families import BlockRamRow
from spikeloom.boards.families.ecp5 import LFE5U_85F
from spikeloom.boards.floorplan import place_cores, sites_of_cores
from spikeloom.boards.tools import BuildError
from spikeloom.hdl import CoreConfig, FabricConfig

BLOCK_RAM = "DP16KD"
CORE = CoreConfig(neurons=8, axons=8, route_entries=16)


@st.composite
def parts(draw: st.DrawFn) -> FpgaPart:
    height = draw(st.integers(1, 100))
    ys = draw(st.lists(st.integers(0, height - 1), max_size=6, unique=True))
    widths = [draw(st.integers(0, 20)) for _ in ys]
    rows = [
        BlockRamRow(y, tuple(f"{x},{y}" for x in range(width)))
        for y, width in zip(ys, widths, strict=True)
    ]
    return replace(LFE5U_85F, height=height, block_ram_rows=tuple(rows))


@given(part=parts(), columns=st.integers(1, 8), rows=st.integers(1, 8), data=st.data())
def test_cores_lie_on_the_chip_as_in_the_mesh(
    part: FpgaPart, columns: int, rows: int, data: st.DataObject
) -> None:
    fabric = FabricConfig(CORE, columns=columns, rows=rows)
    memories = {
        core: [f"{core}.{k}" for k in range(data.draw(st.integers(0, 12)))]
        for core in range(fabric.cores)
    }
    sites = sites_of_cores(memories, part, fabric)

    free = {site for row in part.block_ram_rows for site in row.sites}
    assert set(sites.values()) <= free
    assert len(set(sites.values())) == len(sites)
    xs: dict[tuple[int, int], list[int]] = {}
    ys: dict[int, set[int]] = {}
    for name, site in sites.items():
        row, column = divmod(int(name.split(".")[0]), columns)
        x, y = map(int, site.split(","))
        xs.setdefault((row, column), []).append(x)
        ys.setdefault(row, set()).add(y)
    assert all(len(found) == 1 for found in ys.values())
    assert all(max(ys[a]) < min(ys[b]) for a, b in pairwise(sorted(ys)))
    for row, column in xs:
        if (row, column + 1) in xs:
            assert max(xs[row, column]) < min(xs[row, column + 1])


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 2), (4, 3), (4, 4)])
def test_all_memories_of_cores_that_fit_get_a_site(columns: int, rows: int) -> None:
    fabric = FabricConfig(CORE, columns=columns, rows=rows)
    names = {core: [f"{core}.{k}" for k in range(11)] for core in range(fabric.cores)}
    sites = sites_of_cores(names, LFE5U_85F, fabric)
    assert sorted(sites) == sorted(name for core in names.values() for name in core)
    places = {name: position(site) for name, site in sites.items()}
    centre = {
        core: tuple(mean(places[name][axis] for name in names[core]) for axis in (0, 1))
        for core in names
    }
    for core, (x, y) in centre.items():
        row, column = divmod(core, columns)
        assert abs(x / 126 - (column + 0.5) / columns) < 0.5 / columns
        assert abs(y / LFE5U_85F.height - (row + 0.5) / rows) <= 0.5 / rows


def position(site: str) -> tuple[int, int]:
    found = re.fullmatch(r"X(\d+)/Y(\d+)/EBR[0-3]", site)
    assert found is not None
    return int(found[1]), int(found[2])


def test_cores_are_left_to_nextpnr_where_the_chip_has_too_few_rows() -> None:
    fabric = FabricConfig(CORE, columns=5, rows=5)
    assert sites_of_cores({0: ["0.0"]}, LFE5U_85F, fabric) == {}
    small = board_named("icebreaker").fpga
    assert sites_of_cores({0: ["0.0"]}, small, FabricConfig(CORE, columns=2)) == {}


def test_memories_of_cores_and_no_others_get_places(tmp_path: Path) -> None:
    left, right = "top.chip.core.core_0.engine.bank", "top.chip.core.inbox_1.storage"
    kinds = {
        left: BLOCK_RAM,
        right: BLOCK_RAM,
        "top.chip.core.core_1.sum": "LUT4",
        "top.chip.receiver.buffer": BLOCK_RAM,
    }
    cells = {name: {"type": kind, "attributes": {}} for name, kind in kinds.items()}
    netlist = tmp_path / "top.json"
    netlist.write_text(json.dumps({"modules": {"top": {"cells": cells}}}))
    assert place_cores(netlist, LFE5U_85F, FabricConfig(CORE, columns=2)) == 2
    changed = json.loads(netlist.read_text())["modules"]["top"]["cells"]
    places = {name: changed[name]["attributes"].pop("BEL") for name in (left, right)}
    assert position(places[left])[0] < position(places[right])[0]
    assert changed == cells


def test_memories_have_the_names_that_are_looked_for(two_cores: Path, tmp_path: Path) -> None:
    netlist = Path(shutil.copy(two_cores, tmp_path))
    place_cores(netlist, LFE5U_85F, FabricConfig(CORE, columns=2))
    cells = {
        name: cell
        for module in json.loads(netlist.read_text())["modules"].values()
        for name, cell in module["cells"].items()
        if cell["type"] == BLOCK_RAM
    }
    placed = {name for name, cell in cells.items() if "BEL" in cell["attributes"]}
    assert len(placed) == 2
    assert all(".chip.core." in name for name in placed)
    assert not any(".chip.core." in name for name in cells.keys() - placed)


@pytest.mark.parametrize("cores", [1, 2])
def test_a_build_places_cores_if_there_are_many(
    cores: int, stub_top: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = {"top.chip.core.core_0.memory": {"type": BLOCK_RAM, "attributes": {}}}

    def run_tool(command: list[str], folder: Path, *more: object) -> None:
        if "yosys" not in command[0]:
            raise BuildError("enough")
        (folder / "top.json").write_text(json.dumps({"modules": {"top": {"cells": memory}}}))
        (folder / "top.stat.json").write_text('{"design": {"num_cells_by_type": {}}}')

    monkeypatch.setattr(bitstream, "run_tool", run_tool)
    monkeypatch.setattr(bitstream, "_overfull", lambda *_: [])
    with pytest.raises(BuildError, match="enough"):
        build("ulx3s", fabric_of(CORE, cores) if cores > 1 else CORE, out=tmp_path)
    assert ("BEL" in (tmp_path / "top.json").read_text()) is (cores > 1)


def test_sites_are_the_block_rams_of_the_part() -> None:
    sites = [site for row in LFE5U_85F.block_ram_rows for site in row.sites]
    assert len(set(sites)) == len(sites) == LFE5U_85F.block_rams
