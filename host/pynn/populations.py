"""Populations, views and assemblies: PyNN's, with their parameters kept here."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import common, errors
from pyNN.parameters import ParameterSpace, simplify
from pyNN.standardmodels import StandardCellType

from . import simulator
from .mapping.propagators import CellNumbers
from .recording import Recorder
from .refusals import UnsupportedModelError
from .signals import Signals
from .sources import ArraySource, PoissonSource
from .standardmodels import IF_curr_delta, IF_curr_exp, SpikeSourceArray, SpikeSourcePoisson
from .unavailable import Unavailable

_CELLS = (IF_curr_exp, IF_curr_delta)
_SOURCES = (SpikeSourceArray, SpikeSourcePoisson)


class Assembly(common.Assembly):
    """Several populations and views as one, as in PyNN."""

    _simulator = simulator

    @property
    def receptor_types(self) -> Any:
        """Names of the receptors that all cells have; the first is that of positive weights."""
        common_types = super().receptor_types
        return [name for name in self.populations[0].receptor_types if name in common_types]


class _Parameters:
    """Reading and writing parameters, of a whole population or of a view."""

    celltype: Any

    def _get_parameters(self, *names: str) -> Any:
        for name in names:
            if not self.celltype.has_parameter(name):
                raise errors.NonExistentParameterError(
                    name, type(self.celltype).__name__, self.celltype.get_parameter_names()
                )
        return self.celltype.reverse_translate(self._get_native_parameters(*names))

    def _get_native_parameters(self, *names: str) -> Any:
        raise NotImplementedError


class PopulationView(_Parameters, common.PopulationView):
    """Some cells of a population, as in PyNN."""

    _assembly_class = Assembly
    _simulator = simulator

    def _cells_of_population(self) -> Any:
        return self.index_in_grandparent(np.arange(self.size))

    def _get_native_parameters(self, *names: str) -> Any:
        where = self._cells_of_population()
        values = {name: simplify(self.grandparent.parameters[name][where]) for name in names}
        return ParameterSpace(values, shape=(self.size,))

    def _set_parameters(self, parameter_space: Any) -> None:
        parameter_space.evaluate(simplify=False)
        self.grandparent.change(dict(parameter_space.items()), self._cells_of_population())

    def _set_initial_value_array(self, variable: str, initial_values: Any) -> None:
        values = initial_values.evaluate(simplify=False)
        self.grandparent.set_initial(variable, values, self._cells_of_population())

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of state variables, as PyNN's populations do."""
        from_population = self.grandparent.lazy_initial
        for variable, value in initial_values.items():
            lazy = from_population(value, self.size)
            self._set_initial_value_array(variable, lazy)

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)


class Population(_Parameters, common.Population):
    """A population of cells or of spike sources, as in PyNN.

    Attributes
    ----------
    parameters : (size,) arrays by PyNN's names.
    signals : what was recorded since the beginning of the segment.
    source : the spikes of spike sources; None for cells.
    initial : (size,) floats by variable, from which a segment begins.
    """

    _simulator = simulator
    _recorder_class = Recorder
    _assembly_class = Assembly

    def __init__(
        self,
        size: Any,
        cellclass: Any,
        cellparams: Any = None,
        structure: Any = None,
        initial_values: Any = None,
        label: str | None = None,
    ) -> None:
        if isinstance(cellclass, type) and issubclass(cellclass, Unavailable):
            cellclass()
        super().__init__(size, cellclass, cellparams, structure, initial_values or {}, label)

    def _create_cells(self) -> None:
        state = simulator.state
        if not isinstance(self.celltype, (*_CELLS, *_SOURCES)):
            raise UnsupportedModelError(
                f"{type(self.celltype).__name__} is not a cell of this back end; use those of "
                "spikeloom.pynn"
            )
        assert isinstance(self.celltype, StandardCellType)
        ids = range(state.id_counter, state.id_counter + self.size)
        self.all_cells = np.array([simulator.ID(i) for i in ids], dtype=simulator.ID)
        for cell in self.all_cells:
            cell.parent = self
        state.id_counter += self.size
        self._mask_local = np.ones(self.size, dtype=bool)
        space = self.celltype.native_parameters
        space.shape = (self.size,)
        space.evaluate(simplify=False)
        self.parameters: dict[str, Any] = {
            k: np.array(np.broadcast_to(v, (self.size,))) for k, v in space.items()
        }
        self.signals = Signals(self.size)
        self.source: ArraySource | PoissonSource | None = None
        self.initial: dict[str, Any] = {}
        if isinstance(self.celltype, SpikeSourceArray):
            self.source = ArraySource(self.parameters["spike_times"], state.dt)
        elif isinstance(self.celltype, SpikeSourcePoisson):
            seed = [state.seed, len(state.populations)]
            self.source = PoissonSource(self.parameters, seed, state.dt)
        else:
            self.numbers()
        state.populations.append(self)
        if state.session is not None:
            state.session.network_changed()

    def numbers(self) -> CellNumbers:
        """The numbers of the cells for a core."""
        return CellNumbers.of(self.parameters, self.size, simulator.state.dt)

    def restart(self) -> None:
        """Begin a new segment."""
        if self.source is not None:
            self.source.restart()
        self.begin_potentials()

    def begin_potentials(self) -> None:
        """Let a recording of potentials begin with the initial ones."""
        recorded = len(self.recorder.recorded_potentials) > 0
        if recorded and not simulator.state.step:
            self.signals.clear()
            self.signals.add_potentials(np.asarray(self.initial["v"], dtype=float)[None, :])

    def change(self, values: dict[str, Any], where: Any) -> None:
        """Set parameters of these cells; a running network is told, and may refuse."""
        changed = dict(self.parameters)
        for name, new in values.items():
            changed[name] = np.array(changed[name])
            changed[name][where] = new
        if self.source is not None:
            self.source.set(changed, simulator.state.step)
        elif simulator.state.session is not None:
            simulator.state.session.check_change(self, set(values))
        self.parameters = changed
        if self.source is None and simulator.state.session is not None:
            simulator.state.session.parameters_changed(self, set(values))

    def set_initial(self, variable: str, values: Any, where: Any) -> None:
        """Set where segments begin; in the middle of one, where it goes on from."""
        kept = np.array(self.initial.get(variable, np.zeros(self.size)), dtype=float)
        kept[where] = values
        self.initial[variable] = kept
        if variable == "v" and not simulator.state.step:
            self.begin_potentials()
        if simulator.state.session is not None:
            simulator.state.session.initialised(self, variable)

    @staticmethod
    def lazy_initial(value: Any, size: int) -> Any:
        """A value as PyNN's `initialize` takes it, for so many cells."""
        return common.populations.LazyArray(value, shape=(size,), dtype=float)

    def _get_native_parameters(self, *names: str) -> Any:
        values = {name: simplify(self.parameters[name]) for name in names}
        return ParameterSpace(values, shape=(self.size,))

    def _set_parameters(self, parameter_space: Any) -> None:
        parameter_space.evaluate(simplify=False)
        self.change(dict(parameter_space.items()), np.arange(self.size))

    def _set_initial_value_array(self, variable: str, initial_values: Any) -> None:
        values = initial_values.evaluate(simplify=False)
        self.set_initial(variable, values, np.arange(self.size))

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)
