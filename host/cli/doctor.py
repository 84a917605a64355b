"""`spikeloom doctor`: what is missing here, and how to install it."""

from __future__ import annotations

import typer

from ..diagnosis.doctor import PURPOSES, diagnose
from .common import JSON, examples, report

_EXAMPLES = examples(
    "spikeloom doctor",
    "spikeloom doctor --need sim --need build    fail unless these can be used",
    "spikeloom doctor --json",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(doctor)


def doctor(
    need: list[str] = typer.Option(
        None, help=f"Require what this is for: {', '.join(PURPOSES)}. May be repeated."
    ),
    as_json: bool = JSON,
) -> None:
    """Check packages, tools, ports and permissions; each finding says how to fix it.

    Exits with code 1 when something required is missing. What only one purpose needs is not required
    unless --need names it.
    """

    for purpose in need or ():
        if purpose not in PURPOSES:
            raise typer.BadParameter(f"{purpose!r}; choose from {', '.join(PURPOSES)}")
    diagnosis = diagnose(need or ())
    report(diagnosis, as_json=as_json, ok=diagnosis.ok, soft_wrap=True)
