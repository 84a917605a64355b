"""The golden models of the learning rules, one class each, which the rule's record names.

A rule of one's own subclasses `LearningRule`.
"""

from .random_numbers import random_numbers
from .rule import LearningRule
from .synapses import Synapses

__all__ = ["LearningRule", "Synapses", "random_numbers"]
