"""The golden model: what hardware has to do, written from docs/reference/semantics.md in plain NumPy."""

from .core import COUNTERS, GoldenCore

__all__ = ["COUNTERS", "GoldenCore"]
