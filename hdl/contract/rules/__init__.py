"""Learning rules: one record each, found by name.

`find_rule(name)` gives the record, `register_rule(RULE)` adds one of your own
(docs/how-to/add-a-learning-rule.md).
"""

from ..registry import Registry
from .model import RuleModel, RuleSettings, nothing, trace_x, trace_y

RULES: Registry[RuleModel] = Registry(
    "learning rule",
    "spikeloom.rules",
    {
        "pair": f"{__name__}.pair:PAIR",
        "rectangular": f"{__name__}.rectangular:RECTANGULAR",
        "symmetric": f"{__name__}.symmetric:SYMMETRIC",
        "three_factor": f"{__name__}.three_factor:THREE_FACTOR",
        "sdsp": f"{__name__}.sdsp:SDSP",
        "lag_table": f"{__name__}.lag_table:LAG_TABLE",
    },
)
"""Learning rules by name."""

find_rule = RULES.find
register_rule = RULES.register

__all__ = [
    "RULES",
    "RuleModel",
    "RuleSettings",
    "find_rule",
    "nothing",
    "register_rule",
    "trace_x",
    "trace_y",
]
