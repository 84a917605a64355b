"""Co-simulation: the gateware under cocotb and Verilator, against the golden model."""

from . import placed
from .brief import run_brief
from .campaign import campaign_configs, learning_configs, run_campaign
from .endurance import run_endurance
from .report import CosimReport
from .runner import run, run_many

__all__ = [
    "CosimReport",
    "campaign_configs",
    "learning_configs",
    "placed",
    "run",
    "run_brief",
    "run_campaign",
    "run_endurance",
    "run_many",
]
