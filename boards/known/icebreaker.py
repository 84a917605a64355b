"""iCEBreaker 1.0/1.1: Lattice iCE40 UP5K, 12 MHz oscillator, FT2232H for programming and UART."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.hdl import CoreConfig, LearningConfig

from ..definition import BoardDefinition
from ..families.ice40 import UP5K, Ice40Pll

ICEBREAKER = BoardDefinition(
    name="icebreaker",
    title="iCEBreaker (iCE40 UP5K)",
    fpga=UP5K,
    platform="amaranth_boards.icebreaker:ICEBreakerPlatform",
    pll=Ice40Pll.for_clock(12_000_000, 24_000_000),
    baud=3_000_000,
    # Holds the digits network: 64 pixels and 64 hidden neurons drive 128 axons.
    config=CoreConfig(
        neurons=80,
        axons=128,
        lanes=4,
        update_units=1,
        weight_bits=8,
        state_bits=16,
        synapse="delta",
        leak="none",
        reset="subtract",
        refractory_bits=0,
        bias=True,
        parameters="per_neuron",
    ),
    synapse_storage="spram",
    programmer="icebreaker",
)

LEARNING_CORE = CoreConfig(
    neurons=4,
    axons=128,
    lanes=1,
    weight_bits=8,
    state_bits=12,
    synapse="delta",
    leak="linear",
    reset="subtract",
    refractory_bits=0,
    bias=False,
    parameters="shared",
    monitors=0,
    learning=LearningConfig(rule="pair", trace_bits=4, pairing="nearest"),
)
"""Learns by pair STDP: 124 inputs, and an axon for the teacher of each neuron."""

ICEBREAKER_LEARNING = replace(
    ICEBREAKER,
    name="icebreaker-learning",
    title="iCEBreaker (iCE40 UP5K), learning",
    config=LEARNING_CORE,
    synapse_storage="block",
)

BOARDS = (ICEBREAKER, ICEBREAKER_LEARNING)
