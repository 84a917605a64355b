"""SpikeLoom: spiking networks from Python to FPGA, with hardware and model equal bit for bit.

>>> import spikeloom
>>> with spikeloom.open("twin:", design) as board:
...     run = board.run(spikes)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import serial

if TYPE_CHECKING:
    from spikeloom.hdl import ConfigError, CoreConfig, Image, ImageError
    from spikeloom.hdl.contract.errors import (
        BoardRefusedError,
        DesignError,
        FitError,
        FitWarning,
        InputError,
        LinkError,
        MissingToolError,
        PortError,
        RoundingWarning,
        SpikeLoomError,
        WrongBoardError,
    )
    from spikeloom.hdl.contract.neurons import register_neuron
    from spikeloom.hdl.contract.rules import register_rule

    from .compiler.compile import compile
    from .connect.open import open
    from .design.design import Design
    from .design.snapshot import Snapshot
    from .device.device import Device
    from .device.run import Run
    from .driver.board import Board
    from .network.adlif import AdLIF
    from .network.connections import one_to_one, random_connections
    from .network.learning_rules import SDSP, PairSTDP, RectangularSTDP, SymmetricSTDP, ThreeFactor
    from .network.network import Network
    from .network.neurons import IF, LIF
    from .signals.sources import Events, Poisson, Regular, SpikeTimes

    __version__: str

_HOMES = {
    ".driver.board": ("Board",),
    ".compiler.compile": ("compile",),
    ".design.design": ("Design",),
    ".device.device": ("Device",),
    ".device.run": ("Run",),
    ".hdl.contract.errors": (
        "BoardRefusedError",
        "DesignError",
        "FitError",
        "FitWarning",
        "InputError",
        "LinkError",
        "MissingToolError",
        "PortError",
        "RoundingWarning",
        "SpikeLoomError",
        "WrongBoardError",
    ),
    ".hdl.contract.neurons": ("register_neuron",),
    ".hdl.contract.rules": ("register_rule",),
    ".hdl": ("ConfigError", "CoreConfig", "Image", "ImageError"),
    ".network.adlif": ("AdLIF",),
    ".network.learning_rules": (
        "SDSP",
        "PairSTDP",
        "RectangularSTDP",
        "SymmetricSTDP",
        "ThreeFactor",
    ),
    ".network.connections": ("one_to_one", "random_connections"),
    ".network.network": ("Network",),
    ".network.neurons": ("IF", "LIF"),
    ".connect.open": ("open",),
    ".design.snapshot": ("Snapshot",),
    ".signals.sources": ("Events", "Poisson", "Regular", "SpikeTimes"),
}
"""Names are imported when they are first used, so that importing the package stays cheap."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "IF",
    "LIF",
    "SDSP",
    "AdLIF",
    "Board",
    "BoardRefusedError",
    "ConfigError",
    "CoreConfig",
    "Design",
    "DesignError",
    "Device",
    "Events",
    "FitError",
    "FitWarning",
    "Image",
    "ImageError",
    "InputError",
    "LinkError",
    "MissingToolError",
    "Network",
    "PairSTDP",
    "Poisson",
    "PortError",
    "RectangularSTDP",
    "Regular",
    "RoundingWarning",
    "Run",
    "Snapshot",
    "SpikeLoomError",
    "SpikeTimes",
    "SymmetricSTDP",
    "ThreeFactor",
    "WrongBoardError",
    "__version__",
    "compile",
    "one_to_one",
    "open",
    "random_connections",
    "register_neuron",
    "register_rule",
]

_URL_HANDLERS = "spikeloom.sim.urlhandlers"
if _URL_HANDLERS not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append(_URL_HANDLERS)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("spikeloom")
    elif name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
