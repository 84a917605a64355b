"""Co-simulation: the gateware under cocotb and Verilator, against the golden model."""

from .runner import CosimReport, run, run_many

__all__ = ["CosimReport", "run", "run_many"]
