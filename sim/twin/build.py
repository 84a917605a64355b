"""Compiling the twin: the chip's Verilog and the harness into one shared library, cached."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spikeloom.bus.line_rate import check_rate
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.chip.verilog import TOP_NAME, generate, generate_chip
from spikeloom.hdl.contract.technology import Storage, Technology

from .cache import cache_folder
from .index import index_key, look_up, record
from .verilator import (
    MAKE_FLAGS,
    compile_cached,
    compile_time,
    environment,
    is_cached,
    spinner,
    without_memory_contents,
)

CLOCK_HZ = 24_000_000
BAUD = 3_000_000
HARNESS = Path(__file__).with_name("harness.cpp")
OPTIMISATION = "-O2"
"""Of the compiled chip: `benchmarks/twin_flags.py` weighs compiling against running."""
_KIND = "twin"
"""Folder in the cache."""
_LIBRARY = "libtwin.so"
_LINE = f"{TOP_NAME}__DOT__rate__DOT__step"
"""Verilator's name of the phase step that the chip's UART uses."""


@dataclass(frozen=True)
class TwinLibrary:
    """A compiled twin, and the clock and line rate that it was made for, in Hz and baud."""

    path: Path
    clock_hz: int
    baud: int


def build_twin(
    config: CoreConfig | FabricConfig, *, clock_hz: int = CLOCK_HZ, baud: int = BAUD
) -> TwinLibrary:
    """The twin of a configuration; 7–20 s the first time, then from the cache, at once.

    Raises `InputError` for a rate that a chip with this clock cannot make.
    """
    check_rate(clock_hz, baud)
    key = index_key(config, clock_hz, baud)
    name = look_up(_KIND, key)
    if name is not None and is_cached(path := cache_folder() / _KIND / name / _LIBRARY):
        return TwinLibrary(path, clock_hz, baud)
    environment()  # what is missing is said before anything is shown
    with spinner("Generating the twin's Verilog"):
        verilog = generate(config, clock_hz=clock_hz, baud=baud, build="twin (simulated)")
    path = compile_library(
        [(f"{TOP_NAME}.v", _with_line_rate(without_memory_contents(verilog)))],
        top=TOP_NAME,
        ports={"CLOCK": "clk", "RESET": "rst", "RX": "rx", "TX": "tx", "LINE": _LINE},
    )
    record(_KIND, key, path.parent.name)
    return TwinLibrary(path, clock_hz, baud)


def _with_line_rate(verilog: str) -> str:
    """Amaranth's Verilog, with the phase step of the UART where the harness can read it."""
    changed, count = re.subn(
        rf"(^module \\{TOP_NAME}\.rate \(.*?^  reg \[\d+:0\] step) =",
        r"\1 /*verilator public_flat_rd*/ =",
        verilog,
        flags=re.MULTILINE | re.DOTALL,
    )
    assert count == 1, "the chip's LineRate is not where it was"
    return changed


def build_streams(
    config: CoreConfig | FabricConfig,
    *,
    clock_hz: int = CLOCK_HZ,
    synapse_storage: Storage = "block",
    technology: Technology | None = None,
    models: Sequence[Path] = (),
) -> TwinLibrary:
    """The chip with byte streams in place of the UART, which stall at random: for regressions.

    `models` are those of the FPGA's cells that `synapse_storage` and `technology` ask for.
    """
    verilog = generate_chip(
        config,
        clock_hz=clock_hz,
        build="byte streams (simulated)",
        synapse_storage=synapse_storage,
        technology=technology,
    )
    path = compile_library(
        [(f"{TOP_NAME}.v", without_memory_contents(verilog)), *models],
        top=TOP_NAME,
        ports={"CLOCK": "clk", "RESET": "rst", "STREAMS": "1"},
        flags=("--no-timing",) if models else (),
    )
    return TwinLibrary(path, clock_hz, clock_hz)


def compile_library(
    sources: Sequence[Path | tuple[str, str]],
    *,
    top: str,
    ports: dict[str, str],
    flags: Sequence[str] = (),
    message: str = "",
) -> Path:
    """Compile Verilog with module `top` and the harness; `ports` names CLOCK, RX, TX (and RESET)."""
    prefix = f"V{top}"
    # In the source, not among the flags: all twins share the objects that have the same flags.
    root = {"ROOT": f'"{prefix}___024root.h"'} if "LINE" in ports else {}
    defines = {"HEADER": f'"{prefix}.h"', "CLASS": prefix, **ports, **root}
    harness = "".join(f"#define TWIN_{name} {value}\n" for name, value in defines.items())
    harness += f'#line 1 "{HARNESS.name}"\n' + HARNESS.read_text()
    arguments = [
        *("--cc", "--exe", "--build", "-j", "2", "-O3"),
        *("--x-initial", "unique", "--x-assign", "fast"),
        *("--noassert", "-Wno-lint", "-Wno-fatal", "--top-module", top, "--prefix", prefix),
        *("-CFLAGS", "-fPIC -fvisibility=hidden", "-LDFLAGS", "-shared", "-o", _LIBRARY),
        *("-MAKEFLAGS", f"{MAKE_FLAGS} OPT_FAST={OPTIMISATION} OPT_SLOW=-O0 OPT_GLOBAL=-O2"),
        *flags,
    ]
    return compile_cached(
        _KIND,
        [*sources, (HARNESS.name, harness)],
        arguments,
        _LIBRARY,
        message=message or f"Compiling the twin with Verilator ({compile_time(sources)})",
    )
