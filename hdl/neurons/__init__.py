"""Somata: the gateware of neuron models, one class each; `NeuronModel.soma` names it."""

from .soma import Soma, Update

__all__ = ["Soma", "Update"]
