"""Networks as a user describes them, in seconds and the network's own units.

Inputs, populations and projections (`network`; `connections` has patterns of them), neurons
(`neurons`, `adlif`; `neuron` and `integrate_and_fire` for models of your own), and learning rules
(`learning_rules`, `lag_table`); `limits` says how large they may be.
"""

__all__ = [
    "adlif",
    "connections",
    "integrate_and_fire",
    "lag_table",
    "learning_rules",
    "limits",
    "network",
    "neuron",
    "neurons",
]
