"""What quantisation cost: errors of single numbers, bounds on potentials, and the user's own measure."""

from .accuracy import KINDS, AccuracyReport, RoundingCost, Trial
from .bounds import ErrorBounds, integrating_bounds, no_bounds
from .quantisation import PopulationCost, ProjectionCost, QuantisationReport

__all__ = [
    "KINDS",
    "AccuracyReport",
    "ErrorBounds",
    "PopulationCost",
    "ProjectionCost",
    "QuantisationReport",
    "RoundingCost",
    "Trial",
    "integrating_bounds",
    "no_bounds",
]
