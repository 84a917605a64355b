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

from .board_top import BoardTop
from .chip_config import ChipConfig, core_of, cores_of
from .definition import BoardDefinition
from .families import Family
from .platform import make_platform

NAME = "top"
"""Name of the design: of its top module and of all files of a build."""

COLLISIONS_UNUSED = "setparam -set COLLISION_X_MASK 1'1 t:$memrd_v2 r:CLK_ENABLE=1 %i"
"""Yosys command after reading a design: no value read from a memory in the cycle that writes the
same word is ever used.

The gateware keeps to that (`spikeloom.hdl.primitives.records`, `.rmw`), and block RAMs do not promise what
such a read gives. Without it Yosys puts comparators and multiplexers around every block RAM, so
that it gives the old word, as Amaranth's memories do."""

CELLS_SHARE = 0.5
"""Part of a clock cycle that the cells of a path may take, the rest being for wires."""

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

    Raises `FitError` when the gateware finds that its memories cannot fit, and what `make_platform` raises
    for a board that cannot be built.
    """
    family = board.fpga.family
    flow = family.required_flow()
    platform = make_platform(board)
    platform.technology = family.technology_for(cores_of(config))  # for `Technology.of`
    before, after = _hierarchy(board, config)
    build = f"{board.name} {version('spikeloom')}"
    try:
        plan = platform.build(
            BoardTop(board, config, build),
            name=NAME,
            do_build=False,
            emit_src=False,
            synth_opts=synthesis_options(board, config),
            nextpnr_opts=flow.placement_options,
            script_after_read="\n".join((preparation(family), *before)),
            script_after_synth="\n".join((*after, *flow.after_synthesis, _AFTER_SYNTHESIS)),
            yosys_opts="-v 2",
            verbose=True,
        )
    except ValueError as error:
        reason = str(error)
    else:
        return _read_plan(plan, family)
    # What was begun would complain in many lines, when it is thrown away, that it was not used.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedElaboratable)
        del platform
        gc.collect()
    raise FitError(f"this core does not fit {board.title}: {reason}")


def _hierarchy(board: BoardDefinition, config: ChipConfig) -> tuple[Sequence[str], Sequence[str]]:
    """Yosys commands before and after the synthesis of a design: a fabric's cores are synthesised once."""
    if cores_of(config) == 1:
        return (), ()
    # Else a core would be made as fast as can be, whatever the area, because nothing slower is in it.
    period = f"scratchpad -set abc9.D {round(CELLS_SHARE * 1e12 / board.clock_hz)}"
    return (*_ONE_OF_MANY, period), _MANY_AGAIN


def synthesis_options(board: BoardDefinition, config: ChipConfig) -> str:
    """Options of the family's synthesis command, for the part of the board and for a chip."""
    flow = board.fpga.family.required_flow()
    learns = core_of(config).learning is not None
    options = flow.options_for(learns=learns, many=cores_of(config) > 1)
    return f"{board.fpga.synthesis_options} {options}".strip()


def preparation(family: Family) -> str:
    """Yosys commands between reading a design and synthesis; they may read `preparation_files`."""
    return "\n".join((COLLISIONS_UNUSED, *family.preparation))


def preparation_files(family: Family) -> dict[str, str]:
    """Contents by name."""
    folder = package_files("spikeloom.boards") / "models"
    return {name: (folder / name).read_text() for name in family.models}


def _read_plan(plan: BuildPlan, family: Family) -> Plan:
    scripts = json.loads(plan.files[f"build_{NAME}.json"])["commands"]
    files = {name: c for name, c in plan.files.items() if not name.startswith("build_")}
    return Plan(
        rtlil=plan.files[f"{NAME}.il"],
        files={**files, **preparation_files(family)},
        commands={tool: tuple(arguments) for tool, *arguments in scripts},
    )
