"""The golden models of the neurons, one function each; `NeuronModel.golden` names it."""

from .neurons import Neurons

__all__ = ["Neurons"]
