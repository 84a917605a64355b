"""`spikeloom shell`: Python with a board connected."""

from __future__ import annotations

import code
import contextlib
import importlib
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import typer

import spikeloom
from spikeloom.hdl.contract.errors import SpikeLoomError

from ..connect.schemes import MADE_FOR_DESIGNS
from ..demos.shell_example import small_network
from .common import examples, read_design
from .output import note
from .targets import OLD_DESIGN, ON, TARGETS, sort_targets

_EXAMPLES = examples(
    "spikeloom shell                                a small network, simulated",
    "spikeloom shell net.slm                        yours, simulated",
    "spikeloom shell net.slm --on golden:           the golden model",
    "spikeloom shell net.slm --on /dev/ttyUSB1",
    "spikeloom shell netlist:icebreaker             a synthesised netlist",
    "spikeloom shell COM5                           only ask the board who it is",
)

_BANNER = """
board    {board}
design   {design}
also     np, spikeloom

    run = board.run(np.ones((10, {axons}), bool))     ten steps, a spike on every axon in each
    print(run.text()); run.spikes.sum(axis=0)         the raster; spikes of each neuron
    for part in board.stream(every=100): ...         on and on, part by part
    board.parameters; board.parameters.v_threshold[0] = 0.9
    board.weights[0]; board.weights.raw[0]           in the network's unit; as integers
    board.states.v; board.counters()
    board.monitor([0, 1])                            then run.monitored has "v[0]" and "v[1]"
    board.reset(); help(board)                       docs/tutorials/shell-session.md is a whole session
"""
_BANNER_WITHOUT = """
board    {board}, opened without a design
also     np, spikeloom

    board.info(); board.counters()
    board.load(spikeloom.Design.load("net.slm"))
"""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(shell)


def shell(
    targets: list[str] = TARGETS,
    on: str = ON,
    load: bool = typer.Option(
        None, help="Load the design, or leave the board as it is; default: load, unless shared."
    ),
    baud: int = typer.Option(None, help="Bits per second; default: those of the known boards."),
    old_design: Path = OLD_DESIGN,
) -> None:
    """Start IPython, or else the plain Python shell, with `board` connected.

    Without DEVICE it is the simulated board, twin:. Without DESIGN, twin: and golden: get a small network to
    play with.
    """

    found = sort_targets(targets, on, old_design)
    where = found.where or "twin:"
    design = read_design(found.file) if found.file else None
    if design is None and where in MADE_FOR_DESIGNS:
        design = small_network()
        note("no design given: this is a small network of 8 inputs and 4 neurons")
    with spikeloom.open(where, design, load=load, baud=baud) as board:
        names = {"board": board, "design": design, "np": np, "spikeloom": spikeloom}
        if design is None:
            banner = _BANNER_WITHOUT.format(board=where)
        else:
            about = f"{design.config.neurons} neurons, {design.config.axons} axons"
            banner = _BANNER.format(board=where, design=about, axons=design.config.axons)
        interact(banner, names)


def interact(banner: str, names: dict[str, Any]) -> None:
    """Hand over to IPython, or to the plain shell when it is not installed."""
    try:
        embed = importlib.import_module("IPython.terminal.embed")
    except ImportError:
        embed = None
    if embed is None:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  editing and history of lines
        _Console(names).interact(banner, exitmsg="")
        return
    shell = embed.InteractiveShellEmbed(user_ns=names, banner1=banner, exit_msg="")
    shell.confirm_exit = False
    shell.set_custom_exc((SpikeLoomError,), _show_message)
    shell()


class _Console(code.InteractiveConsole):
    """The plain shell, without tracebacks of errors that a user can fix."""

    def showtraceback(self) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, SpikeLoomError):
            self.write(f"{type(error).__name__}: {error}\n")
        else:
            super().showtraceback()


def _show_message(
    shell: object,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
    tb_offset: int | None = None,
) -> None:
    """IPython's display of an error that a user can fix; `%tb` shows where it came from."""
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, trace
    print(f"{kind.__name__}: {error}", file=sys.stderr)
