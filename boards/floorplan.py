"""Where the cores of a fabric lie: their block RAMs get places on the chip, and draw the rest after them.

nextpnr places by pulling together what is connected. From its start, where all is in one spot, cores do not
come apart: each ends as a stripe across the chip, and the routers of all of them in one corner.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from spikeloom.hdl import FabricConfig

from .families import FpgaPart

PART_OF_CORE = re.compile(r"\.core\.(?:core|inbox)_(\d+)\.")
"""In the name of a cell: the number of the core that it belongs to."""


def place_cores(netlist: Path, part: FpgaPart, fabric: FabricConfig) -> int:
    """Give places to the cores' block RAMs in a netlist of Yosys (JSON), which is changed.

    Returns how many got one (`sites_of_cores`).
    """
    block_ram = part.family.required_flow().block_ram
    design = json.loads(netlist.read_text())
    cells = {
        name: cell
        for module in design["modules"].values()
        for name, cell in module["cells"].items()
        if cell["type"] == block_ram
    }
    memories: dict[int, list[str]] = {}
    for name in sorted(cells):
        if found := PART_OF_CORE.search(name):
            memories.setdefault(int(found.group(1)), []).append(name)
    sites = sites_of_cores(memories, part, fabric)
    for name, site in sites.items():
        cells[name]["attributes"]["BEL"] = site
    if sites:
        netlist.write_text(json.dumps(design))
    return len(sites)


def sites_of_cores(
    memories: Mapping[int, Sequence[str]], part: FpgaPart, fabric: FabricConfig
) -> dict[str, str]:
    """A site for each memory, so that cores lie on the chip as they do in the mesh.

    Rows of the mesh go to the rows of block RAMs that are nearest to them, each core into its part of that
    row; memories for which there is no room in it get no site. Nothing gets one when two rows of the mesh
    come to the same row of block RAMs, or when nothing is known of the chip (`FpgaPart.block_ram_rows`).

    Parameters
    ----------
    memories : names of the memories of each core.
    """
    if not part.block_ram_rows:
        return {}
    heights = [(row + 0.5) / fabric.rows * part.height for row in range(fabric.rows)]
    rows = [min(part.block_ram_rows, key=lambda row: abs(row.y - height)) for height in heights]
    if len({row.y for row in rows}) < fabric.rows:
        return {}
    sites: dict[str, str] = {}
    for core, names in memories.items():
        mesh_row, column = divmod(core, fabric.columns)
        in_row = rows[mesh_row].sites
        room = len(in_row) // fabric.columns
        placed = names[:room]
        first = column * room + (room - len(placed)) // 2
        sites.update(zip(placed, in_row[first:], strict=False))
    return sites
