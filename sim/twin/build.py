"""Compiling the twin: the chip's Verilog and the harness into one shared library, cached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.chip.verilog import TOP_NAME, generate, generate_chip

from .verilator import MAKE_FLAGS, compile_cached, without_memory_contents

CLOCK_HZ = 24_000_000
BAUD = 3_000_000
HARNESS = Path(__file__).with_name("harness.cpp")
_LIBRARY = "libtwin.so"


@dataclass(frozen=True)
class TwinLibrary:
    """A compiled twin, and the clock and line rate that it was made for, in Hz and baud."""

    path: Path
    clock_hz: int
    baud: int


def build_twin(
    config: CoreConfig | FabricConfig, *, clock_hz: int = CLOCK_HZ, baud: int = BAUD
) -> TwinLibrary:
    """The twin of a configuration; 10–20 s the first time, then from the cache."""
    verilog = generate(config, clock_hz=clock_hz, baud=baud, build="twin (simulated)")
    path = compile_library(
        [(f"{TOP_NAME}.v", without_memory_contents(verilog))],
        top=TOP_NAME,
        ports={"CLOCK": "clk", "RESET": "rst", "RX": "rx", "TX": "tx"},
    )
    return TwinLibrary(path, clock_hz, baud)


def build_streams(config: CoreConfig | FabricConfig, *, clock_hz: int = CLOCK_HZ) -> TwinLibrary:
    """The chip with byte streams in place of the UART, which stall at random: for regressions."""
    verilog = generate_chip(config, clock_hz=clock_hz, build="byte streams (simulated)")
    path = compile_library(
        [(f"{TOP_NAME}.v", without_memory_contents(verilog))],
        top=TOP_NAME,
        ports={"CLOCK": "clk", "RESET": "rst", "STREAMS": "1"},
    )
    return TwinLibrary(path, clock_hz, clock_hz)


def compile_library(
    sources: Sequence[Path | tuple[str, str]],
    *,
    top: str,
    ports: dict[str, str],
    flags: Sequence[str] = (),
    message: str = "Compiling the twin with Verilator (10–20 s, once per configuration)",
) -> Path:
    """Compile Verilog with module `top` and the harness; `ports` names CLOCK, RX, TX (and RESET)."""
    prefix = f"V{top}"
    # In the source, not among the flags: all twins share the objects that have the same flags.
    defines = {"HEADER": f'"{prefix}.h"', "CLASS": prefix, **ports}
    harness = "".join(f"#define TWIN_{name} {value}\n" for name, value in defines.items())
    harness += f'#line 1 "{HARNESS.name}"\n' + HARNESS.read_text()
    arguments = [
        *("--cc", "--exe", "--build", "-j", "2", "-O3"),
        *("--x-initial", "unique", "--x-assign", "fast"),
        *("--noassert", "-Wno-lint", "-Wno-fatal", "--top-module", top, "--prefix", prefix),
        *("-CFLAGS", "-fPIC -fvisibility=hidden", "-LDFLAGS", "-shared", "-o", _LIBRARY),
        *("-MAKEFLAGS", f"{MAKE_FLAGS} OPT_FAST=-O2 OPT_SLOW=-O0 OPT_GLOBAL=-O2"),
        *flags,
    ]
    return compile_cached(
        "twin",
        [*sources, (HARNESS.name, harness)],
        arguments,
        _LIBRARY,
        message=message,
    )
