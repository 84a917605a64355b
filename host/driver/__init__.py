"""A board as a device: its memories as a store, runs and live runs, counters, who it is."""

__all__ = [
    "board",
    "cycle_bounds",
]
