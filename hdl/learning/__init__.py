"""On-chip learning: the transposable synapse memory, traces, passes over rows and columns, rules.

A rule is a subclass of `Rule`, registered under the name that its format has in
`spikeloom.hdl.contract.learning_config`; `RULES` has the gateware of each rule by that name.
"""

from . import pair, rectangular, sdsp, symmetric, three_factor  # noqa: F401 (they register themselves)
from .engine import LearningEngine
from .rule import CHANGE_LATENCY, RULES, Lane, LaneResult, Rule, Unit, register

__all__ = [
    "CHANGE_LATENCY",
    "RULES",
    "Lane",
    "LaneResult",
    "LearningEngine",
    "Rule",
    "Unit",
    "register",
]
