"""Weights that an image may hold: those of plastic synapses lie within the rule's bounds."""

import numpy as np


def within_bounds(weights, plastic, learning):
    """The weights, with plastic ones clipped to the bounds in `learning`, where it has them."""
    if not {"w_min", "w_max"} <= set(learning):
        return weights
    return np.where(plastic, np.clip(weights, learning["w_min"], learning["w_max"]), weights)
