"""Where two devices part: the first step after which they differ, and the first state that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spikeloom.hdl.contract.errors import InputError

from ..design.input_raster import SpikeInput, input_raster
from ..design.snapshot import Difference, Snapshot
from ..device.device import Device
from ..device.run import Run
from ..display.progress import Advance, progress_bar

CHECKPOINTS = 8
"""A run is compared so many times on the way: what differed only for a while is found as well."""
SPIKE = "spike"


@dataclass(frozen=True)
class Bisection:
    """What `bisect` found.

    Attributes
    ----------
    one, other : names of the devices.
    start, steps : the steps that were compared.
    runs : how often the devices were run.
    step : number of the first step after which they differ; None when none does.
    differences : the first difference in each part, in the order in which a step changes them;
        spikes last.  `ours` is the value on the first device, `theirs` on the second.
    note : what else is to be known.
    before : the last snapshot that both devices had in common.
    """

    one: str
    other: str
    start: int
    steps: int
    runs: int
    step: int | None
    differences: tuple[Difference, ...]
    note: str = ""
    before: Snapshot | None = None

    @property
    def ok(self) -> bool:
        """Whether no difference was found."""
        return not self.differences

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, for JSON."""
        rows = [
            {"state": d.name, "index": list(d.index), "one": d.ours, "other": d.theirs,
             "count": d.count}
            for d in self.differences
        ]  # fmt: skip
        names = ("one", "other", "start", "steps", "runs", "step", "note")
        plain = {name: getattr(self, name) for name in names}
        return {"ok": self.ok, **plain, "first": rows[0] if rows else None, "differences": rows}

    def __rich__(self) -> RenderableType:
        """What to print."""
        if self.ok:
            return Text(
                f"{self.one} and {self.other} are equal in all states after {self.steps} steps "
                f"(and {min(CHECKPOINTS, self.steps)} times on the way)"
            )
        first = self.differences[0]
        when = "before the first step" if self.step is None else f"after step {self.step}"
        table = Table(title=f"The first difference is {first.where}, {when}", title_justify="left")
        for heading in ("state", self.one, self.other, "differ"):
            table.add_column(heading, justify="left" if heading == "state" else "right")
        for d in self.differences:
            table.add_row(d.where, str(d.ours), str(d.theirs), str(d.count))
        return Group(table, Text(self.note)) if self.note else table


def bisect(
    one: Device,
    other: Device,
    spikes: SpikeInput = None,
    steps: int | None = None,
    *,
    start: Snapshot | None = None,
    names: tuple[str, str] = ("one", "other"),
    progress: bool | None = None,
) -> Bisection:
    """Find the first step after which two devices with the same design differ, and in what.

    Both run the whole input once, compared at `CHECKPOINTS` steps by their output spikes and their
    whole state; then a binary search over the steps between two checkpoints runs both from their
    last common snapshot.  A difference that shows in no spike and is gone at the next checkpoint
    is not found.

    Parameters
    ----------
    spikes, steps : as `Device.run` takes them.
    start : where to begin; default: with the design, loaded anew.
    names : of the devices, for the report.
    progress : show a progress bar; None: when stderr is a terminal.

    Raises `InputError` when the devices have different designs.
    """
    if one.design.image.identity != other.design.image.identity:
        raise InputError("the devices have different designs; open both with the same one")
    raster = input_raster(one.design, spikes, steps)
    with progress_bar("bisect", len(raster), progress if len(raster) > 1 else False) as advance:
        return _Search((one, other), raster, names).run(start, advance)


class _Search:
    """Two devices, an input, and how often they were run."""

    def __init__(
        self, devices: tuple[Device, Device], raster: NDArray[np.bool_], names: tuple[str, str]
    ) -> None:
        self._devices, self._raster, self._names = devices, raster, names
        self._runs = 0

    def run(self, start: Snapshot | None, advance: Advance) -> Bisection:
        if start is None:
            for device in self._devices:
                device.load()
            start = self._devices[0].snapshot()
        else:
            self._restore(start)
        self._start = start.step
        found = self._compare([])
        if found:
            note = "they do not hold the same when both have just been brought into one state"
            return self._result(None, found, note, None)

        # From here on, positions count rows of the raster.
        low, common = 0, start
        ends = np.linspace(0, len(self._raster), CHECKPOINTS + 1).round().astype(int)[1:]
        for high in dict.fromkeys(int(end) for end in ends):
            if high == low:
                continue
            runs = self._run(low, high)
            found = self._compare(runs)
            advance(high - low)
            if found:
                return self._narrow(low, self._bound(runs, high), common, found)
            low, common = high, self._devices[0].snapshot()
        return self._result(None, [], "", None)

    def _narrow(self, low: int, high: int, common: Snapshot, found: list[Difference]) -> Bisection:
        """They are equal before row `low`, as `common`, and differ after row `high` − 1."""
        while high - low > 1:
            middle = (low + high) // 2
            self._restore(common)
            runs = self._run(low, middle)
            if differences := self._compare(runs):
                high, found = self._bound(runs, middle), differences
            else:
                low, common = middle, self._devices[0].snapshot()
        self._restore(common)
        if broken := self._compare([]):
            note = f"a snapshot of step {common.step} could not be restored equally on both"
            return self._result(None, broken, note, common)
        runs = self._run(low, high)
        if differences := self._compare(runs):
            return self._result(low, differences, "", common)
        note = (
            "seen once, but not again from a snapshot: the difference is in something that no "
            "snapshot holds, or happens at random"
        )
        return self._result(high - 1, found, note, common)

    def _restore(self, snapshot: Snapshot) -> None:
        for device in self._devices:
            device.restore(snapshot)

    def _run(self, low: int, high: int) -> list[Run]:
        self._runs += 1
        return [device.run(self._raster[low:high]) for device in self._devices]

    def _compare(self, runs: list[Run]) -> list[Difference]:
        """What differs now in the states, or did in the spikes of the last run."""
        one, other = (device.snapshot() for device in self._devices)
        found = list(one.differences(other))
        if runs:
            ours, theirs = (run.spikes for run in runs)
            different = np.argwhere(ours != theirs)
            if len(different):
                row, neuron = (int(k) for k in different[0])
                count = int((different[:, 0] == row).sum())
                found.append(
                    Difference(
                        SPIKE, (neuron,), int(ours[row, neuron]), int(theirs[row, neuron]), count
                    )
                )
        return found

    def _bound(self, runs: list[Run], high: int) -> int:
        """One past the row after which they differ, at the latest."""
        ours, theirs = (run.spikes for run in runs)
        rows = np.flatnonzero((ours != theirs).any(axis=1))
        return high - len(ours) + int(rows[0]) + 1 if len(rows) else high

    def _result(
        self, row: int | None, found: list[Difference], note: str, before: Snapshot | None
    ) -> Bisection:
        return Bisection(
            *self._names,
            self._start,
            len(self._raster),
            self._runs,
            None if row is None else self._start + row,
            tuple(found),
            note,
            before,
        )
