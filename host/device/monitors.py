"""Which values a device reports after every step, and what a run says that they were."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence

import numpy as np

from spikeloom.hdl.contract.errors import InputError

from ..design.contents import find_monitored
from ..design.design import Design
from ..design.names import NO_ROW, axons_named, neurons_named
from ..design.units import conversion
from ..quantise.rounding import Floats, Integers

_LABEL = re.compile(r"(\w+)\[(\d+)\]")


class Monitors:
    """The neurons (or axons) watched, by state; each state has its own."""

    def __init__(self) -> None:
        self._chosen: dict[str, list[int]] = {}

    def choose(self, design: Design, neurons: Sequence[int] | str, state: str) -> None:
        """Watch `state` of these from now on, instead of what was watched of it.

        The name of an input or population stands for its axons or neurons.  Raises `InputError`
        for what the core does not have, or more values than it has slots for.
        """
        config = design.config
        found = find_monitored(config, state)
        if isinstance(neurons, str):
            of_name = axons_named if found.owner == "axon" else neurons_named
            neurons = [k for k in of_name(design, neurons).tolist() if k != NO_ROW]
        try:
            chosen = list(dict.fromkeys(operator.index(neuron) for neuron in neurons))
        except TypeError:
            raise InputError(f"neurons is {neurons!r}; give a list of integers") from None
        for neuron in chosen:
            if not 0 <= neuron < found.shape[0]:
                raise InputError(
                    f"no {found.owner} {neuron} in this core; it has 0…{found.shape[0] - 1}"
                )
        proposed = {**self._chosen, state: chosen}
        total = sum(map(len, proposed.values()))
        if total > config.monitors:
            raise InputError(
                f"{total} values to monitor, but the core has {config.monitors} slots; "
                "choose fewer neurons, or configure more monitors"
            )
        self._chosen = proposed

    @property
    def watched(self) -> list[tuple[str, int]]:
        """(state, neuron) of each value, in the order in which they are reported."""
        return [(state, j) for state, neurons in self._chosen.items() for j in neurons]

    @property
    def labels(self) -> list[str]:
        """Names of the values in a `Run`: "v[3]"."""
        return [f"{state}[{neuron}]" for state, neuron in self.watched]


class Monitored(dict[str, Floats]):
    """(steps,) floats by label, "v[3]", in the network's unit, or in seconds.

    Parameters
    ----------
    values : the floats.
    raw : the integers that the core has, by the same labels.

    Attributes
    ----------
    raw : as given.
    """

    def __init__(
        self, values: Mapping[str, Floats] | None = None, raw: Mapping[str, Integers] | None = None
    ) -> None:
        super().__init__(values or {})
        self.raw: dict[str, Integers] = dict(raw or {})

    @classmethod
    def of(cls, design: Design, raw: Mapping[str, Integers]) -> Monitored:
        """From the integers of a core that holds this design."""
        return cls({label: _physical(design, label, values) for label, values in raw.items()}, raw)


def _physical(design: Design, label: str, values: Integers) -> Floats:
    found = _LABEL.fullmatch(label)
    assert found is not None
    state, index = found[1], int(found[2])
    unit = conversion(design, find_monitored(design.config, state).name)
    if unit is None:
        return values.astype(np.float64)
    return unit.to_unit(values, np.full(values.shape, index, dtype=np.int64))
