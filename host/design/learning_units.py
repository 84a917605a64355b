"""What the integers of a learning rule stand for: its parameters, traces, eligibilities and modulators.

A weight changes by its unit's integers, with `fraction_bits` more digits; so a trace of STDP, or its
increment, is the change of a weight.  An eligibility is what a modulator is multiplied by: with the
modulator in the unit of weights, it has none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spikeloom.hdl.contract.errors import InputError

from .design import Design

_WEIGHTS = frozenset({"w_min", "w_max", "scaling_target", "m", "m_spike"})
_TRACES = frozenset({"x", "y", "x_inc", "y_inc"})
_CHANGES = frozenset({"a_plus", "a_minus", "c_pre", "c_post"})
_ELIGIBILITIES = frozenset({"e_pre", "e_post", "eligibility"})
_CALCIUM = frozenset({"y", "y_inc", "ca_1", "ca_2", "ca_3"})
_STEPS = frozenset({"x", "y", "x_window", "y_window"})


@dataclass(frozen=True)
class LearningUnit:
    """What one of a rule's numbers counts.

    Attributes
    ----------
    kind : "scaled"; "steps", of the network; or "decay", a constant that acts once in `step` seconds.
    factor : integers for one unit.
    counts : the unit's name; "" is the network's unit of weights and potentials.
    """

    kind: str
    factor: Callable[[], float] = lambda: 1.0
    counts: str = ""
    step: float = 0.0


def learning_conversion(design: Design, name: str) -> LearningUnit | None:
    """What this parameter or state of the learning rule counts; None for a number without a unit."""
    config, values = design.config.learning, design.image.learning
    assert config is not None
    rule, digits = config.rule, 2.0**config.fraction_bits
    if name.startswith("d_"):
        sweep = 2 ** int(values.get("sweep_log2", 0)) if name == "d_e" else 1
        return LearningUnit("decay", step=design.dt * sweep)
    if name in _WEIGHTS:
        return LearningUnit("scaled", lambda: _weight(design))
    if name == "theta_m":
        return LearningUnit("scaled", lambda: _learning_scale(design))
    if rule == "lag_table" and name in ("x", "y"):
        return None
    if name.startswith(("plus_", "minus_")):
        return LearningUnit("scaled", lambda: _weight(design) * digits)
    if rule == "rectangular" and name in _STEPS:
        return LearningUnit("steps")
    if rule == "sdsp" and name in _CALCIUM:
        return LearningUnit("scaled", lambda: max(1, int(values["y_inc"])), "spikes")
    if rule == "three_factor" and name in _TRACES | _ELIGIBILITIES:
        return LearningUnit("scaled", lambda: digits, "of the modulator")
    if config.rates == "multiply" and name in _TRACES | {"a_plus", "a_minus"}:
        increment = max(1, int(values["y_inc" if name in ("y", "a_minus") else "x_inc"]))
        if name in ("a_plus", "a_minus"):
            return LearningUnit("scaled", lambda: _weight(design) * digits / increment)
        return LearningUnit("scaled", lambda: increment, "spikes")
    if name in _TRACES | _CHANGES:
        if config.bounds == "soft":
            return LearningUnit("scaled", lambda: digits, "of the distance to the bound")
        return LearningUnit("scaled", lambda: _weight(design) * digits)
    return None


def _weight(design: Design) -> float:
    """Integers of a weight for one unit of the network."""
    return float(_learning_scale(design) / 2.0**design.config.weight_shift)


def _learning_scale(design: Design) -> float:
    """The scale that all neurons which learn have; `InputError` when there is no such."""
    learns = np.asarray(design.image.plastic).any(axis=0)
    scales = design.scale[learns] if learns.any() else design.scale
    if np.ptp(scales):
        raise InputError(
            f"the neurons that learn have scales from {scales.min():g} to {scales.max():g}, so the "
            "rule's numbers have no unit that they share; use .raw for its integers"
        )
    return float(scales[0])
