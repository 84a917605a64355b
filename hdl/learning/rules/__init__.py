"""The learning rules' gateware, one module each; `rule` is what they have in common."""

from .rule import Change, Lane, Rule, Unit

__all__ = ["Change", "Lane", "Rule", "Unit"]
