"""The model `adlif`: LIF with an adaptive current.

Source: docs/reference/semantics.md, "Model `adlif`"; Bittar and Garner 2022.
"""

from __future__ import annotations

import numpy as np

from ..arithmetic import Bools, Ints
from .neurons import Neurons


def share(x: Ints, a: Ints) -> Ints:
    """x·a / 2^18, rounded toward zero."""
    return np.sign(x) * (np.abs(x) * a >> 18)


def adlif(n: Neurons) -> Bools:
    """One step: current, refractory, membrane, fire, adaptation."""
    p, s = n.parameters, n.states
    current = n.currents()
    waiting = n.waiting()

    bias = p["bias"] if n.config.bias else 0
    integrated = n.sat(n.decayed("v", "d_mem", nearest=True) + current - s["w"] + bias, ~waiting)
    v = np.where(waiting, s["v"], integrated)
    shared = share(v, p["a"])
    spikes = n.fire(v, p["v_threshold"], waiting)

    s["w"] = n.sat(n.decayed("w", "d_w", nearest=True) + shared + p["b"] * spikes)
    return spikes
