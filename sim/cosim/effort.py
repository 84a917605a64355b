"""How long a co-simulation takes, roughly, and random configurations that do not take long."""

from __future__ import annotations

from collections.abc import Callable

from spikeloom.hdl import CoreConfig

MAX_SECONDS = 30.0
"""For one seed, of a configuration that nobody asked for: on a computer with two cores."""
_SMALL, _LARGE = 2.0, 216.0
"""Seconds that one seed took under cocotb: 1 lane without learning, and 32 lanes with three factors."""
_STREAMS = 1 / 5
"""The same in the C++ harness, relative to cocotb."""
_SWEEPING = 3.0
"""A rule that sweeps visits all synapses again."""
_LEARNING = 2.0


def seconds_per_seed(config: CoreConfig) -> float:
    """Seconds of processor time that one seed takes under cocotb, to within a factor of three or so.

    They grow with what is simulated in each cycle, which is the lanes, and with what each lane does.
    """
    weight = float(config.lanes)
    most = 32 * _LEARNING * _SWEEPING
    if config.learning is not None:
        weight *= _LEARNING * (_SWEEPING if config.learning.format.sweeps else 1.0)
    return _SMALL + (_LARGE - _SMALL) * weight / most


def drawn_within(limit: float, draw: Callable[[], CoreConfig]) -> CoreConfig:
    """The first of the configurations that are drawn of which a seed takes no longer, in seconds."""
    config = draw()
    while seconds_per_seed(config) > limit:
        config = draw()
    return config


def describe(config: CoreConfig, seeds: int, *, cocotb: bool = False) -> str:
    """The core in a few words, and how long so many seeds will take."""
    rule = f", rule {config.learning.rule}" if config.learning else ""
    seconds = seconds_per_seed(config) * seeds * (1.0 if cocotb else _STREAMS)
    time = f"{seconds / 60:.0f} min" if seconds > 90 else f"{max(seconds, 5):.0f} s"
    return f"{config.neurons} neurons, {config.lanes} lanes{rule}: about {time}"
