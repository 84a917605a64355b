"""Configurations that several test files build with Verilator: each is compiled once and cached."""

from __future__ import annotations

from spikeloom.hdl import CoreConfig, LearningConfig

LEARNING_TWIN = CoreConfig(
    neurons=10,
    axons=40,
    lanes=4,
    monitors=4,
    learning=LearningConfig(rule="three_factor", fraction_bits=5, stochastic=True),
)
STREAM_CORE = CoreConfig(
    neurons=11, axons=33, lanes=4, receptors=2, parameters="per_neuron", monitors=4
)
# Random networks of SuperNeuroMAT, as `superneuromat_networks` makes them: without and with STDP.
SUPERNEUROMAT_TWIN = CoreConfig(
    neurons=13, axons=50, lanes=4, weight_bits=16, state_bits=32, leak="linear", refractory_bits=8,
    integrate_refractory=True, parameters="per_neuron", delay_slots=64, axonal_delay_slots=64,
    route_entries=32,
)  # fmt: skip
SUPERNEUROMAT_LEARNING_TWIN = CoreConfig(
    neurons=11, axons=50, lanes=4, weight_bits=16, state_bits=32, leak="linear", refractory_bits=8,
    integrate_refractory=True, parameters="per_neuron", delay_slots=16, axonal_delay_slots=16,
    route_entries=32, learning=LearningConfig(rule="lag_table", trace_bits=16, fraction_bits=0),
)  # fmt: skip
# Networks of other frameworks, imported by NIR: reset by subtraction, and to a value.
NIR_SUBTRACT_TWIN = CoreConfig(
    neurons=17, axons=48, lanes=4, weight_bits=16, weight_shift=4, state_bits=28,
    synapse="exponential", reset="subtract", bias=True, parameters="per_neuron", delay_slots=2,
    route_entries=40,
)  # fmt: skip
NIR_VALUE_TWIN = CoreConfig(
    neurons=17, axons=48, lanes=4, weight_bits=16, weight_shift=4, state_bits=28,
    synapse="exponential", refractory_bits=1, bias=True, parameters="per_neuron",
)  # fmt: skip
