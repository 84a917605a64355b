"""Neuron models: one record each, found by name.

`find_neuron(name)` gives the record, `register_neuron(MODEL)` adds one of your own
(docs/how-to/add-a-neuron-model.md).
"""

from ..registry import Registry
from .model import MAX_CLAMPS, NeuronModel, NeuronSettings, receptor_suffixes

NEURONS: Registry[NeuronModel] = Registry(
    "neuron model",
    "spikeloom.neurons",
    {
        "lif": f"{__name__}.lif:LIF",
        "adlif": f"{__name__}.adlif:ADLIF",
    },
)
"""Neuron models by name."""

find_neuron = NEURONS.find
register_neuron = NEURONS.register

__all__ = [
    "MAX_CLAMPS",
    "NEURONS",
    "NeuronModel",
    "NeuronSettings",
    "find_neuron",
    "receptor_suffixes",
    "register_neuron",
]
