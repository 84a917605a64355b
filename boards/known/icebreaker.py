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
    config=CoreConfig(
        neurons=208,
        axons=256,
        lanes=4,
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
    neurons=96,
    axons=192,
    lanes=4,
    weight_bits=8,
    state_bits=16,
    synapse="delta",
    leak="exponential",
    reset="subtract",
    refractory_bits=4,
    bias=True,
    parameters="shared",
    monitors=0,
    learning=LearningConfig(rule="pair", trace_bits=6),
)
"""Learns by pair STDP on all synapses."""

ICEBREAKER_LEARNING = replace(
    ICEBREAKER,
    name="icebreaker-learning",
    title="iCEBreaker (iCE40 UP5K), learning",
    reply_bytes=1024,
    config=LEARNING_CORE,
)

BOARDS = (ICEBREAKER, ICEBREAKER_LEARNING)
