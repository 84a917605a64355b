"""What the commands share: examples in help texts, output, and reading configurations."""

from __future__ import annotations

import inspect
import io
import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperCommand
from typer.models import OptionInfo

from spikeloom.boards.registry import find_board
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import InputError, SpikeLoomError

from ..connect.schemes import MADE_FOR_DESIGNS
from ..design.design import Design
from ..design.files import write_file

JSON = typer.Option(False, "--json", help="Machine-readable result on stdout, nothing else there.")
SET = typer.Option(
    None, "--set", "-s", metavar="NAME=VALUE", help="A setting of the core; may be repeated."
)
CORE_FILE = typer.Argument(None, metavar="FILE", help="A configuration (.toml) or a saved design.")
BOARD = typer.Option(
    None,
    "--board",
    "-b",
    metavar="BOARD",
    help="The chip of a board: a name (spikeloom boards), or a Python file that defines it.",
)


class _Command(TyperCommand):
    """A command whose `--help` names no type, as no flag does."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)
        if option is not None:
            option.metavar = " "
        return option


def unwrap(app: typer.Typer) -> None:
    """Give each command its docstring with a line for each paragraph, for Typer to wrap.

    By itself Typer keeps the line breaks of all paragraphs but the first.
    """
    for command in app.registered_commands:
        assert command.callback is not None
        command.cls = _Command
        paragraphs = inspect.cleandoc(command.callback.__doc__ or "").split("\n\n")
        command.help = "\n\n".join(" ".join(text.split()) for text in paragraphs)
        for parameter in inspect.signature(command.callback).parameters.values():
            # A flag takes no value, and its help should not name the type of one.
            if isinstance(parameter.default, OptionInfo) and parameter.annotation in ("bool", bool):
                parameter.default.metavar = parameter.default.metavar or " "


def examples(*lines: str) -> str:
    """Epilogue of a help text: what to type."""
    return "\n".join(["Examples:", "", "\b", *(f"  {escape(line)}" for line in lines)])


def report(result: Any, *, as_json: bool, ok: bool = True, soft_wrap: bool = False) -> None:
    """Print what a command found, for people or as JSON; exits with code 1 unless `ok`.

    `soft_wrap` leaves long lines as they are, so that commands in them can be copied.
    """
    if as_json:
        print(json.dumps(result.to_dict(), indent=1))
    else:
        Console().print(result, soft_wrap=soft_wrap)
    if not ok:
        raise typer.Exit(1)


def write_any_text() -> None:
    """Let stdout and stderr take every character: those that an encoding lacks become "?"."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and (stream.encoding or "").lower() != "utf-8":
            stream.reconfigure(errors="replace")


def error_message(error: Exception) -> str:
    """What the command line says of an error."""
    if isinstance(error, SpikeLoomError):
        return str(error)
    if isinstance(error, OSError):
        if error.filename is not None:
            return f"{error.filename}: {error.strerror}"
        return str(error)
    if isinstance(error, MemoryError):
        return "this needs more memory than there is; give a smaller network, or fewer steps"
    return (
        f"{type(error).__name__}: {error}. This is a fault of SpikeLoom: please report it, with what "
        "the same command shows with --debug before its name"
    )


def read_config(
    file: Path | None,
    settings: Sequence[str] | None = None,
    base: CoreConfig | None = None,
    *,
    board: str | None = None,
    **named: int | None,
) -> CoreConfig:
    """The configuration in `file`, a TOML file or a saved design, or of a board, changed by the others.

    `settings` are "name=value", values as in TOML, or words without quotes; `named` those that have
    an option of their own, None where it was not given.  Without a file they change `base`.

    Raises `InputError` when nothing says how large the core is, and for a board of many cores.
    """
    changes = _changes(settings, named)
    only_one(FILE=file, board=board)
    if board is not None:
        base = _single_core(find_board(board).config, board, "a board with one core")
    elif file is not None:
        base = CoreConfig.from_toml(file) if file.suffix == ".toml" else _core_of(file)
    elif base is None and not {"neurons", "axons"} <= changes.keys():
        raise InputError(
            "which core? Name a configuration (.toml), a saved design (.slm) or a board (--board ulx3s), "
            "or give its size: --set neurons=64 --set axons=128"
        )
    return CoreConfig.from_dict((base.to_dict() if base else {}) | changes)


def only_one(**sources: object) -> None:
    """A wrong use of the command when more than one of these options, or of the argument FILE, was given."""
    given = [name for name, value in sources.items() if value is not None]
    if len(given) > 1:
        names = (name if name.isupper() else f"--{name}" for name in given)
        raise typer.BadParameter(f"give {' or '.join(names)}, not both")


def read_chip(
    file: Path | None,
    settings: Sequence[str] | None = None,
    *,
    board: str | None = None,
    **named: int | None,
) -> CoreConfig | FabricConfig:
    """As `read_config`, or the fabric of a placed design or of a board: then settings are its cores'."""
    chip = None if file is None or file.suffix == ".toml" else read_design(file).chip
    if board is not None:
        only_one(FILE=file, board=board)
        chip = find_board(board).config
    if isinstance(chip, FabricConfig):
        core = CoreConfig.from_dict(chip.core.to_dict() | _changes(settings, named))
        return replace(chip, core=core)
    return read_config(file, settings, None, board=board, **named)


def _core_of(file: Path) -> CoreConfig:
    """The core of a saved design; `InputError` for one that has many."""
    return _single_core(
        read_design(file).chip,
        file,
        "the design that was not placed yet, or a configuration (.toml)",
    )


def _single_core(chip: CoreConfig | FabricConfig, source: object, instead: str) -> CoreConfig:
    if isinstance(chip, FabricConfig):
        raise InputError(
            f"{source} has {chip.columns} × {chip.rows} cores, and this is about a single one; "
            f"name {instead}"
        )
    return chip


def read_design(file: Path) -> Design:
    """A saved design."""

    return Design.load(file)


def is_serial_line(where: str) -> bool:
    """Whether a device is behind a line, whose rate can be chosen; models are not."""
    return not where.endswith(":") and not where.startswith("netlist:")


def require_design(where: str, design: Design | None) -> None:
    """Raise `InputError` for a model that has no design to be made for."""
    if design is None and where in MADE_FOR_DESIGNS:
        raise InputError(f"{where} is made for a design: name a saved one too, net.slm")


def _changes(settings: Sequence[str] | None, named: dict[str, int | None]) -> dict[str, Any]:
    return parse_settings(settings) | {
        name: value for name, value in named.items() if value is not None
    }


def parse_settings(settings: Sequence[str] | None) -> dict[str, Any]:
    """Values by name of texts "name=value", as in TOML, or words without quotes."""
    return dict(_setting(text) for text in settings or ())


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (name and equals and value):
        raise typer.BadParameter(f"{text!r} is not of the form name=value")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):  # a word without quotes
        return name, value


def write_text(text: str, out: Path | None) -> None:
    """Write to a file, or to stdout when there is none."""
    if out is None:
        sys.stdout.write(text)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_file(out, text.encode())
