"""Clock cycles of a step, from what a model counted.

Source: docs/explanation/benchmarks.md, which measures the formula against the hardware's own counter.
"""

from __future__ import annotations

from collections.abc import Mapping

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import InputError

_FIXED = 45
"""For the depth of the pipelines; the lanes, along which operations are handed, come on top."""
_SCALING = "symmetric"
"""The rule whose sweeps read all synapses twice, and the neurons' sums between."""


def cycles_per_step(
    config: CoreConfig, counted: Mapping[str, int], sweep_log2: int | None = None
) -> float:
    """Mean clock cycles of a step on one core, within about a tenth.

    Parameters
    ----------
    config : the core.
    counted : "steps", "synaptic_operations" and "spikes" of a run, as devices count them.
    sweep_log2 : of a core whose rule sweeps over its synapses.

    Raises `InputError` where no step was counted.
    """
    steps = counted.get("steps", 0)
    if not steps:
        raise InputError("no steps were counted; run the design first")
    layout = config.layout
    arrivals = counted["synaptic_operations"] / config.neurons / steps
    spikes = counted["spikes"] / steps
    cycles = arrivals * layout.groups + config.lanes + _FIXED
    if config.learning is None:
        return cycles + config.neurons
    cycles += max(config.neurons, config.axons)
    if layout.axon_states:
        cycles += spikes * layout.axon_groups
    if sweep_log2 is not None and config.learning.format.sweeps:
        scaling = config.learning.rule == _SCALING
        swept = (1 + scaling) * config.axons * layout.groups + scaling * config.neurons
        cycles += (swept + config.lanes + _FIXED) / (1 << sweep_log2)
    return cycles
