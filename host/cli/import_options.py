"""How a file of another tool is to be read: options of every command that takes one."""

from __future__ import annotations

import typer

from ..exchange.importer import IMPORTERS

FORMAT = typer.Option(
    None, "--format", "-f", help=f"{', '.join(IMPORTERS)}; default: as the file shows."
)
DT = typer.Option(None, help="Length of a time step in seconds, where the file has none.")
RESET = typer.Option(None, help="What a spike does to the potential: value or subtract.")
SOURCE = typer.Option(None, help="The framework that wrote the file, e.g. snntorch.")
SETTINGS = typer.Option(
    None, "--set", "-s", metavar="NAME=VALUE", help="Another option of the format; may be repeated."
)
