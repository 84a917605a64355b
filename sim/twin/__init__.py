"""The twin: the whole chip, verilated, with its UART pins behind a pyserial port."""

from __future__ import annotations

from spikeloom.hdl import CoreConfig, FabricConfig

from .build import BAUD, CLOCK_HZ, TwinLibrary, build_twin, compile_library
from .port import TwinPort

__all__ = [
    "TwinLibrary",
    "TwinPort",
    "build",
    "build_twin",
    "compile_library",
    "netlist",
    "open_port",
    "port",
    "serve",
    "verilator",
]


def open_port(
    config: CoreConfig | FabricConfig,
    *,
    seed: int = 1,
    timeout: float | None = None,
    clock_hz: int = CLOCK_HZ,
    baud: int = BAUD,
) -> TwinPort:
    """A powered-up twin of `config`; memories start with random contents chosen by `seed`."""
    return TwinPort(build_twin(config, clock_hz=clock_hz, baud=baud), seed=seed, timeout=timeout)
