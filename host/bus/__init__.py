"""The board's memory-mapped bus over a link: words by address, RUN commands, identity, counters."""

__all__ = [
    "bus",
    "core_bus",
    "counters",
    "identity",
    "line_rate",
    "unfinished_run",
]
