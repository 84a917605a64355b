"""The golden model: what hardware has to do, written from docs/reference/semantics.md in plain NumPy."""

from .core import GoldenCore

__all__ = ["GoldenCore"]
