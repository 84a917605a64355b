"""The platform of a board, which knows its pins; what it lacks is said before anything is built."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from amaranth.build import ResourceError

from spikeloom.hdl.contract.errors import InputError, MissingToolError

from .definition import BoardDefinition

UART = ("uart", 0)
"""Name and number of the resource that is a board's serial port."""


def make_platform(board: BoardDefinition) -> Any:
    """The platform of a board, with the resources that its definition adds.

    Raises `InputError`, with what would work, for a family that can only be estimated, and for a
    definition whose platform does not exist, is of another FPGA, or lacks the oscillator or the serial
    port; `MissingToolError` without `amaranth-boards`.
    """
    board.fpga.family.required_flow()
    kind = _platform_class(board) if isinstance(board.platform, str) else board.platform
    trial = _with_resources(kind, board)
    device = str(getattr(trial, "device", ""))
    if not device.lower().startswith(board.fpga.name.lower()):
        raise InputError(
            f"{board.title}: its platform is for {device or 'no FPGA'}, the definition for "
            f"{board.fpga.name}; give the fpga or the platform that the board has"
        )
    _check_oscillator(trial, board)
    _check_uart(trial, board)
    return _with_resources(kind, board)  # requests are made once


def oscillator_name(board: BoardDefinition, platform: Any) -> str:
    """Name of the platform's resource that feeds the PLL."""
    return str(board.oscillator or platform.default_clk)


def _platform_class(board: BoardDefinition) -> Any:
    assert isinstance(board.platform, str)
    name, _, kind = board.platform.partition(":")
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        package = name.partition(".")[0]
        if error.name is None or error.name == package or find_spec(package) is None:
            raise MissingToolError(
                f"building for {board.title} needs {error.name}: pip install 'spikeloom[build]'"
            ) from error
        raise InputError(
            f"{board.title}: there is no module {name}{_similar(name, package)}"
        ) from error
    if not hasattr(module, kind):
        raise InputError(
            f"{board.title}: {name} has no {kind}; it has {', '.join(_platforms_of(module))}"
        )
    return getattr(module, kind)


def _similar(name: str, package: str) -> str:
    known = [f"{package}.{m.name}" for m in iter_modules(import_module(package).__path__)]
    close = get_close_matches(name, known)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _platforms_of(module: ModuleType) -> list[str]:
    return list(getattr(module, "__all__", [n for n in vars(module) if n.endswith("Platform")]))


def _with_resources(kind: Any, board: BoardDefinition) -> Any:
    try:
        platform = kind()
        platform.add_resources(board.resources)
    except (TypeError, NameError, AttributeError) as error:
        raise InputError(f"{board.title}: its platform cannot be made: {error}") from error
    return platform


def _check_oscillator(platform: Any, board: BoardDefinition) -> None:
    """The PLL is fed from a pin, at the frequency that the definition says."""
    clocks = {
        name: resource.clock.frequency
        for (name, _), resource in platform.resources.items()
        if resource.clock is not None
    }
    choices = ", ".join(f'oscillator="{name}" ({hz / 1e6:g} MHz)' for name, hz in clocks.items())
    advice = f"use {choices}" if choices else "add a clock of your own with resources=[…]"
    name = oscillator_name(board, platform)
    if name not in clocks:
        raise InputError(
            f"{board.title}: the PLL needs the oscillator on a pin, and its clock {name!r} is none; "
            f"{advice}"
        )
    if clocks[name] != board.oscillator_hz:
        raise InputError(
            f"{board.title}: the clock {name!r} has {clocks[name] / 1e6:g} MHz, and the PLL is set for "
            f"{board.oscillator_hz / 1e6:g} MHz; {advice}, or other settings of the PLL"
        )
    try:
        platform.request(name, dir="-")
    except (ResourceError, NameError) as error:
        raise InputError(f"{board.title}: its clock {name!r} cannot be used: {error}") from error


def _check_uart(platform: Any, board: BoardDefinition) -> None:
    """The chip talks over UART 0, receiving at `rx` and sending at `tx`."""
    connectors = [f'("{name}", {number})' for name, number in platform.connectors]
    at = f", conn={connectors[0]}" if connectors else ""
    advice = f'give the definition resources=[UARTResource(0, rx="PIN", tx="PIN"{at})]'
    if connectors:
        advice += f"; the board has the connectors {', '.join(connectors)}"
    try:
        port = platform.request(*UART, dir="-")
    except (ResourceError, NameError) as error:
        raise InputError(
            f"{board.title} has no serial port that can be used: {error}; {advice}"
        ) from error
    lacking = [name for name in ("rx", "tx") if not hasattr(port, name)]
    if lacking:
        raise InputError(f"{board.title}: its UART 0 has no {' and no '.join(lacking)}; {advice}")
