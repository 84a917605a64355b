"""The live view: a web page that shows a running network and changes it."""

__all__ = [
    "runner",
    "server",
    "source",
    "stimulus",
]
