"""`spikeloom demo`: real data, from training to a (simulated) board."""

from __future__ import annotations

from pathlib import Path

import typer

from .common import JSON, examples, report, unwrap

_EXAMPLES = examples(
    "spikeloom demo digits                     on a simulated board",
    "spikeloom demo digits --images 20 --out /tmp/digits",
    "spikeloom demo digits --on golden: --json",
    "spikeloom demo digits --on netlist:icebreaker --images 5",
    "spikeloom demo digits --on /dev/ttyUSB1   on a board",
)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    demos = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", epilog=_EXAMPLES)
    demos.command(epilog=_EXAMPLES)(digits)
    demos.callback()(demo)
    unwrap(demos)
    app.add_typer(demos, name="demo")


def demo() -> None:
    """Run a demo on real data, from training to a (simulated) board."""


def digits(
    on: str = typer.Option(
        "twin:", help="twin:, golden:, netlist:BOARD (synthesised, simulated), or a serial port."
    ),
    out: Path = typer.Option(Path("out/digits"), "--out", "-o", help="Folder for the results."),
    images: int = typer.Option(
        None, "--images", "-n", min=1, help="How many test images; default: all 594."
    ),
    as_json: bool = JSON,
) -> None:
    """Recognise handwritten digits: train a network, load it, show it the test images.

    Every output spike and final potential is compared with the golden model's. Writes raster.png,
    confusion.png and the design (digits.slm). Exits with code 1 when anything differs, or when the
    accuracy over all 594 images is below 97 %.
    """
    from spikeloom.demo import run_digits

    result = run_digits(on, out, images)
    report(result, as_json=as_json, ok=result.ok)
