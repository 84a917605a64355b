"""The fast model: what the golden model computes, compiled with Numba and driven by events.

Importing it raises `MissingToolError` where Numba is not installed.
"""

from .core import FastCore, prepare, unsupported

__all__ = ["FastCore", "prepare", "unsupported"]
