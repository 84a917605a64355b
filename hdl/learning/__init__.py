"""On-chip learning: the transposable synapse memory, traces, passes over rows and columns, rules.

`RULES` has the gateware of each rule of `hdl/learning_config.py`, by the same name.
"""

from . import pair, rectangular, sdsp, symmetric, three_factor  # noqa: F401 (they register themselves)
from .rule import RULES, Rule, register

__all__ = ["RULES", "Rule", "register"]
