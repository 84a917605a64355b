"""`spikeloom demo`: networks that do something, on a (simulated) board."""

from __future__ import annotations

from pathlib import Path

import typer

from ..demos.digits import run_digits
from ..demos.learn_digits import run_learn_digits
from ..demos.patterns import run_patterns
from .common import JSON, examples, report, unwrap

_DIGITS = (
    "spikeloom demo digits                     on a simulated board",
    "spikeloom demo digits --images 20 --out /tmp/digits",
    "spikeloom demo digits --on golden: --json",
    "spikeloom demo digits --on netlist:icebreaker --images 5",
    "spikeloom demo digits --on /dev/ttyUSB1   on a board",
)
_LEARN_DIGITS = (
    "spikeloom demo learn-digits               learned on a simulated board",
    "spikeloom demo learn-digits --rule stdp --on golden:",
    "spikeloom demo learn-digits --lessons 100 --images 50",
)
_PATTERNS = (
    "spikeloom demo patterns                   each shown once, then detected",
    "spikeloom demo patterns --patterns 1 --on golden: --json",
    "spikeloom demo patterns --patterns 1 --on netlist:icebreaker-learning",
)
_EXAMPLES = examples(*_DIGITS, *_LEARN_DIGITS, *_PATTERNS)
_ON = typer.Option(
    "twin:", help="twin:, golden:, netlist:BOARD (synthesised, simulated), or a serial port."
)
_SEED = typer.Option(0, min=0, help="Of all that is random.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    demos = typer.Typer(no_args_is_help=True, rich_markup_mode="rich", epilog=_EXAMPLES)
    demos.command(epilog=examples(*_DIGITS))(digits)
    demos.command(epilog=examples(*_LEARN_DIGITS))(learn_digits)
    demos.command(epilog=examples(*_PATTERNS))(patterns)
    demos.callback()(demo)
    unwrap(demos)
    app.add_typer(demos, name="demo")


def demo() -> None:
    """Run a demo on a (simulated) board, beside the golden model."""


def digits(
    on: str = _ON,
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

    result = run_digits(on, out, images)
    report(result, as_json=as_json, ok=result.ok)


def learn_digits(
    on: str = _ON,
    rule: str = typer.Option("three_factor", "--rule", help="three_factor or stdp."),
    out: Path = typer.Option(
        Path("out/learn-digits"), "--out", "-o", help="Folder for the results."
    ),
    lessons: int = typer.Option(
        None, "--lessons", min=1, help="How many training images an epoch; default: all 1203."
    ),
    images: int = typer.Option(
        None, "--images", "-n", min=1, help="How many test images; default: all 594."
    ),
    seed: int = _SEED,
    as_json: bool = JSON,
) -> None:
    """Learn handwritten digits on the chip alone: weights start random, nothing is trained elsewhere.

    Shows the training images with a teacher, then the test images with learning off. Every output
    spike, all weights and states are compared with the golden model's, which learns the same
    lessons. Writes weights.png, curve.png, confusion.png and the network with what it learned
    (learned.slm). Exits with code 1 when anything differs, or when the accuracy with all images is
    below 94 % (three_factor) or 86 % (stdp).
    """

    result = run_learn_digits(on, rule, out, lessons=lessons, images=images, seed=seed)
    report(result, as_json=as_json, ok=result.ok)


def patterns(
    on: str = _ON,
    out: Path = typer.Option(Path("out/patterns"), "--out", "-o", help="Folder for the results."),
    count: int = typer.Option(
        8, "--patterns", "-p", min=1, help="How many patterns; each is taught to one neuron."
    ),
    tests: int = typer.Option(400, "--tests", "-n", min=1, help="How many presentations test it."),
    seed: int = _SEED,
    as_json: bool = JSON,
) -> None:
    """Learn patterns of simultaneous spikes with STDP, from one presentation each.

    Then a third of the tests are taught patterns, the others resemble them or do not: only the
    neuron that was taught a pattern may fire for it. Every output spike, all weights and states are
    compared with the golden model's. Writes weights.png and the network with what it learned
    (learned.slm). Exits with code 1 when anything differs, or when one answer is wrong.
    """

    result = run_patterns(on, out, patterns=count, tests=tests, seed=seed)
    report(result, as_json=as_json, ok=result.ok)
