"""From a `Network` to a `Design`: requirements, quantisation, wiring, warnings, and the place on cores."""

__all__ = [
    "compile",
    "held",
    "partition",
    "place",
    "searched",
    "wiring",
]
