"""What the back end keeps between calls: time, populations, projections, and the network that runs."""

from __future__ import annotations

from typing import Any

from pyNN import common

from spikeloom.connect.schemes import GOLDEN

from .running.session import Session

name = "SpikeLoom"


class ID(int, common.IDMixin):
    """The number of a cell, with PyNN's attributes of cells."""

    def __init__(self, n: int) -> None:
        common.IDMixin.__init__(self)


class State(common.control.BaseState):
    """The state of the simulation.

    Attributes
    ----------
    dt : time step in ms.
    min_delay, max_delay : in ms, as `setup` was told.
    step : number of steps since the beginning of the segment.
    device : what runs the network, as in `spikeloom.open`.
    options : of `spikeloom.compile`, and of `open`.
    session : the compiled network and its device; None before the first run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mpi_rank = 0
        self.num_processes = 1
        self.dt = common.control.DEFAULT_TIMESTEP
        self.min_delay: float | str = common.control.DEFAULT_MIN_DELAY
        self.max_delay: float | str = common.control.DEFAULT_MAX_DELAY
        self.device, self.seed, self.off_grid = GOLDEN, 0, False
        self.compile_options: dict[str, Any] = {}
        self.open_options: dict[str, Any] = {}
        self.fine_leak: bool | None = None
        self.session: Session | None = None
        self.clear()

    @property
    def t(self) -> float:
        """Time in ms since the beginning of the segment."""
        return self.step * self.dt

    def clear(self) -> None:
        """Forget all populations and projections, and close the device."""
        self.close()
        self.recorders: set[Any] = set()
        self.populations: list[Any] = []
        self.projections: list[Any] = []
        self.current_sources: list[Any] = []
        self.id_counter = 1
        self.segment_counter = 0
        self.step = 0
        self.running = False

    def close(self) -> None:
        """Close the device; what it gave is kept."""
        if self.session is not None:
            self.session.close()

    def reset(self) -> None:
        """Go back to time 0, and begin a new segment."""
        self.running = False
        self.step = 0
        self.segment_counter += 1
        for population in self.populations:
            population.signals.clear()
            population.restart()
        for source in self.current_sources:
            source.restart()
        if self.session is not None:
            self.session.rewind()

    def run(self, simtime: float) -> None:
        """Go on by so many ms."""
        self.run_until(self.t + simtime)

    def run_until(self, tstop: float) -> None:
        """Go on until this time in ms."""
        steps = round(tstop / self.dt) - self.step
        self.running = True
        if steps > 0:
            session = self.prepared()
            session.advance(steps)

    def prepared(self) -> Session:
        """The network, compiled and loaded."""
        if self.session is None or self.session.outdated:
            self.close()
            self.session = Session(self)
        return self.session

    @property
    def min_delay_ms(self) -> float:
        """The shortest delay of a synapse in ms: what synapses without one have."""
        return self.dt if self.min_delay == "auto" else float(self.min_delay)


state = State()
