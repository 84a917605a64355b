"""Runs say when potentials met the end of their range: from there on a core is not the network."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from spikeloom.hdl.contract.errors import FitWarning

from ..design.design import Design
from .interface import DeviceInterface
from .run import Run

_Arguments = ParamSpec("_Arguments")
_Device = TypeVar("_Device", bound=DeviceInterface)
_Runs = Callable[Concatenate[_Device, _Arguments], Run]


def warns_of_clamps(run: _Runs[_Device, _Arguments]) -> _Runs[_Device, _Arguments]:
    """Let a device's `run` give one `FitWarning` when its counter of clamps grew.

    Only for designs that were compiled from a network: others are in integers, and mean the clamps.
    The counter is read once after each run; what it was before is known from the run before, unless
    something else ran in between.
    """

    @functools.wraps(run)
    def watched(self: _Device, /, *args: _Arguments.args, **options: _Arguments.kwargs) -> Run:
        result = run(self, *args, **options)
        if not result.steps or self.design.report is None:
            return result
        now = self.counters()["clamps"]
        seen: dict[str, Any] = vars(self).setdefault("_clamps_seen", {})
        if result.start == 0:
            before = 0
        elif seen.get("step") == result.start and seen.get("clamps", 0) <= now:
            before = seen["clamps"]
        else:
            before = now
        seen |= {"step": result.end, "clamps": now}
        if now > before:
            warnings.warn(_message(self.design, result, now - before), FitWarning, stacklevel=2)
        return result

    return watched


def _message(design: Design, run: Run, clamps: int) -> str:
    config, report = design.config, design.report
    assert report is not None
    if config.learning is not None:
        what = "potentials, currents, or traces, eligibilities and modulators of the learning rule"
        helps = "wider formats of the learning rule, and more state_bits in"
    else:
        what, helps = "potentials, currents or thresholds", "more state_bits, or headroom, in"
    largest = (1 << (config.state_bits - 1)) / float(design.scale.max())
    return (
        f"in steps {run.start}…{run.start + run.steps - 1} {what} met the end of their range {clamps} "
        f"times (for potentials ±{largest:.3g} in the network's unit, or more), and stayed there: "
        f"spikes may come at other times than in the network; {helps} compile(…) give space "
        f"(now {config.state_bits} bits)"
    )
