"""From PyNN's populations and projections to a `spikeloom.Network`.

`described` makes it, `propagators` and `cell_models` the neurons, `timing` the delays, `stdp` the rule.
"""

__all__ = ["cell_models", "described", "propagators", "stdp", "timing"]
