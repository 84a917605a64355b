"""`spikeloom cosim`: hardware against golden model."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.rules import find_rule

from .common import BOARD, CORE_FILE, JSON, SET, examples, read_config, report

_EXAMPLES = examples(
    "spikeloom cosim                         a random configuration",
    "spikeloom cosim core.toml --seeds 20    one configuration, 20 networks",
    "spikeloom cosim --board icebreaker      the core of a board",
    "spikeloom cosim net.slm --set lanes=8 --json",
    "spikeloom cosim --campaign --seeds 34   all pairs of options (20 minutes)",
    "spikeloom cosim --campaign --rule pair --seeds 30   of a learning rule",
    "spikeloom cosim --rule sdsp --updates 1000000   one long run",
    "spikeloom cosim core.toml --first 17 --seeds 1   repeat seed 17",
    "spikeloom cosim --brief 100000         many small networks (an hour)",
    "spikeloom cosim --placed --seeds 25    networks on 1 to 16 cores",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(cosim)


def cosim(
    file: Path = CORE_FILE,
    board: str = BOARD,
    seeds: int = typer.Option(5, min=1, help="How many random networks and spike trains."),
    first: int = typer.Option(0, min=0, help="The first seed."),
    settings: list[str] = SET,
    out: Path = typer.Option(None, "--out", "-o", help="Folder for waveforms of failing cases."),
    campaign: bool = typer.Option(False, "--campaign", help="All pairs of options."),
    neuron: str = typer.Option(
        None, help="Neuron model of a random configuration, or of --campaign; default: lif."
    ),
    learning: str = typer.Option(
        None, "--rule", help="With --campaign: all pairs of options of this learning rule."
    ),
    brief: int = typer.Option(
        None, min=1, help="So many brief cases of small networks, in several processes."
    ),
    configs: int = typer.Option(
        None, min=1, help="With --campaign, --brief or --placed: only so many configurations."
    ),
    placed: bool = typer.Option(
        False, "--placed", help="Networks with delays, placed at random on fabrics of many cores."
    ),
    cocotb: bool = typer.Option(
        False, "--cocotb", help="Under cocotb, which is several times slower."
    ),
    updates: int = typer.Option(
        None, min=1, help="With --rule: one run of so many weight updates in place of cases."
    ),
    as_json: bool = JSON,
) -> None:
    """Simulate the hardware in Verilator and compare every step with the golden model.

    Random networks and spike trains, every spike and every state. A mismatch names the first step,
    neuron and state that differ, and writes a waveform; then the exit code is 1. Without FILE, board
    and settings, the configuration is random as well, of those of which a seed takes half a minute at
    most.
    """
    config = read_config(file, settings, board=board) if file or board or settings else None
    if config is not None and neuron is not None:
        raise InputError("the configuration says which neuron model it has; leave out --neuron")
    model = neuron or "lif"
    if learning is not None:
        find_rule(learning)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    task = bar.add_task("co-simulation", total=seeds)

    def show(what: str, done: int, total: int) -> None:
        if what.endswith("compiling"):
            bar.stop()  # the compiler has a display of its own
        else:
            bar.start()
            bar.update(task, description=what, completed=done, total=total)

    try:
        chosen = range(first, first + seeds)
        if updates:
            from spikeloom.sim.cosim import run_endurance

            result = run_endurance(learning or "pair", updates, seed=first, progress=show)
        elif brief:
            from spikeloom.sim.cosim import run_brief

            result = run_brief(brief, configs, first=first, progress=show)
        elif placed:
            from spikeloom.sim.cosim.placed import FAMILIES, run_placed

            result = run_placed(range(configs or FAMILIES), chosen, progress=show)
        elif campaign:
            from spikeloom.sim.cosim import campaign_configs, learning_configs, run_campaign

            cover = [config] if config else None
            cover = cover or (learning_configs(learning) if learning else campaign_configs(model))
            result = run_campaign(cover[:configs], chosen, progress=show)
        else:
            from spikeloom.sim.cosim import run

            result = run(config, chosen, neuron=model, out=out, progress=show, cocotb=cocotb)
    finally:
        bar.stop()
    report(result, as_json=as_json, ok=result.ok)
