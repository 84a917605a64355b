"""Resources and clock of a chip: from the fitted table, or by synthesis."""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.progress import Progress

from spikeloom.boards import BoardLike, build, find_board, synthesise
from spikeloom.boards.fitted import fitted_resources
from spikeloom.boards.report import CLOCKS
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import FitError, InputError

FITTED, SYNTHESISED, ROUTED = "fitted", "synthesised", "routed"
STAGES = (FITTED, SYNTHESISED, ROUTED)
_RESOURCES = ("luts", "flip_flops", "block_rams")


def resources(
    config: CoreConfig,
    family: str = "ecp5",
    stage: str = FITTED,
    board: BoardLike | None = None,
) -> dict[str, float]:
    """Figures of a chip with one core: "luts", "flip_flops", "block_rams", and "fmax_mhz" if known.

    Parameters
    ----------
    config : the core.
    family : of the FPGA; of a `board` it is the board's.
    stage : "fitted": all from the table (microseconds).  "synthesised": Yosys counts the cells (a
        quarter of a minute), the clock is from the table.  "routed": the clock is nextpnr's too
        (minutes), and needs a `board`.
    board : a name, a file or a definition, whose FPGA has to be large enough: else a `FitError`.

    Raises `InputError` for another stage or family, `MissingToolError` and `BuildError` as builds do.
    """
    if stage not in STAGES:
        raise InputError(f"hardware is {stage!r}; choose one of {', '.join(map(repr, STAGES))}")
    chosen = None if board is None else find_board(board)
    if chosen is not None:
        family = chosen.fpga.family.name
    fitted = fitted_resources(config, family)
    found = {name: round(figure.value, 1) for name, figure in fitted.items()}
    quiet = Progress(disable=True)
    if stage != FITTED:
        cells = synthesise(config, chosen.fpga if chosen else family, progress=quiet)
        found |= {name: float(getattr(cells, name)) for name in _RESOURCES}
    if chosen is not None:
        for name in _RESOURCES:
            available = getattr(chosen.fpga, name)
            if found[name] > available:
                raise FitError(
                    f"{chosen.title} has {available} {name.replace('_', ' ')}, and the chip takes "
                    f"{found[name]:.0f} ({stage}); use a smaller core, or fewer lanes"
                )
    if stage == ROUTED:
        if chosen is None:
            raise InputError('hardware = "routed" needs a board: board = "ulx3s"')
        with tempfile.TemporaryDirectory(prefix="spikeloom-") as folder:
            report = build(chosen, config, out=Path(folder), progress=quiet)
        clock = next(c for c in report.clocks if c.name == CLOCKS[0])
        found["fmax_mhz"] = round(clock.achieved_hz / 1e6, 2)
    return found
