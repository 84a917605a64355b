"""Numbers of a user in numbers that hardware can hold: rounding, decay constants, scales, word lengths.

`core` quantises a network: `holding` looks for what can be held exactly and what must be clipped
(`grid`, `needs`), chooses word lengths (`widths`) and scales (`scales`, `sums`), and `reports` says what
that cost, with bounds on the potentials' errors.
"""

__all__ = [
    "arrays",
    "core",
    "delays",
    "holding",
    "learning",
    "needs",
    "neurons",
    "reports",
    "rounding",
    "scales",
    "widths",
]
