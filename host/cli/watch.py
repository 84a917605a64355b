"""`spikeloom watch`: a running board in a web page."""

from __future__ import annotations

import signal
import webbrowser
from pathlib import Path
from typing import cast

import typer
from rich.console import Console

import spikeloom
from spikeloom.hdl.contract.errors import BoardRefusedError, InputError, MissingToolError

from ..connect.schemes import MADE_FOR_DESIGNS, NETLIST
from ..demos.watch_example import example_design, example_input
from ..design.design import Design
from ..design.input_raster import SpikeInput
from ..design.spike_files import read_spikes
from ..device.device import Device
from ..driver.board import Board
from ..watch.runner import Runner
from ..watch.source import LiveSource
from ..watch.stimulus import Stimulus
from .common import examples, read_design
from .output import note
from .targets import OLD_DESIGN, ON, TARGETS, sort_targets

_EXAMPLES = examples(
    "spikeloom watch golden:                            a small network that learns",
    "spikeloom watch net.slm --on twin:                 your network, on a simulated board",
    "spikeloom watch net.slm --on /dev/ttyUSB1          a board, as it is",
    "spikeloom watch net.slm --on COM5 --load --run     load it, and run it at once",
    "spikeloom watch net.slm --on golden: --replay spikes.npy",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(watch)


def watch(
    targets: list[str] = TARGETS,
    on: str = ON,
    load: bool = typer.Option(False, help="Load the design; a board is left as it is otherwise."),
    run: bool = typer.Option(
        None, "--run/--paused", help="Step it from the start; models do, boards do not."
    ),
    pace: float = typer.Option(500.0, min=1.0, help="Steps per second to aim at."),
    input_rate: float = typer.Option(
        None, min=0.0, help="Random spikes of every input, in Hz; default: 20, or 0 with --replay."
    ),
    replay: Path = typer.Option(
        None, help="Spikes to play again and again: .npy (steps, axons), or .npz by input."
    ),
    window: int = typer.Option(1000, min=100, help="Steps that are shown."),
    http_port: int = typer.Option(0, min=0, max=65535, help="Of the page; default: a free one."),
    browser: bool = typer.Option(True, help="Open the page in the browser."),
    baud: int = typer.Option(None, help="Bits per second; default: those of the known boards."),
    old_design: Path = OLD_DESIGN,
) -> None:
    """Show a running board in a web page: spikes, rates, potentials, weights, counters.

    The page is for this machine only, and can run and pause the board, and change input and
    thresholds while it runs. Without DEVICE it is the one board there is. Ends with Ctrl-C.
    """
    try:
        from ..watch.server import PageServer
    except ImportError:
        raise MissingToolError(
            "bokeh is not installed; it comes with: pip install 'spikeloom[watch]'"
        ) from None

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does
    found = sort_targets(targets, on, old_design)
    where = found.where
    design = read_design(found.file) if found.file else None
    example: SpikeInput = None
    if design is None and where in MADE_FOR_DESIGNS:
        design, example = example_design(), example_input()
        note("no design given: this is a small network that learns")
    model = where is not None and where.startswith((*MADE_FOR_DESIGNS, NETLIST))
    if input_rate is None:
        input_rate = 20.0 if replay is None and example is None else 0.0
    with _open(where, design, load=load or model, baud=baud) as device:
        spikes = read_spikes(replay, device.design) if replay else example
        stimulus = Stimulus(device.design, rate=input_rate, replay=spikes)
        source = LiveSource(device, stimulus, window=window)
        runner = Runner(source, running=model if run is None else run, pace=pace)
        # Only a board can have been found without a name.
        name = where or cast("Board", device).link.name
        server = PageServer(runner, name, http_port)
        runner.start()
        try:
            Console().print(server.url, highlight=False, soft_wrap=True)
            note("Ctrl-C ends it")
            if browser:
                webbrowser.open(server.url)
            server.run()
        except KeyboardInterrupt:
            note("ended")
        finally:
            runner.stop()


def _open(where: str | None, design: Design | None, *, load: bool, baud: int | None) -> Device:
    """The device, with a design that can run."""

    device = spikeloom.open(where, design, load=load, baud=baud, progress=False)
    try:
        if isinstance(device, spikeloom.Board):
            _check(device, load)
    except BaseException:
        device.close()
        raise
    return device


def _check(board: Board, loaded: bool) -> None:
    try:
        _ = board.design
    except InputError:
        raise InputError(
            "a board does not say what its network is; name the design too, net.slm"
        ) from None
    try:
        if not loaded:
            board.require_image()
    except BoardRefusedError as error:
        raise BoardRefusedError(f"{error}. Here --load does so") from None
