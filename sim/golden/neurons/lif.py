"""The model `lif`: leaky or perfect integrate and fire, with all its options.

Source: docs/reference/semantics.md, "One step", 3, and "Options of a core".
"""

from __future__ import annotations

import numpy as np

from ..arithmetic import Bools, toward_zero
from .neurons import Neurons


def lif(n: Neurons) -> Bools:
    """One step: current, refractory, membrane, fire, adaptive threshold."""
    c, p, s = n.config, n.parameters, n.states
    current = n.currents()
    waiting = n.waiting() if c.refractory_bits else False

    # Membrane.
    leaked = s["v"]
    if c.leak == "exponential":
        leaked = n.decayed("v", "d_mem")
    elif c.leak == "linear":
        leaked = toward_zero(leaked, p["leak"])
    v = leaked + current
    if c.bias:
        v += p["bias"]
    holds = waiting is not False and not c.integrate_refractory
    if n.largest_sum > n.headroom:  # else there is nothing to clamp
        v = n.sat(v, ~np.asarray(waiting) if holds else True)
    if c.floor:
        v = np.maximum(v, p["v_min"])
    if holds:
        v = np.where(waiting, s["v"], v)

    # Fire.
    threshold = p["v_threshold"]
    if c.adaptation != "none":
        threshold = threshold + s["th"]
    spikes = n.fire(v, threshold, waiting)

    # Adaptive threshold.
    if c.adaptation == "exponential":
        s["th"] = n.sat(n.decayed("th", "d_th", nearest=True) + p["th_inc"] * spikes)
    elif c.adaptation == "rate":
        s["th"] = n.sat(s["th"] + p["th_inc"] * spikes - p["th_dec"])
    return spikes
