"""`spikeloom info`: who is there, or what a configuration amounts to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

import spikeloom
from spikeloom.boards.registry import find_board
from spikeloom.hdl import CoreConfig, FabricConfig, MemoryMap
from spikeloom.hdl.contract.memory_map import CORE_SHIFT, Region

from ..design.design import Design, blank_design
from ..quantise.reports import QuantisationReport
from .common import (
    BOARD,
    JSON,
    SET,
    examples,
    is_serial_line,
    only_one,
    read_chip,
    read_design,
    report,
    require_design,
)
from .targets import OLD_CONFIG, OLD_DESIGN, ON, sort_targets

_EXAMPLES = examples(
    "spikeloom info /dev/ttyUSB1                  identity, registers, counters",
    "spikeloom info net.slm                       a design, how it was quantised",
    "spikeloom info core.toml                     sizes and memory map",
    "spikeloom info --board ulx3s                 the same of a board's chip",
    "spikeloom info net.slm --on COM5             whether they fit together",
    "spikeloom info core.toml --on twin: --json",
)


@dataclass(frozen=True)
class Information:
    """What was found out, in titled sections of names and values."""

    sections: dict[str, dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """The sections, as JSON can hold them."""
        return self.sections

    def __rich__(self) -> RenderableType:
        tables = []
        for title, values in self.sections.items():
            table = Table(title=title, title_justify="left", box=None, show_header=False)
            for name, value in values.items():
                table.add_row(name.replace("_", " "), escape(str(value)))
            tables.append(table)
        return Group(*tables)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(info)


def info(
    targets: list[str] = typer.Argument(
        None, metavar="FILE DEVICE",
        help="A design, or a configuration (.toml); and golden:, fast:, twin:, netlist:BOARD or a port.",
    ),
    on: str = ON,
    board: str = BOARD,
    settings: list[str] = SET,
    baud: int = typer.Option(
        None, help="Bits per second; default: that of --board, or those of the known boards."
    ),
    old_config: Path = OLD_CONFIG,
    old_design: Path = OLD_DESIGN,
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Show who answers at a port, and what a configuration amounts to: sizes and memory map.

    Nothing on the board is changed. With a configuration, a design or a board's name, a board
    that was built for another one is an error.
    """
    found = sort_targets(targets, on, old_design, old_config)
    file, where = found.file, found.where
    only_one(FILE=file, board=board)
    if where is None and file is None and board is None and not settings:
        raise typer.BadParameter("give a design, a configuration, a device or --board")
    sections: dict[str, dict[str, Any]] = {}
    design = None
    if file is not None or board is not None or settings:
        chip = read_chip(file, settings, board=board)
        config = chip.core if isinstance(chip, FabricConfig) else chip
        design = read_design(found.design_file) if found.design_file and not settings else None

        design = design or blank_design(config)
        if isinstance(chip, FabricConfig):
            sections["fabric"] = _describe_fabric(chip)
        sections |= describe(config)
        if design.report is not None:
            sections["quantisation"] = _realised(design.report)
    if where is not None:
        require_design(where, design)
        if baud is None and board is not None and is_serial_line(where):
            baud = find_board(board).baud
        sections = _ask(where, design, baud) | sections
    report(Information(sections), as_json=as_json)


def _ask(where: str, design: Design | None, baud: int | None) -> dict[str, dict[str, Any]]:

    with spikeloom.open(where, design, load=False, baud=baud) as device:
        sections: dict[str, dict[str, Any]] = {"counters": dict(device.counters())}
        if isinstance(device, spikeloom.Board):
            if design is not None and design.placement is not None:
                sections["counters"]["overruns of each core"] = device.core_overruns().tolist()
            found = device.info()
            found.pop("config")
            found["image"] = f"{found['image']:08x}"
            sections = {"identity": found.pop("identity"), "link": found.pop("link")} | sections
            sections = {"board": found} | sections
    return sections


def _realised(found: QuantisationReport) -> dict[str, str]:
    """What quantisation made of each quantity, in the network's own units."""
    rows = {
        "weights": f"{found.weights}, up to ±{found.max_weight:.4g}; errors up to {found.max_error:.2g}, "
        f"{found.rms_error:.2g} RMS; {found.lost} became 0, {found.clipped} were clipped"
    }
    for p in found.parameters:
        unit = f" {p.unit}" if p.unit else ""
        clipped = f", {p.clipped} clipped" if p.clipped else ""
        rows[p.name] = f"{p.requested:.5g}{unit}, realised {p.realised:.5g}{clipped}"
    return rows


def _describe_fabric(fabric: FabricConfig) -> dict[str, Any]:
    external = fabric.external
    return {
        "digest": f"{fabric.digest:016x}",
        "columns": fabric.columns,
        "rows": fabric.rows,
        "neuron ids": external.neurons,
        "axon ids": external.axons,
        "address of core k": f"k << {CORE_SHIFT}, beside the region",
    }


def describe(config: CoreConfig) -> dict[str, dict[str, Any]]:
    """Settings, derived sizes, and the memory map of a configuration."""
    layout, where = config.layout, MemoryMap(config)
    sizes = {
        "digest": f"{config.digest:016x}",
        "groups": layout.groups,
        "padded_neurons": layout.padded_neurons,
        "accumulator_bits": layout.accumulator_bits,
        "synapses": config.axons * config.neurons,
        "synapse_memory_bits": config.axons
        * layout.padded_neurons
        * sum(field.bits for field in layout.synapse_fields.values()),
        "image_words": sum(
            len(words) for _, words in where.image_blocks(blank_design(config).image)
        ),
    }
    spans = {region.name.lower(): region.base for region in Region if region < Region.PARAMETERS}
    spans |= {f"parameter {f.name}": where.parameter(f.name) for f in layout.parameters}
    spans |= {f"state {f.name}": where.state(f.name) for f in layout.states}
    spans |= {"arrivals": Region.ARRIVALS.base, "synapses": where.synapse_row(0)}
    spans["last synapse row"] = where.synapse_row(config.axons - 1)
    spans |= {f"axon {f.name}": where.axon_field(f.name) for f in layout.axon_fields}
    spans |= {f"neuron {f.name}": where.neuron_field(f.name) for f in layout.neuron_fields}
    spans |= {f"learning {f.name}": where.learning(f.name) for f in layout.learning}
    others = [name for name in layout.synapse_fields if name != "weight"]
    spans |= {name: where.synapse_row(0, name) for name in others}
    return {
        "configuration": config.to_dict(),
        "sizes": sizes,
        "memory map": {name: f"{address:#010x}" for name, address in spans.items()},
    }
