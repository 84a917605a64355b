"""A described network as a design: with the widths that PyNN's time steps and rules need."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

from spikeloom.compiler.compile import compile as compile_network
from spikeloom.design.design import Design
from spikeloom.hdl.contract.core_config import MAX_MONITORS

from ..mapping.cell_models import LEARNING_WEIGHT_BITS, state_bits
from ..mapping.described import Described

_FIXED = ("board", "config", "fabric")
"""Options that say what the hardware is."""
_LEAST_MONITORS = 8


def compiled(state: Any, described: Described, *, fine: bool) -> Design:
    """The design; the options of `setup` take the place of what is chosen here.

    Parameters
    ----------
    state : with its populations, current sources, time step and options.
    fine : whether the cells have the finer leak.
    """
    options = dict(state.compile_options)
    fixed = any(options.get(name) is not None for name in _FIXED)
    injected = any(source.targets for source in state.current_sources)
    if not fixed:
        learns = described.rule is not None
        numbers = [p.numbers() for p in described.names]
        recorded = sum(len(p.recorder.recorded_potentials) for p in described.names)
        options.setdefault("state_bits", state_bits(numbers, state.dt, fine=fine, learns=learns))
        options.setdefault("monitors", min(MAX_MONITORS, max(_LEAST_MONITORS, recorded)))
        if learns:
            options.setdefault("weight_bits", LEARNING_WEIGHT_BITS)
        if injected:
            options.setdefault("parameters", "per_neuron")
    design = compile_network(described.network, **options)
    if injected and not fixed and not design.config.option("bias"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = dataclasses.replace(design.config, bias=True)
            rest = {k: options[k] for k in ("scale", "headroom") if k in options}
            design = compile_network(described.network, config=config, **rest)
    return design
