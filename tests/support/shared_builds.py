"""Configurations that several test files build with Verilator: each is compiled once and cached."""

from __future__ import annotations

from spikeloom.hdl import CoreConfig, LearningConfig

LEARNING_TWIN = CoreConfig(
    neurons=10,
    axons=40,
    lanes=4,
    update_units=2,
    monitors=4,
    learning=LearningConfig(rule="three_factor", fraction_bits=5, stochastic=True),
)
STREAM_CORE = CoreConfig(
    neurons=11, axons=33, lanes=4, update_units=2, receptors=2, parameters="per_neuron", monitors=4
)
