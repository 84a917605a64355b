"""What is wrong: a device in lockstep with its golden model, bisection to the first difference, doctor."""

__all__ = [
    "bisect",
    "doctor",
    "lockstep",
]
