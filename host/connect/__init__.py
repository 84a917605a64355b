"""`spikeloom.open`: golden model, twin, netlist or board by name; which boards there are."""

__all__ = [
    "discovery",
    "known_boards",
    "open",
    "schemes",
]
