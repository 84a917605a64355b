"""The learning rules' gateware, one module each; `rule` is what they have in common."""

from .rule import CHANGE_LATENCY, Lane, LaneResult, Rule, Unit

__all__ = ["CHANGE_LATENCY", "Lane", "LaneResult", "Rule", "Unit"]
