"""What is lost when only one kind of number of one population is rounded, and all else is in floats."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..design.design import Design
from ..diagnosis.float_device import FloatDevice
from ..diagnosis.float_model import FloatNetwork
from ..network.network import Network
from ..quantise.reports import KINDS, RoundingCost
from .measured import Measured

_BIASES = KINDS[-1]
_NUMBERS = dict(
    zip(
        KINDS,
        (
            ("weights",),
            ("keep_mem", "keep_exc", "keep_inh", "keep_th", "leak"),
            ("v_threshold", "th_inc", "th_dec", "v_reset", "v_min"),
            ("bias",),
        ),
        strict=True,
    )
)
"""Numbers of a `FloatNetwork` by kind."""


def rounding_costs(
    floats: FloatDevice, network: Network, design: Design, measured: Measured, reference: float
) -> tuple[tuple[RoundingCost, ...], float]:
    """By population and kind, and what all numbers lose together.

    Parameters
    ----------
    floats : the network in floats.
    network, design : what was compiled, and what became of it, on one core.
    measured : samples, and how to judge their runs.
    reference : accuracy in floats.
    """
    asked = floats.numbers
    held = asked.as_held(design)

    def lost(numbers: FloatNetwork) -> float:
        return reference - measured.on(floats, numbers)

    costs = []
    for name in network.populations:
        here = np.zeros(len(asked.bias), dtype=bool)
        here[floats.populations[name]] = True
        for kind, fields in _NUMBERS.items():
            if kind == _BIASES and not asked.bias[here].any():
                continue
            changes = {
                field: np.where(here, getattr(held, field), getattr(asked, field))
                for field in fields
            }
            if all(np.array_equal(changes[field], getattr(asked, field)) for field in fields):
                costs.append(RoundingCost(name, kind, 0.0))
            else:
                costs.append(RoundingCost(name, kind, lost(dataclasses.replace(asked, **changes))))
    return tuple(costs), lost(held)
