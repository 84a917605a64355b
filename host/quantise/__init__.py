"""Numbers of a user in numbers that hardware can hold: rounding, decay constants, scales, word lengths."""

__all__ = [
    "core",
    "delays",
    "learning",
    "neurons",
    "rounding",
]
