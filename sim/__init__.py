"""Simulation: the golden model (NumPy), and the verilated twin of the hardware."""

from .golden import GoldenCore

__all__ = ["GoldenCore"]
