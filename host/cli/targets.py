"""What a command is about: a saved design or a configuration, and the device that it is on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from ..connect.schemes import NETLIST

DESIGN_SUFFIX = ".slm"
_FILES = (DESIGN_SUFFIX, ".toml")
_DEVICE = re.compile(r"(\w+:|COM\d+|.*://.*)")

TARGETS = typer.Argument(
    None,
    metavar="DESIGN DEVICE",
    help="A saved design (.slm), and where it runs: golden:, fast:, twin:, netlist:BOARD, or a serial port.",
)
ON = typer.Option(
    None,
    "--on",
    metavar="DEVICE",
    help="The device, as golden:, fast:, twin:, netlist:BOARD, or a serial port.",
)
OLD_DESIGN = typer.Option(None, "--design", "-d", metavar="FILE", hidden=True)
OLD_CONFIG = typer.Option(None, "--config", "-c", metavar="FILE", hidden=True)
"""Spellings that still work; the file is an argument."""


@dataclass(frozen=True)
class Targets:
    """What was named.

    Attributes
    ----------
    file : a saved design or a configuration.
    where : a device, as `spikeloom.open` takes it.
    """

    file: Path | None = None
    where: str | None = None

    @property
    def design_file(self) -> Path | None:
        """The file, if it is no configuration."""
        return None if self.file is None or self.is_config else self.file

    @property
    def is_config(self) -> bool:
        """Whether the file is a configuration."""
        return self.file is not None and self.file.suffix == ".toml"


def sort_targets(
    given: Sequence[str] | None,
    on: str | None = None,
    design: Path | None = None,
    config: Path | None = None,
) -> Targets:
    """Which of the arguments is the file, and which the device, in any order.

    Parameters
    ----------
    given : the arguments.
    on, design, config : of the options.

    Raises
    ------
    typer.BadParameter : more than one of a kind.
    """
    files = [file for file in (design, config) if file is not None]
    devices = [] if on is None else [on]
    for name in given or ():
        if is_file(name):
            files.append(Path(name))
        else:
            devices.append(name)
    if len(files) > 1:
        raise typer.BadParameter(f"one design or configuration, not both: {_both(files)}")
    if len(devices) > 1:
        raise typer.BadParameter(f"one device, not both: {_both(devices)}")
    return Targets(files[0] if files else None, devices[0] if devices else None)


def is_file(name: str) -> bool:
    """Whether this names a design or a configuration, and not a device."""
    if name.startswith(NETLIST) or _DEVICE.fullmatch(name):
        return False
    path = Path(name)
    return path.suffix in _FILES or path.is_file()


def is_design(name: str) -> bool:
    """Whether a name has the ending of a design or a configuration."""
    return Path(name).suffix in _FILES


def _both(names: Sequence[object]) -> str:
    return " and ".join(map(str, names))
