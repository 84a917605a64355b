"""On-chip learning: traces, what rows and columns do, sweeps, rules.

The gateware of a rule is a subclass of `Rule`, which the rule's record names (`contract.rules`).
"""

from .engine import LearningEngine
from .rules import Change, Lane, Rule, Unit

__all__ = [
    "Change",
    "Lane",
    "LearningEngine",
    "Rule",
    "Unit",
]
