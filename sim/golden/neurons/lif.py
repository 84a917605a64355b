"""The model `lif`: leaky or perfect integrate and fire, with all its options.

Source: docs/reference/semantics.md, "One step", 3, and "Options of a core".
"""

from __future__ import annotations

import numpy as np

from ..arithmetic import Bools, decay, toward_zero
from .neurons import Neurons


def lif(n: Neurons) -> Bools:
    """One step: current, refractory, membrane, fire, adaptive threshold."""
    c, p, s = n.config, n.parameters, n.states
    current = n.currents()
    waiting = n.waiting()

    # Membrane.
    v = leaked = s["v"]
    if c.leak == "exponential":
        leaked = n.decay(v, p["d_mem"])
    elif c.leak == "linear":
        leaked = toward_zero(v, p["leak"])
    bias = p["bias"] if c.bias else 0
    integrates = ~waiting | c.integrate_refractory
    integrated = n.sat(leaked + current + bias, integrates)
    if c.floor:
        integrated = np.maximum(integrated, p["v_min"])
    v = np.where(integrates, integrated, v)

    # Fire.
    threshold = p["v_threshold"] + s.get("th", 0)
    spikes = n.fire(v, threshold, waiting)

    # Adaptive threshold.
    if c.adaptation == "exponential":
        s["th"] = n.sat(decay(s["th"], p["d_th"]) + p["th_inc"] * spikes)
    elif c.adaptation == "rate":
        s["th"] = n.sat(s["th"] + p["th_inc"] * spikes - p["th_dec"])
    return spikes
