"""A compiled network on a device, and how it goes on from run to run."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.compiler.wiring import Wiring, wire
from spikeloom.connect.open import open as open_device
from spikeloom.design.design import Design
from spikeloom.device.device import Device
from spikeloom.hdl.contract.errors import RoundingWarning

from ..mapping.cell_models import (
    LONGEST_REFRACTORY,
    CellModels,
    steps_refractory,
    worth_a_fine_leak,
)
from ..mapping.described import describe
from ..refusals import ParameterError, UnsupportedConnectionError
from .compiled import compiled
from .history import History
from .places import Places

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_CHUNK = 4096
"""Steps that a device runs at once, at most."""
_WRITABLE = {"v_thresh": "v_threshold", "v_reset": "v_reset", "i_offset": "bias"}
"""Parameters of cells that may change while the network runs, and the core's names."""


class Session:
    """The network of a state's populations and projections, from its compilation on.

    Parameters
    ----------
    state : with populations, projections, current sources, time step, device and options.

    Attributes
    ----------
    described : the network, and where what of PyNN's is in it.
    design, device : compiled, and where it runs; None for spike sources alone.
    history : all that happened in this segment, for the difference.
    outdated : it has to be made anew before the next run.
    running : whether a segment has begun.
    weights_set : weights that learn were set in this segment.
    """

    def __init__(self, state: Any) -> None:
        self._state = state
        self.outdated = self.running = self.weights_set = self._stale = False
        numbers = [p.numbers() for p in state.populations if p.source is None]
        fine = state.fine_leak
        fine = worth_a_fine_leak(numbers, state.dt) if fine is None else fine
        make = (state.populations, state.projections, state.dt)
        self.described = describe(*make, CellModels(state.dt, fine=fine), learns=True)
        ideal = describe(*make, CellModels(state.dt, fine=False, whole=True), learns=False)
        self.design: Design | None = None
        self.device: Device | None = None
        self._wiring: Wiring | None = None
        if self.described.names:
            self._wiring = wire(self.described.network)
            self._places = Places(self.described, self._wiring)
            self.design = compiled(state, self.described, fine=fine)
            self.device = open_device(state.device, self.design, **state.open_options)
        self.history = History(ideal.network if self.device else None, state.dt)
        refractory = [np.zeros(0), *(steps_refractory(n, state.dt) for n in numbers)]
        self._long = np.concatenate(refractory)
        self._long[self._long <= LONGEST_REFRACTORY] = 0
        self._chunk = LONGEST_REFRACTORY if self._long.any() else _CHUNK
        self._fired = np.full(len(self._long), -(1 << 60))
        self._lead = max([0, *(-port.shift for port in self.described.ports)])
        self._written: dict[Any, Floats] = {}
        self._watched: list[int] | None = None

    # What changes from outside

    def network_changed(self, *, only_currents: bool = False) -> None:
        """There are other populations, connections or currents."""
        if self.running and not only_currents:
            raise UnsupportedConnectionError(
                "the network runs; build it before run(), or after reset()"
            )
        if self.running:
            self._need_bias()
            self._stale = True
        else:
            self.outdated = True

    def _need_bias(self) -> None:
        if self.device is not None and "bias" not in self.device.parameters:
            raise ParameterError(
                "the core that runs has no bias; inject currents, or give an i_offset, before run() or "
                "after reset()"
            )

    def check_change(self, population: Any, names: set[str]) -> None:
        """Raise `ParameterError` for parameters that cannot change now."""
        if not self.running or self.device is None or population not in self.described.names:
            return
        for name in sorted(names):
            if name not in _WRITABLE:
                raise ParameterError(
                    f"{name} of {population.label!r} cannot change while the network runs; set it before "
                    f"run() or after reset(). {', '.join(_WRITABLE)} can"
                )
            if name == "i_offset":
                self._need_bias()
        if self.device.design.config.parameters == "shared":
            raise ParameterError(
                f"{population.label!r} shares its parameters with all cells of the core; to change them "
                'while the network runs, begin with setup(parameters="per_neuron")'
            )

    def parameters_changed(self, population: Any, names: set[str]) -> None:
        """Bring changed parameters to the device."""
        if not self.running:
            self.outdated = True
            return
        self._stale = True
        numbers = population.numbers()
        for name in names - {"i_offset"}:
            values = getattr(numbers, name)
            self._write("parameters", _WRITABLE[name], population, values)
            self.history.parameter(_WRITABLE[name], self._slice(population), values)

    def initialised(self, population: Any, variable: str) -> None:
        """The state of cells was set."""
        if self.running and self.device is not None and population in self.described.names:
            self._write_state(population, variable)

    def write_weights(self, projection: Any, values: Floats, where: Ints) -> None:
        """Write weights of connections into the running device."""
        assert self.device is not None
        assert self._wiring is not None
        device, wiring = self.device, self._wiring
        self._stale = True
        for part in self.described.parts:
            chosen = np.isin(part.where, where)
            if part.projection is not projection or not chosen.any():
                continue
            axons, neurons = self._places.cells(part)
            old = projection.values("weight")[part.where]
            change = (values[part.where] - old) * part.factor
            none = (axons < 0) | (wiring.weights[axons, neurons] == 0)
            if not part.plastic and np.any(none[chosen]):
                raise ParameterError(
                    f"{projection.label!r}: a weight of 0 is no synapse in the core that runs; set it "
                    "before run() or after reset()"
                )
            base = np.array(device.weights if part.plastic else wiring.weights)
            cells = axons[chosen], neurons[chosen]
            np.add.at(base, cells, change[chosen])
            for a, n in dict.fromkeys(zip(*(c.tolist() for c in cells), strict=True)):
                self._quietly(device.weights, (a, n), base[a, n])
            held = np.asarray(device.weights)[cells]
            self.history.rounded(f"weight of {projection.label}", base[cells], held)
            self.weights_set |= part.plastic
            if not part.plastic:
                wiring.weights[...] = base
                self.history.weights(base)

    def learned(self, projection: Any) -> Floats | None:
        """(connections,) weights as the device has them; None before the first step of a segment."""
        if self.device is None or not self.running:
            return None
        weights = self.history.final_weights
        if weights is None:
            weights = np.asarray(self.device.weights)
        found = np.array(projection.initial_weights())
        for part in self.described.parts:
            if part.projection is projection:
                found[part.where] = weights[self._places.cells(part)] / part.factor
        return found

    # Running

    def rewind(self) -> None:
        """Begin a new segment with the next run."""
        self.running = False
        if self._stale:
            self.outdated = True

    def close(self) -> None:
        """Close the device, and keep what it has learned and counted."""
        if self.device is not None:
            self.history.finish(self.device)
            self.device.close()

    def advance(self, steps: int) -> None:
        """Run so many steps."""
        if not self.running:
            self._begin()
        left = steps
        while left > 0:
            now = self._state.step
            stop = min(now + left, now + self._chunk, *self._stops(now))
            self._run(now, stop)
            if self._long.any():
                self._prolong(stop)
            left -= stop - now
            self._state.step = stop
            for projection in self._state.projections:
                if (
                    projection.recorded
                    and (stop - projection.recorded[1][0][0]) % (projection.recorded[0]) == 0
                ):
                    projection.take_weights(stop)

    def _stops(self, now: int) -> list[int]:
        """Steps after `now` before which something is to be done."""
        found = [s.next_change(now) for s in self._state.current_sources if s.targets]
        for projection in self._state.projections:
            if projection.recorded:
                every, samples = projection.recorded
                found.append(now + every - (now - samples[0][0]) % every)
        return found or [now + _CHUNK]

    def _begin(self) -> None:
        """Load the network, and let the spikes come that are heard before time 0."""
        self.running, self.weights_set = True, False
        self._watched = None
        device = self.device
        if device is None:
            return
        device.load()
        # The image has these already.
        self._written = {
            ("parameters", "bias", p): np.array(p.numbers().bias) for p in self.described.names
        }
        self._fired[:] = -(1 << 60)
        self.history.begin()
        if self._lead:
            self._inject(np.zeros(len(self.history.bias)))
            self._step(-self._lead, 0)
        for population in self.described.names:
            for variable in ("v", "isyn_exc"):
                self._write_state(population, variable)

    def _run(self, now: int, stop: int) -> None:
        if self.device is not None:
            self._inject(self._bias(now))
            self._step(now, stop)
        for source in self._state.current_sources:
            source.keep(now, stop)
        exact = self._state.off_grid
        for population in self._state.populations:
            if population.source is None:
                continue
            first = now + 1 if now else 0
            if population.recorder.records("spikes"):
                spikes = population.source.recorded(first, stop + 1, exact=exact)
                population.signals.add_spikes(*spikes)
            heard = [p.shift for p in self.described.ports if p.population is population]
            population.source.forget(stop + 1 - max([0, *heard]))

    def _step(self, now: int, stop: int) -> None:
        """Run the device from one step to another, and keep what it gives."""
        device, steps = self.device, stop - now
        assert device is not None
        spikes = {
            port.name: port.population.source.raster(now - port.shift, stop - port.shift)
            for port in self.described.ports
        }
        self.history.input(now, steps, {name: rows.nonzero() for name, rows in spikes.items()})
        recorded = self._recorded() if now >= 0 else {}
        slots = device.design.config.monitors
        watched = sorted(int(j) for cells in recorded.values() for j in cells)
        if len(watched) > slots:
            self._step_by_step(now, spikes, steps, recorded)
            return
        if watched != self._watched:
            device.monitor(watched)
            self._watched = watched
        run = device.run(spikes or None, steps)
        self._keep(now, run.spikes)
        for population, cells in recorded.items():
            first = self._slice(population).start
            values = np.full((steps, population.size), np.nan)
            for j in cells:
                values[:, j - first] = run.monitored[f"v[{j}]"]
            population.signals.add_potentials(values)

    def _prolong(self, now: int) -> None:
        """Let neurons wait on whose refractory period is longer than a core counts.

        A core counts so many steps as a chunk has, so none of them can end meanwhile.
        """
        assert self.device is not None
        remaining = self._long - (now - 1 - self._fired)
        for j in np.flatnonzero((self._long > 0) & (remaining > 0)).tolist():
            self.device.states.raw.ref[j] = min(int(remaining[j]), LONGEST_REFRACTORY)

    def _step_by_step(
        self, now: int, spikes: dict[str, Any], steps: int, recorded: dict[Any, Ints]
    ) -> None:
        """Read the potentials between the steps: there are more than the core has monitors."""
        device = self.device
        assert device is not None
        if self._watched:
            device.monitor([])
        self._watched = []
        values = {p: np.full((steps, p.size), np.nan) for p in recorded}
        for k in range(steps):
            run = device.run({name: rows[k : k + 1] for name, rows in spikes.items()} or None, 1)
            self._keep(now + k, run.spikes)
            potentials = np.asarray(device.states.v)
            for p, cells in recorded.items():
                values[p][k, cells - self._slice(p).start] = potentials[cells]
        for p, found in values.items():
            p.signals.add_potentials(found)

    def _recorded(self) -> dict[Any, Ints]:
        """Neurons whose potentials are recorded, by population."""
        found = {p: p.recorder.recorded_potentials for p in self.described.names}
        return {p: cells + self._slice(p).start for p, cells in found.items() if len(cells)}

    def _keep(self, now: int, spikes: NDArray[np.bool_]) -> None:
        at, neurons = spikes.nonzero()
        self.history.output(now, (at, neurons))
        np.maximum.at(self._fired, neurons, now + at)
        for population in self.described.names:
            if now >= 0 and population.recorder.records("spikes"):
                at, cells = np.nonzero(spikes[:, self._slice(population)])
                population.signals.add_spikes((now + at + 1) * self._state.dt, cells)

    # Writing

    def _bias(self, step: int) -> Floats:
        """(N,) what is added to the potentials in this step, in mV."""
        bias = np.zeros(len(self.history.bias))
        for population in self.described.names:
            bias[self._slice(population)] = population.numbers().bias
        for source in self._state.current_sources:
            current = source.current_at(step) if source.targets else 0.0
            for population, cell in source.targets if current else ():
                bias[self._slice(population).start + cell] += (
                    population.numbers().offset[cell] * current
                )
        return bias

    def _inject(self, bias: Floats) -> None:
        for population in self.described.names:
            self._write("parameters", "bias", population, bias[self._slice(population)])
        self.history.inject(bias)

    def _write_state(self, population: Any, variable: str) -> None:
        here, h = self._slice(population), self._state.dt
        if variable == "v":
            values = np.asarray(population.initial["v"], dtype=float)
            self._write("states", "v", population, values)
            self.history.potential(here, values)
            return
        zero = np.zeros(population.size)
        currents = [np.asarray(population.initial.get(f"isyn_{k}", zero)) for k in ("exc", "inh")]
        exc, inh = population.numbers().current(*currents, h)
        assert self.device is not None
        if "i" in self.device.states:
            self._write("states", "i", population, exc + inh)
        elif "i_exc" in self.device.states:
            self._write("states", "i_exc", population, exc)
            self._write("states", "i_inh", population, inh)
        self.history.currents(here, exc, inh)

    def _slice(self, population: Any) -> slice:
        assert self.design is not None
        return self.design.populations[self.described.names[population]]

    def _write(self, kind: str, name: str, population: Any, values: Floats) -> None:
        """Write what differs from what is there, and note what rounding took."""
        device = self.device
        assert device is not None
        views = getattr(device, kind)
        if name not in views:
            return
        key = (kind, name, population)
        if kind == "parameters" and np.array_equal(self._written.get(key, np.nan), values):
            return
        self._written[key] = np.array(values)
        label = self.described.names[population]
        held = self._quietly(views[name], label, values)
        self.history.rounded(f"{name} of {label}", values, held)

    @staticmethod
    def _quietly(view: Any, index: Any, values: Any) -> Floats:
        """Assign, without a warning of what rounding takes; returns what is held."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RoundingWarning)
            view[index] = values
        return np.asarray(view[index], dtype=float)
