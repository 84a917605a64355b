"""From a board and a configuration to what Yosys reads: the files of Amaranth's build plan."""

from __future__ import annotations

import gc
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files as package_files
from pathlib import Path

from amaranth.build.run import BuildPlan
from amaranth.hdl import UnusedElaboratable

from spikeloom.hdl.contract.errors import FitError

from .board_top import BoardTop, make_platform
from .chip_config import ChipConfig, core_of, cores_of
from .definition import BoardDefinition, Family

NAME = "top"
"""Name of the design: of its top module and of all files of a build."""

SYNTHESIS_OPTIONS: dict[Family, str] = {"ice40": "-device u -dsp -abc9", "ecp5": "-dff"}

_LEARNING_OPTIONS: dict[Family, str] = {**SYNTHESIS_OPTIONS, "ecp5": ""}
"""For a core that learns: with its long pipelines, optimising across flip-flops takes ABC more than ten
minutes."""

_FABRIC_OPTIONS: dict[Family, str] = {**SYNTHESIS_OPTIONS, "ecp5": "-nowidelut"}
"""For a fabric: ABC fails to optimise across the flip-flops of a core that is synthesised by itself.  With
functions of five inputs as pairs of look-up tables, which go only side by side, 16 cores would take no fewer
of them."""

PLACEMENT_OPTIONS: dict[Family, str] = {"ice40": "", "ecp5": "--placer-heap-timingweight 30"}
"""nextpnr's default, 10, makes less of the time that paths take: of the same netlist of four cores it made
65 MHz, with 30 it made 73.
"""

COLLISIONS_UNUSED = "setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:CLK_ENABLE=1 %i"
"""Yosys command after reading a design: no value read from a memory in the cycle that writes the
same word is ever used.

The gateware keeps to that (`spikeloom.hdl.primitives.records`, `.rmw`), and block RAMs do not promise what
such a read gives. Without it Yosys puts comparators and multiplexers around every block RAM, so
that it gives the old word, as Amaranth's memories do."""

CELLS_SHARE = 0.5
"""Part of a clock cycle that the cells of a path may take, the rest being for wires."""

COMPARISONS = "compare_constants.v"
"""File in boards/models that the synthesis for iCE40 reads."""

_SMALL_ICE40 = (
    f"techmap -map {COMPARISONS}",
    # Even the smallest memory takes more cells, of which there are few, than block RAMs.
    'setattr -set ram_style "block" m:*',
)

_GSR = 'setparam -set GSR "ENABLED" t:TRELLIS_FF'
"""The reset of ECP5 (`spikeloom.boards.clocking`) is for all flip-flops; synthesis finds it only where it
stands, not in the cores that are synthesised by themselves."""

_FABRIC = f"{NAME}.top.chip.core"
"""Module of the fabric within a board's design."""

# Cores are elaborated one by one, and all alike: each becomes an instance of the first one, which
# stays a module until it has been synthesised, once.
_ONE_OF_MANY = (
    f"cd {_FABRIC}",
    f"chtype -set \\{_FABRIC}.core_0 c:core_*",
    "cd",
    f"setattr -mod -set keep_hierarchy 1 {_FABRIC}.core_0",
)
_MANY_AGAIN = ("setattr -mod -unset keep_hierarchy A:keep_hierarchy", "flatten", "clean")

# The netlist for simulation has single wires with short names: Verilator compiles it three times as
# fast, and finds no false loops through vectors. What is placed and routed keeps its names.
_AFTER_SYNTHESIS = f"""\
tee -q -o {NAME}.stat.json stat -json
design -save synthesised
cd {NAME}
splitnets
rename -hide w:* c:*
rename -enumerate -pattern n%
cd ..
clean
write_verilog -noattr {NAME}.netlist.v
design -load synthesised"""


@dataclass(frozen=True)
class Plan:
    """A prepared build.

    Attributes
    ----------
    rtlil : the elaborated design, in Yosys' own language.
    files : contents by name.
    commands : arguments by tool ("yosys", "nextpnr-ice40", …), run where the files are.
    """

    rtlil: str
    files: dict[str, str | bytes]
    commands: dict[str, tuple[str, ...]]

    def write(self, folder: Path) -> None:
        """Write the files into a folder, made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            raw = content.encode() if isinstance(content, str) else content
            (folder / name).write_bytes(raw)

    def command(self, tool: str) -> list[str]:
        """Command line of a tool."""
        return [f"yowasp-{tool}", *self.commands[tool]]


def elaborate(board: BoardDefinition, config: ChipConfig) -> Plan:
    """Make the hardware of a board.

    Raises `FitError` when the gateware finds that its memories can not fit, and
    `MissingToolError` without `amaranth-boards`.
    """
    platform = make_platform(board)
    before, after = _hierarchy(board, config)
    resets = (_GSR,) if board.fpga.family == "ecp5" else ()
    build = f"{board.name} {version('spikeloom')}"
    try:
        plan = platform.build(
            BoardTop(board, config, build),
            name=NAME,
            do_build=False,
            emit_src=False,
            synth_opts=_synthesis_options(config)[board.fpga.family],
            nextpnr_opts=PLACEMENT_OPTIONS[board.fpga.family],
            script_after_read="\n".join((preparation(board.fpga.family), *before)),
            script_after_synth="\n".join((*after, *resets, _AFTER_SYNTHESIS)),
            yosys_opts="-v 2",
            verbose=True,
        )
    except ValueError as error:
        reason = str(error)
    else:
        return _read_plan(plan, board.fpga.family)
    # What was begun would complain in many lines, when it is thrown away, that it was not used.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedElaboratable)
        del platform
        gc.collect()
    raise FitError(f"this core does not fit {board.title}: {reason}")


def _synthesis_options(config: ChipConfig) -> dict[Family, str]:
    if cores_of(config) > 1:
        return _FABRIC_OPTIONS
    return SYNTHESIS_OPTIONS if core_of(config).learning is None else _LEARNING_OPTIONS


def _hierarchy(board: BoardDefinition, config: ChipConfig) -> tuple[Sequence[str], Sequence[str]]:
    """Yosys commands before and after the synthesis of a design: a fabric's cores are synthesised once."""
    if cores_of(config) == 1:
        return (), ()
    # Else a core would be made as fast as can be, whatever the area, because nothing slower is in it.
    period = f"scratchpad -set abc9.D {round(CELLS_SHARE * 1e12 / board.clock_hz)}"
    return (*_ONE_OF_MANY, period), _MANY_AGAIN


def preparation(family: str) -> str:
    """Yosys commands between reading a design and synthesis; they may read `preparation_files`."""
    return "\n".join((COLLISIONS_UNUSED, *(_SMALL_ICE40 if family == "ice40" else ())))


def preparation_files(family: str) -> dict[str, str]:
    """Contents by name."""
    if family != "ice40":
        return {}
    model = package_files("spikeloom.boards") / "models" / COMPARISONS
    return {COMPARISONS: model.read_text()}


def _read_plan(plan: BuildPlan, family: Family) -> Plan:
    scripts = json.loads(plan.files[f"build_{NAME}.json"])["commands"]
    files = {name: c for name, c in plan.files.items() if not name.startswith("build_")}
    return Plan(
        rtlil=plan.files[f"{NAME}.il"],
        files={**files, **preparation_files(family)},
        commands={tool: tuple(arguments) for tool, *arguments in scripts},
    )
