"""What is wrong: lockstep with the golden model, bisection to the first difference, floats, doctor."""

__all__ = [
    "bisect",
    "doctor",
    "explain",
    "float_device",
    "float_model",
    "lockstep",
]
