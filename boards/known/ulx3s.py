"""ULX3S with ECP5-85F: 25 MHz oscillator, FT231X for programming and UART."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.hdl import CoreConfig, LearningConfig

from ..chip_config import fabric_of
from ..definition import BoardDefinition
from ..families.ecp5 import LFE5U_85F, Ecp5Pll

ULX3S = BoardDefinition(
    name="ulx3s",
    title="ULX3S (ECP5-85F)",
    fpga=LFE5U_85F,
    platform="amaranth_boards.ulx3s:ULX3S_85F_Platform",
    pll=Ecp5Pll.for_clock(25_000_000, 125_000_000),
    baud=3_000_000,
    config=CoreConfig(
        neurons=256,
        axons=256,
        lanes=8,
        weight_bits=8,
        state_bits=16,
        parameters="per_neuron",
    ),
    programmer="ulx3s",
)

LEARNING_CORE = CoreConfig(
    neurons=256,
    axons=256,
    lanes=8,
    weight_bits=8,
    state_bits=16,
    parameters="shared",
    learning=LearningConfig(rule="pair"),
)
"""A core that learns by pair STDP."""

ULX3S_LEARNING = replace(
    ULX3S,
    name="ulx3s-learning",
    title="ULX3S (ECP5-85F), learning",
    config=LEARNING_CORE,
)

FABRIC_CORE = replace(LEARNING_CORE, neurons=64, lanes=4, route_entries=512)
"""A core of a fabric: it learns by pair STDP, too."""

ULX3S_FABRIC = replace(
    ULX3S,
    name="ulx3s-fabric",
    title="ULX3S (ECP5-85F), many cores",
    pll=Ecp5Pll.for_clock(25_000_000, 75_000_000),
    config=fabric_of(FABRIC_CORE, 4),
)

ULX3S_FABRIC_16 = replace(
    ULX3S,
    name="ulx3s-fabric-16",
    title="ULX3S (ECP5-85F), many cores",
    pll=Ecp5Pll.for_clock(25_000_000, 50_000_000),
    config=fabric_of(FABRIC_CORE, 16),
)
"""As many cores as fit, at a clock that wires across the whole chip allow."""

BOARDS = (ULX3S, ULX3S_LEARNING, ULX3S_FABRIC, ULX3S_FABRIC_16)
