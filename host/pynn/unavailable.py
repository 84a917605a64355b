"""Standard models of PyNN that a core has nothing like: each is there by name, and refuses."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from pyNN.standardmodels import (
    StandardCellTypeComponent,
    StandardIonChannelModel,
    StandardModelType,
    StandardPostSynapticResponse,
    cells,
    electrodes,
    ion_channels,
    receptors,
    synapses,
)

from .refusals import UnsupportedModelError

_MODULES = (cells, synapses, electrodes, receptors, ion_channels)
_BASES = (StandardCellTypeComponent, StandardIonChannelModel, StandardPostSynapticResponse)
_INSTEAD = {
    cells: "its cells are IF_curr_exp and IF_curr_delta, its sources SpikeSourceArray and "
    "SpikeSourcePoisson",
    synapses: "it has StaticSynapse, and STDPMechanism with SpikePairRule and "
    "AdditiveWeightDependence or MultiplicativeWeightDependence",
    electrodes: "it has DCSource, StepCurrentSource, ACSource and NoisyCurrentSource",
}


def _why(model: type) -> str:
    """What about a model a core does not have."""
    defaults: Any = getattr(model, "default_parameters", {})
    if isinstance(defaults, dict) and any(name.startswith("e_rev") for name in defaults):
        return "a core has no conductances"
    if "alpha" in model.__name__.lower():
        return "a core has no currents of alpha shape"
    return "a core has no such model"


class Unavailable:
    """What all classes have that refuse."""


def _refusing(model: type, instead: str) -> type:
    message = f"{model.__name__}: {_why(model)}" + (f"; {instead}" if instead else "")

    def __new__(cls: type, *args: Any, **parameters: Any) -> Any:  # noqa: N807
        raise UnsupportedModelError(message)

    body = {"__new__": __new__, "__doc__": f"Not available: {message}.", "__module__": __name__}
    return type(model.__name__, (Unavailable,), body)


def unavailable(taken: set[str]) -> Iterator[tuple[str, type]]:
    """Names of PyNN's standard models that are not among those taken, each with a class that refuses.

    Raises
    ------
    UnsupportedModelError : when such a class is called; the message has the name and the reason.
    """
    for module in _MODULES:
        for name, model in inspect.getmembers(module, inspect.isclass):
            here = model.__module__ == module.__name__
            standard = issubclass(model, StandardModelType) or name == "Section"
            if here and standard and name not in taken and model not in _BASES:
                yield name, _refusing(model, _INSTEAD.get(module, ""))
