"""One point of a sweep, as a worker runs it."""

from __future__ import annotations

import math
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.boards import find_board
from spikeloom.hdl.contract.errors import FitWarning, InputError, SpikeLoomError

from ..design.design import Design
from ..device.run import Run
from ..estimate.cycles import cycles_per_step
from ..estimate.energy import energy, sum_counted
from ..estimate.resources import resources
from .cache import Results
from .target import Target

DESIGN, RUN = "design", "run"
"""What a function may return beside numbers: a `Design`, and a `Run`, several, or counters."""
REFUSED, FAILED, FIGURES = "refused", "failed", "figures"


@dataclass(frozen=True)
class Task:
    """All that a worker needs to run one point.

    Attributes
    ----------
    folder, token : of the results; a worker that sees the folder (it has the token) reads and writes
        there itself, so that what it has finished is kept even if it dies in the next moment.
    """

    target: Target
    arguments: dict[str, Any]
    hardware: dict[str, Any]
    digest: str
    folder: str
    token: str


def run_task(task: Task) -> dict[str, Any]:
    """The result of a point: "figures", or why it was "refused", or how it "failed".

    Refusals (`SpikeLoomError`) are results like others; failures are not kept.
    """
    results = Results(Path(task.folder))
    shared = results.token() == task.token
    if shared:
        known = results.read(task.digest)
        if known is not None:
            return known
    found = _run(task)
    if shared and FAILED not in found:
        results.write(task.digest, found)
    return found


def _run(task: Task) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)
            returned = task.target.load()(**task.arguments)
            return {FIGURES: _figures(returned, task.hardware)}
    except SpikeLoomError as error:
        return {REFUSED: str(error)}
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        return {FAILED: f"{type(error).__name__}: {error} ({where})"}


def _figures(returned: object, hardware: dict[str, Any]) -> dict[str, float | str | bool]:
    """What the function returned, and what hardware adds where there is a design."""
    if not isinstance(returned, Mapping):
        raise TypeError(f"the function returned {type(returned).__name__}, not a dict of figures")
    found = {str(k): _number(str(k), v) for k, v in returned.items() if k not in (DESIGN, RUN)}
    design, run = returned.get(DESIGN), returned.get(RUN)
    if design is None:
        return found
    if not isinstance(design, Design):
        raise TypeError(f'"design" is {type(design).__name__}, not a Design')
    if design.placement is not None:
        raise InputError("the design is placed on many cores; sweeps estimate one core")
    return found | figures_for(design, run, hardware)


def figures_for(design: Design, run: Any, hardware: dict[str, Any]) -> dict[str, float]:
    """What hardware adds: resources of a design, and of a `Run`, several or counters, time and energy."""
    found = resources(design.config, **hardware)
    if run is None:
        return found
    runs = [run] if isinstance(run, Run | Mapping) else list(run)
    counted = sum_counted(runs)
    sweep_log2 = design.image.learning.get("sweep_log2")
    cycles = cycles_per_step(
        design.config, counted, None if sweep_log2 is None else int(sweep_log2)
    )
    found["cycles_per_step"] = round(cycles, 2)
    if "fmax_mhz" in found:
        found["steps_per_second"] = round(found["fmax_mhz"] * 1e6 / cycles)
    board = hardware.get("board")
    family = find_board(board).fpga.family.name if board else hardware.get("family", "ecp5")
    dynamic = energy(design, counted, family=family).dynamic
    per_step = 1e9 / counted["steps"]
    found["energy_low_nj_per_step"] = round(dynamic.low * per_step, 4)
    found["energy_high_nj_per_step"] = round(dynamic.high * per_step, 4)
    return found


def _number(name: str, value: Any) -> float | str | bool:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise TypeError(f"the figure {name} is {value!r}; return finite numbers or text")
