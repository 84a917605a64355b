"""Random traffic over a bad line, compared with the golden model action by action."""

__all__ = [
    "faults",
    "latency",
    "report",
    "setup",
    "trial",
]
