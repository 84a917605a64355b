"""The golden models of the learning rules, one module each, and their registry.

A rule of one's own subclasses `LearningRule` and is registered under the name that it has in
`spikeloom.hdl.contract.learning_config.RULES`.
"""

from . import pair, rectangular, sdsp, symmetric, three_factor
from .random_numbers import random_numbers
from .rule import RULES, LearningRule, register
from .synapses import Synapses

__all__ = [
    "RULES",
    "LearningRule",
    "Synapses",
    "pair",
    "random_numbers",
    "rectangular",
    "register",
    "sdsp",
    "symmetric",
    "three_factor",
]
