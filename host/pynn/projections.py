"""Projections: the connections that PyNN's connectors make, with their weights, delays and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import neo
import numpy as np
import quantities as pq
from numpy.typing import NDArray
from pyNN import common
from pyNN.space import Space

from . import simulator
from .maps import for_one_source
from .refusals import ParameterError, UnsupportedConnectionError, UnsupportedModelError
from .standardmodels import StaticSynapse, STDPMechanism

_NOT_ATTRIBUTES = ("presynaptic_index", "postsynaptic_index")
_PER_CONNECTION = ("weight", "delay")


class Connection(common.Connection):
    """One connection of a projection: its attributes can be read and, but for the indices, set."""

    def __init__(self, projection: Projection, index: int) -> None:
        object.__setattr__(self, "_projection", projection)
        object.__setattr__(self, "_index", index)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._projection.values(name)[self._index]
        except KeyError:
            raise AttributeError(f"a connection has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._projection.write(name, value, np.array([self._index]))

    def as_tuple(self, *attribute_names: str) -> tuple[Any, ...]:
        """The values of these attributes."""
        return tuple(getattr(self, name) for name in attribute_names)


class Projection(common.Projection):
    """The connections between two populations, views or assemblies, as in PyNN.

    Attributes
    ----------
    plastic : whether they learn.
    recorded : a sampling interval in steps, and (step, weights) at each; None: not recorded.
    """

    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(
        self,
        presynaptic_population: Any,
        postsynaptic_population: Any,
        connector: Any,
        synapse_type: Any = None,
        source: Any = None,
        receptor_type: str | None = None,
        space: Any = Space(),
        label: str | None = None,
    ) -> None:
        if synapse_type is not None and not isinstance(
            synapse_type, (StaticSynapse, STDPMechanism)
        ):
            raise UnsupportedModelError(
                f"{type(synapse_type).__name__} is not a synapse of this back end; give a "
                "StaticSynapse or an STDPMechanism of spikeloom.pynn"
            )
        super().__init__(
            presynaptic_population, postsynaptic_population, connector, synapse_type, source,
            receptor_type, space, label,
        )  # fmt: skip
        self.plastic = isinstance(self.synapse_type, STDPMechanism)
        self._lists: dict[str, list[Any]] = {}
        for_one_source(connector, self.pre.size).connect(self)
        empty: list[Any] = []
        names = [*_NOT_ATTRIBUTES, *self.synapse_type.get_native_names()]
        self._values = {k: np.concatenate(self._lists.get(k, [np.array(empty)])) for k in names}
        for name in _NOT_ATTRIBUTES:
            self._values[name] = self._values[name].astype(np.int64)
        del self._lists
        self.recorded: tuple[int, list[tuple[int, NDArray[np.float64]]]] | None = None
        simulator.state.projections.append(self)
        if simulator.state.session is not None:
            simulator.state.session.network_changed()

    def __len__(self) -> int:
        return len(self._values["presynaptic_index"])

    def __getitem__(self, i: int) -> Connection:
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        return Connection(self, i % len(self))

    @property
    def connections(self) -> Iterator[Connection]:
        """All connections."""
        return iter(self)

    def _convergent_connect(
        self,
        presynaptic_indices: Any,
        postsynaptic_index: Any,
        location_selector: Any = None,
        **connection_parameters: Any,
    ) -> None:
        if location_selector is not None:
            raise UnsupportedConnectionError("cells are points here: leave out location_selector")
        pre = [_index(self.pre, i) for i in presynaptic_indices]
        found = {
            "presynaptic_index": np.array(pre, dtype=np.int64),
            "postsynaptic_index": np.full(len(pre), _index(self.post, postsynaptic_index)),
        }
        names = self.synapse_type.get_native_names()
        defaults = {} if set(names) <= set(connection_parameters) else self._defaults()
        for name in names:
            values = connection_parameters.get(name, defaults.get(name))
            found[name] = np.array(np.broadcast_to(np.asarray(values, dtype=float), (len(pre),)))
        for name, values in found.items():
            self._lists.setdefault(name, []).append(values)

    def _defaults(self) -> dict[str, Any]:
        space = self.synapse_type.native_parameters
        space.shape = (1,)
        space.evaluate(simplify=True)
        return dict(space.items())

    def values(self, name: str) -> NDArray[Any]:
        """(connections,) of an attribute; weights as they are, also where the device changes them."""
        session = simulator.state.session
        if name == "weight" and self.plastic and session is not None:
            learned = session.learned(self)
            if learned is not None:
                return learned
        return self._values[name]

    def initial_weights(self) -> NDArray[np.float64]:
        """(connections,) weights from which a segment begins."""
        return self._values["weight"]

    def write(self, name: str, values: Any, where: NDArray[np.int64]) -> None:
        """Set an attribute of these connections; `ParameterError` for what cannot be changed."""
        if name not in self._values or name in _NOT_ATTRIBUTES:
            raise ParameterError(f"a connection has no {name!r} that could be set")
        session = simulator.state.session
        if name != "weight" and session is not None and session.running:
            raise ParameterError(
                f"{name} of connections cannot change while the network runs; set it before run() or "
                "after reset()"
            )
        if name == "weight" and session is not None and session.running:
            new = np.array(self.values(name))
            new[where] = values
            session.write_weights(self, new, where)
        kept = self._values[name]
        kept[where] = values
        if session is not None and (name != "weight" or not session.running):
            session.network_changed()

    def _set_attributes(self, parameter_space: Any) -> None:
        parameter_space.evaluate(simplify=False)
        where = self._values["presynaptic_index"], self._values["postsynaptic_index"]
        for name, value in parameter_space.items():
            values = np.broadcast_to(np.asarray(value, dtype=float), self.shape)[where]
            if name == "weight":
                self._check_signs(values)
            self.write(name, values, np.arange(len(self)))

    def _check_signs(self, weights: NDArray[np.float64]) -> None:
        for name, check in self.synapse_type.parameter_checks.items():
            if name == "weight" and len(weights):
                check(weights, self)

    def _set_initial_value_array(self, variable: str, initial_value: Any) -> None:
        raise ParameterError(f"these synapses have no state {variable!r} to initialise")

    def _get_attributes_as_list(self, names: Iterable[str]) -> list[tuple[Any, ...]]:
        return list(zip(*(self.values(name).tolist() for name in names), strict=True))

    def _get_attributes_as_arrays(
        self, names: Iterable[str], multiple_synapses: str = "sum"
    ) -> list[NDArray[np.float64]]:
        where = self._values["presynaptic_index"], self._values["postsynaptic_index"]
        combine = {
            "sum": np.add, "min": np.fmin, "max": np.fmax, "last": None, "first": None,
        }[multiple_synapses]  # fmt: skip
        found = []
        for name in names:
            values = np.asarray(self.values(name), dtype=float)
            array = np.full(self.shape, np.nan)
            if combine is None:
                order = slice(None, None, 1 if multiple_synapses == "last" else -1)
                array[where[0][order], where[1][order]] = values[order]
            else:
                array[where] = 0.0 if multiple_synapses == "sum" else values
                combine.at(array, where, values)
            found.append(array)
        return found

    # Recording of weights

    def record(self, attribute: str = "weight", sampling_interval: float | None = None) -> None:
        """Record the weights from now on, every `sampling_interval` ms; see `get_data`."""
        if attribute != "weight":
            raise ParameterError(f"{attribute!r} of connections does not change; record 'weight'")
        h = simulator.state.dt
        every = 1 if sampling_interval is None else round(sampling_interval / h)
        if every < 1:
            raise ParameterError(
                f"sampling_interval is {sampling_interval!r} ms; give at least {h:g} ms, a step"
            )
        self.recorded = (every, [])
        self.take_weights(simulator.state.step)

    def take_weights(self, step: int) -> None:
        """Add the weights of this moment to those that are recorded."""
        assert self.recorded is not None
        self.recorded[1].append((step, np.array(self.values("weight"))))

    def get_data(self) -> neo.Block:
        """The recorded weights: a Neo block with a signal, a column for each connection."""
        if self.recorded is None or not self.recorded[1]:
            raise ParameterError(f"no weights of {self.label!r} were recorded; call record() first")
        every, samples = self.recorded
        block = neo.Block(name=self.label)
        segment = neo.Segment(name="weights")
        h = simulator.state.dt
        signal = neo.AnalogSignal(
            np.stack([weights for _, weights in samples]),
            units="mV" if self.post_is_delta else "nA",
            t_start=samples[0][0] * h * pq.ms,
            sampling_period=every * h * pq.ms,
            name="weight",
            array_annotations={name: self._values[name] for name in _NOT_ATTRIBUTES},
        )
        segment.analogsignals.append(signal)
        block.segments.append(segment)
        return block

    @property
    def post_is_delta(self) -> bool:
        """Whether weights are jumps of the potential, in mV."""
        post = self.post
        cells = post.populations[0].celltype if hasattr(post, "populations") else post.celltype
        return bool(getattr(cells, "voltage_based_synapses", False)) or "tau_syn_E" not in (
            cells.default_parameters
        )


def _index(group: Any, given: Any) -> int:
    """An index, or the index of a cell."""
    return int(group.id_to_index(given)) if isinstance(given, simulator.ID) else int(given)
