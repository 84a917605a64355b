"""A board as a device: hardware, or its simulated twin, at the other end of a link."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.memory_map import RESET_ALL, RESET_STATE, Region, Register

from ..bus.bus import BoardLink, Bus
from ..bus.counters import read_core_overruns, read_counters
from ..bus.identity import BoardIdentity
from ..design.contents import ALL, Rows, check_step, find_monitored
from ..design.design import Design, as_design
from ..design.input_raster import SpikeInput, input_raster
from ..design.snapshot import Snapshot, as_snapshot
from ..device.clamps import warns_of_clamps
from ..device.device import Device
from ..device.monitors import Monitors
from ..device.run import Run
from ..display.html import device_html, never_raise
from ..display.progress import progress_bar
from ..link.link import LinkStatistics
from .core_memory import CoreMemory
from .cycle_bounds import chunks, clearing_cycles, run_cycles, sweeps, tick_cycles
from .fabric_memory import FabricMemory, memory_of
from .image_check import ImageCheck
from .info import BoardInfo
from .next_step import NextStep, explained_interrupts

CHUNK_SECONDS = 1.0
"""Time that the board computes for one command of a long run, at most."""
_BAR_CHUNKS = 3
_RESET_SECONDS = 2.0


class Board(Device):
    """A board at the other end of a link.  Opening it checks the identity and touches nothing else.

    After a `LinkError` the next call opens a new connection.  A run cut short, by Ctrl-C or a line
    that was lost, has left whole steps: `step` tells how many, and the next run goes on from there
    as if the others had never been asked for.  `reset` starts again.

    What the board holds must be the image of `design`: otherwise running, reading and writing raise
    `BoardRefusedError`, until `load` has put it there or `accept_image` has been called.

    Several threads may use it, and several processes may share it (`spikeloom.open`): each call is
    whole.  A run begins at the step where this board's last call left it, or at `step` when that was
    asked for since; when somebody else stepped or loaded the board, it raises `BoardRefusedError`.

    Parameters
    ----------
    link : opened here if it is not open yet; closed when opening the board fails.
    design : the network; `WrongBoardError` when the board was built for another configuration.
        Without one only `info`, `counters`, `step`, `reset` and `load` are possible.
    progress : show progress bars; None: when stderr is a terminal.

    Attributes
    ----------
    identity : what the board says that it is.
    clock_hz : frequency of the core clock.
    """

    def __init__(
        self, link: BoardLink, design: Design | None = None, *, progress: bool | None = None
    ) -> None:
        self._bus = Bus(link)
        self._progress = progress
        self._next = NextStep(self._bus)
        self._monitors = Monitors()
        self._applied: tuple[int, tuple[int, ...]] | None = None
        self._sweep: int | None = None
        self._image = ImageCheck(self._bus)
        self._attach(design)
        try:
            if link.broken:
                link.open()
            self._identify()
        except BaseException:
            link.close()
            raise
        self._bus.on_reconnect = self._identify

    def _attach(self, design: Design | None) -> None:
        self._design = design
        self._sweep = None
        self._memory = memory_of(self._bus, design, self._progress) if design else None

    def _identify(self) -> None:
        self._applied = self._sweep = None
        self._image.forget()
        self.identity = BoardIdentity.read(self._bus)
        self.identity.check(self._design.chip if self._design else None)
        self.clock_hz = max(1, self._bus.read_word(Region.CONTROL.base + Register.CLOCK_HZ))

    @property
    def design(self) -> Design:  # type: ignore[override]
        """The network; `InputError` when there is none."""
        if self._design is None:
            raise InputError("this needs a design; open the board with one, or load(design)")
        return self._design

    @property
    def store(self) -> CoreMemory | FabricMemory:
        """The memories of the core, or of all cores; `InputError` when there is no design."""
        if self._memory is None:
            raise InputError("this needs a design; open the board with one, or load(design)")
        return self._memory

    @property
    def link(self) -> BoardLink:
        """The link, for its statistics."""
        return self._bus.link

    def exclusive(self) -> AbstractContextManager[object]:
        """Have the board alone for several calls; may be nested."""
        return self._bus.transaction()

    def close(self) -> None:
        """Close the port; closing twice does nothing."""
        self._bus.link.close()

    def load(self, design: Design | None = None, *, verify: bool = False) -> None:
        """Load the image of `design` (default: the one loaded last); clears all state.

        Every frame is checked on the line already; `verify` also reads everything back, and raises
        `LinkError` when the board holds something else.
        """
        design = as_design(self.design if design is None else design)
        self.identity.check(design.chip)
        with self._bus.transaction():
            self._attach(design)
            self._image.loading()
            self._reset(RESET_ALL)
            self.store.write_image(design.image)
            if verify:
                self.store.verify_image(design.image)
            self._bus.write_word(Region.CONTROL.base + Register.IMAGE, design.identity)
            self._image.loaded(design.identity)

    def accept_image(self) -> None:
        """Work with whatever image the board holds, as if it were the one of the design.

        For a board that was opened with `load=False`, and holds the image of a design much like
        this one.  On a blank board everything reads as chance.  It holds until another `load`, here
        or elsewhere.
        """
        with self._bus.transaction():
            self._bus.reconnect()
            self._image.accept()
            self._applied = self._sweep = None

    def reset(self) -> None:
        """Clear state, pending spikes, step number and counters; keep weights and parameters."""
        self._reset(RESET_STATE)

    def _reset(self, kind: int) -> None:
        allowance = _RESET_SECONDS
        if self._design:
            allowance += clearing_cycles(self._design.chip) / self.clock_hz
        with self._bus.transaction():
            self._next.forget()
            if kind == RESET_ALL:
                self._applied = None
            self._bus.write_word(Region.CONTROL.base + Register.RESET, kind, allowance)
            self._next.set(0)

    @warns_of_clamps
    def run(
        self, spikes: SpikeInput = None, steps: int | None = None, *, start: int | None = None
    ) -> Run:
        """Run `steps` steps with these input spikes (see `input_raster`), as fast as it can.

        With `start` it is refused (`BoardRefusedError`) unless that is the number of the next step.
        """
        start = None if start is None else check_step(start, "start")
        raster = input_raster(self.design, spikes, steps)
        cycles = self._cycles(raster)
        parts = list(chunks(cycles, CHUNK_SECONDS * self.clock_hz))
        runs = [self._no_steps(start)]
        show = self._progress if len(parts) >= _BAR_CHUNKS else False
        bar = progress_bar("run", len(raster), show, self._bus.moved)
        with explained_interrupts(), bar as advance:
            for chunk in parts:
                seconds = float(cycles[chunk].sum()) / self.clock_hz
                # Another thread's steps in between would change what this board expects.
                runs.append(self._run(raster[chunk], seconds, runs[-1].end))
                advance(runs[-1].steps)
        return self._finished(_join(self.design, runs))

    @warns_of_clamps
    def run_live(
        self,
        spikes: SpikeInput = None,
        steps: int | None = None,
        *,
        tick_period_cycles: int | None = None,
        tick_seconds: float | None = None,
        start: int | None = None,
    ) -> Run:
        """Run in real time: a step begins every `tick_period_cycles` clock cycles.

        Or every `tick_seconds`, rounded to cycles.  The board keeps its own pace, whether input and
        output keep up or not: what could not be honoured is in the counters `late`, `overruns` and
        `stalls`.
        """
        start = None if start is None else check_step(start, "start")
        period = tick_cycles(self.clock_hz, tick_period_cycles, tick_seconds)
        raster = input_raster(self.design, spikes, steps)
        if not len(raster):
            return self._no_steps(start)
        cycles = int(self._cycles(raster).sum()) + 2 * period * len(raster)
        with explained_interrupts():
            return self._finished(self._run(raster, cycles / self.clock_hz, start, tick=period))

    def tick_period(self, cycles: int | None, seconds: float | None) -> float:
        """As every device."""
        return tick_cycles(self.clock_hz, cycles, seconds) / self.clock_hz

    def now(self) -> float:
        """As every device."""
        return self.link.now()

    def _run(
        self, raster: NDArray[np.bool_], seconds: float, start: int | None = None, tick: int = 0
    ) -> Run:
        """One RUN command, from the step that is due, that may say nothing for so many seconds."""
        with self._bus.transaction():
            self._apply(tick)
            labels = self._monitors.labels
            start = self._next.begin(start)
            placement, neurons = self.design.placement, self.design.config.neurons
            if placement:
                raster = placement.to_external(raster)
                neurons = placement.fabric.external.neurons
            reply = self._bus.run(
                start,
                raster,
                neurons,
                len(labels),
                live=tick > 0,
                allowance=seconds,
            )
            self._next.set(reply.step)
        values = dict(zip(labels, reply.monitored.T.copy(), strict=True))
        spikes = placement.to_network(reply.spikes) if placement else reply.spikes
        return Run.of(self.design, start, spikes, values)

    def _no_steps(self, start: int | None = None) -> Run:
        spikes = np.zeros((0, self.design.config.neurons), dtype=np.bool_)
        values = {label: np.zeros(0, dtype=np.int64) for label in self._monitors.labels}
        start = self._next.due() if start is None else check_step(start, "start")
        return Run.of(self.design, start, spikes, values)

    def _cycles(self, raster: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(steps,) clock cycles that each step takes at most, doubled to be safe."""
        sweep = self._sweep_log2() if sweeps(self.design.config) else None
        return 2 * run_cycles(self.design, raster, self._next.due(), sweep)

    def _sweep_log2(self) -> int:
        if self._sweep is None:
            self._sweep = int(self.read("sweep_log2"))
        return self._sweep

    @property
    def step(self) -> int:
        """Number of the next step, read from the board."""
        return self._next.read()

    def require_image(self) -> None:
        """Raise `BoardRefusedError` unless the board holds the image of the design."""
        self._image.compare(self.design.identity, "the design's is")

    def _check_image(self) -> None:
        """Within a transaction: the board must hold what this program works with."""
        self._bus.reconnect()  # a new connection may mean another state of the board
        if self._image.is_due:  # others may have set up their own run, or loaded another network
            self._applied = self._sweep = None
            self._image.require(self.design.identity)

    def monitor(self, neurons: Sequence[int] | str, state: str = "v") -> None:
        """Report `state` of these neurons after every step of later runs; [] ends it.

        Each state has its own neurons, so "v" and "i" can be watched together.  Of a state of axons
        ("x") give axons.  The name of a population stands for its neurons.
        """
        self._monitors.choose(self.design, neurons, state)

    def _apply(self, tick: int) -> None:
        """Bring tick period and monitors of the board to what the next run needs."""
        self._check_image()
        config, memory = self.design.config, self.store
        slots = tuple(
            memory.address(find_monitored(config, name), k) for name, k in self._monitors.watched
        )
        if self._applied == (tick, slots):
            return
        self._applied = None
        control = Region.CONTROL.base
        self._bus.write_word(control + Register.TICK_PERIOD, tick)
        if slots:
            self._bus.write(Region.MONITORS.base, np.array(slots, dtype=np.uint32))
        self._bus.write_word(control + Register.MONITOR_COUNT, len(slots))
        self._applied = (tick, slots)

    def write_step(self, step: int) -> None:
        """Let the next step have this number, 0…2^32 − 1."""
        number = check_step(step)
        with self._bus.transaction():
            if self._design is not None:
                self._check_image()
            self._next.forget()
            self._bus.write_word(Region.CONTROL.base + Register.STEP, number)
            self._next.set(number)

    def read(self, name: str, rows: Rows = ALL) -> NDArray:
        """As every device; `BoardRefusedError` when the board does not hold the design's image."""
        with self._bus.transaction():
            self._check_image()
            return super().read(name, rows)

    def write(self, name: str, values: ArrayLike, rows: Rows = ALL) -> int:
        """As every device; `BoardRefusedError` when the board does not hold the design's image."""
        with self._bus.transaction():
            self._check_image()
            self._sweep = None
            return super().write(name, values, rows)

    def restore(self, snapshot: Snapshot) -> None:
        """As every device; `BoardRefusedError` when the board does not hold the design's image."""
        as_snapshot(snapshot).check_design(self.design)
        with self._bus.transaction():
            self._image.compare(self.design.identity, "the snapshot is of")
            super().restore(snapshot)

    def counters(self) -> dict[str, int]:
        """Counters of the board by name (`spikeloom.hdl.contract.memory_map.COUNTERS`)."""
        return read_counters(self._bus)

    def core_overruns(self) -> NDArray[np.int64]:
        """(cores,) ticks that came while each core of a fabric was not done; they stop at 65535.

        `InputError` for a design on a single core.
        """
        return read_core_overruns(self._bus, self.design.chip)

    def info(self) -> BoardInfo:
        """Identity, registers and link statistics, for people and for JSON."""
        with self.exclusive():
            names = (Register.IMAGE, Register.STEP, Register.TICK_PERIOD, Register.MONITOR_COUNT)
            control = Region.CONTROL.base
            registers = {r.name.lower(): self._bus.read_word(control + r) for r in names}
            return self._info(registers, self.link.statistics)

    def _info(self, registers: dict[str, Any], statistics: LinkStatistics | None) -> BoardInfo:
        return BoardInfo(
            self.identity, self.clock_hz, registers, self._design, self.link, statistics
        )

    def unreachable(self) -> str:
        """As every device."""
        return "not connected; the next command opens a connection" if self.link.broken else ""

    def _known(self) -> BoardInfo:
        """What can be said without asking the board."""
        step = None if self.link.broken else self._next.known
        # A link that is shared might have to wait until others have done.
        statistics = None if self.link.shared else self.link.statistics
        return self._info({"image": self._image.held, "step": step}, statistics)

    def _describe(self) -> str:
        last = "" if self._last_run is None else f"; last run: {self._last_run}"
        return f"{self._known().text}{last}"

    @never_raise
    def __repr__(self) -> str:
        return f"<{self._describe()}>"

    @never_raise
    def _repr_html_(self) -> str:
        return device_html(self._describe(), [])


def _join(design: Design, runs: list[Run]) -> Run:
    """One run from consecutive ones."""
    first = runs[0]
    labels = first.monitored.raw
    values = {key: np.concatenate([run.monitored.raw[key] for run in runs]) for key in labels}
    return Run.of(design, first.start, np.concatenate([run.spikes for run in runs]), values)
