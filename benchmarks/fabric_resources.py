"""What each part of a fabric takes on ECP5, synthesised with Yosys, not routed.

Each part of the chip is synthesised alone, from the core of `ulx3s-fabric` in a mesh of 3 × 3, which has
all kinds of routers; some minutes.  Look-up tables count carry cells as two and 16 × 4 bit memories
as four.  `--markdown` writes the table of docs/explanation/boards.md, `--json` every figure.
"""

from __future__ import annotations

import argparse
import json

from rich.console import Console
from rich.table import Table

from spikeloom.boards import ResourceEstimate, board_named, synthesise_parts
from spikeloom.hdl import FabricConfig

SIDE = 3
FABRIC = "chip.core"
LINK = ("receiver", "transmitter", "processor", "registers")
PARTS = {
    "core": (f"{FABRIC}.core_0",),
    "inbox and outbox of a core": (f"{FABRIC}.inbox_0", f"{FABRIC}.outbox_0"),
    "router in a corner (3 ports)": (f"{FABRIC}.mesh.router_0_0",),
    "router at an edge (4 ports)": (f"{FABRIC}.mesh.router_1_0",),
    "router inside (5 ports)": (f"{FABRIC}.mesh.router_1_1",),
    f"collector, with the queues of {SIDE * SIDE} cores": (f"{FABRIC}.collector",),
    f"barrier of {SIDE * SIDE} cores": (f"{FABRIC}.barrier",),
    "link, commands, registers, UART": (*(f"chip.{name}" for name in LINK), "uart_rx", "uart_tx", "rate"),
}  # fmt: skip
"""Rows of the table: the submodules of the top level that each is made of."""
HEADINGS = ("part", "LUTs", "flip-flops", "block RAM", "multipliers")

Row = tuple[str, int, int, int, int]


def rows(found: dict[str, ResourceEstimate]) -> list[Row]:
    """One row for each of PARTS, the sum of what it is made of."""
    return [
        (
            title,
            sum(found[name].luts for name in names),
            sum(found[name].flip_flops for name in names),
            sum(found[name].block_rams for name in names),
            sum(found[name].dsps for name in names),
        )
        for title, names in PARTS.items()
    ]


def markdown(table: list[Row]) -> str:
    lines = ["| " + " | ".join(HEADINGS) + " |", "|---|---:|---:|---:|---:|"]
    for title, *numbers in table:
        lines.append(
            f"| {title} | " + " | ".join(f"{n:,}".replace(",", " ") for n in numbers) + " |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    board = board_named("ulx3s-fabric")
    found = synthesise_parts(
        FabricConfig(board.core, SIDE, SIDE),
        "ecp5",
        [name for names in PARTS.values() for name in names],
        clock_hz=board.clock_hz,
        baud=board.baud,
    )
    if arguments.json:
        print(json.dumps({name: part.to_dict() for name, part in found.items()}, indent=1))
    elif arguments.markdown:
        print(markdown(rows(found)))
    else:
        table = Table(*HEADINGS)
        for row in rows(found):
            table.add_row(*map(str, row))
        Console().print(table)


if __name__ == "__main__":
    main()
