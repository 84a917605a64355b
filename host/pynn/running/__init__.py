"""The network on a device: compiled (`compiled`), run (`session`), and what happened (`history`)."""

__all__ = ["compiled", "history", "places", "session"]
