"""What was given, as part of a message: on one line and short, whatever it is."""

from __future__ import annotations

_LONGEST = 60


def shown(value: object) -> str:
    """The value's `repr`, on one line and cut short; its type where that fails."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a user's own class, or an integer of too many digits
        return f"an object of type {type(value).__name__}"
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({type(value).__name__})"
