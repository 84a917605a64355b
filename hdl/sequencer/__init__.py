"""Commands, registers and counters of a chip: a microprogrammed 16-bit machine, and its programs."""

from .processor import ROUND, Processor

__all__ = ["ROUND", "Processor"]
