"""Networks as a user describes them, in seconds and the network's own units.

Inputs, populations and projections (`network`), neurons (`neurons`), and learning rules
(`learning_rules`).
"""

__all__ = [
    "adlif",
    "learning_rules",
    "network",
    "neurons",
]
