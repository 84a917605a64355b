"""The command line: `spikeloom COMMAND …`.  One module for each command."""

from __future__ import annotations

import os
import sys
import warnings

import typer
from rich.console import Console

from spikeloom.hdl.contract.registry import load_plugin, plugin_environment

from . import (
    bisect,
    boards,
    build,
    check,
    cosim,
    demo,
    devices,
    doctor,
    explain,
    import_,
    info,
    linktest,
    miniterm,
    place,
    run,
    serve,
    shell,
    sweep,
    verilog,
    watch,
)
from .common import error_message, examples, unwrap, write_any_text
from .output import say_how_long, set_level, versions

__all__ = ["app", "main"]

app = typer.Typer(
    name="spikeloom",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "spikeloom doctor               what is missing here, and how to install it",
        "spikeloom demo digits          handwritten digits on a simulated board",
        "spikeloom build icebreaker     a bitstream",
        "spikeloom run net.slm --input spikes.npz --out out.npz",
        "spikeloom shell net.slm --on /dev/ttyUSB1",
    ),
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(versions())
        raise typer.Exit


def _load_plugins(plugins: list[str]) -> list[str]:
    """Import plugins here and in every process that is started from here."""
    os.environ.update(plugin_environment(plugins))
    for plugin in plugins:
        load_plugin(plugin)
    return plugins


@app.callback()
def _global(
    plugin: list[str] = typer.Option(
        [],
        "--plugin",
        metavar="FILE.py",
        callback=_load_plugins,
        help="A file that registers neuron models or learning rules of your own; may be repeated.",
    ),
    debug: bool = typer.Option(False, "--debug", metavar=" ", help="Show the traceback of errors."),
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_show_version, metavar=" ",
        help="Show the versions of SpikeLoom and of the tools, and exit.",
    ),
    quiet: bool = typer.Option(
        False, "--quiet", "-q", metavar=" ", help="No remarks, progress or warnings; errors alone."
    ),
    verbose: bool = typer.Option(
        False, "--verbose", "-v", metavar=" ", help="Say where warnings come from, and how long it took."
    ),
) -> None:  # fmt: skip
    """Spiking networks from Python to FPGA, with hardware and model equal bit for bit."""
    if quiet and verbose:
        raise typer.BadParameter("give -q or -v, not both")
    set_level(quiet=quiet, verbose=verbose)


for module in (
    demo, doctor, verilog, cosim, bisect, import_, check, explain, run, boards, build, place, sweep,
    serve, devices, shell, linktest, watch, miniterm, info,
):  # fmt: skip
    module.register(app)
unwrap(app)


def main() -> None:
    """Run the command line; every error is one message, and exit code 1.  --debug shows more."""
    write_any_text()
    try:
        with warnings.catch_warnings():
            app()
    except Exception as error:
        if "--debug" in sys.argv[1:]:
            raise
        console = Console(stderr=True, soft_wrap=True)
        console.print("error:", style="bold red", end=" ")
        console.print(error_message(error), markup=False, highlight=False)
        sys.exit(1)
    finally:
        say_how_long()
