"""One board, many programs of a user: its owner lends the link to the others, one at a time."""

__all__ = [
    "shared_link",
]
