"""Demonstrations: digits, digits learned on the chip, patterns; and small networks to play with."""

__all__ = [
    "digits",
    "learn_digits",
    "patterns",
    "shell_example",
    "watch_example",
]
