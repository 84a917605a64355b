"""On-chip learning: the transposable synapse memory, traces, passes over rows and columns, rules.

The gateware of a rule is a subclass of `Rule`, which the rule's record names (`contract.rules`).
"""

from .engine import LearningEngine
from .rules import CHANGE_LATENCY, Lane, LaneResult, Rule, Unit

__all__ = [
    "CHANGE_LATENCY",
    "Lane",
    "LaneResult",
    "LearningEngine",
    "Rule",
    "Unit",
]
