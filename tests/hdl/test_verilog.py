"""Verilog of a chip: its ports, and the same bytes for the same configuration."""

import re

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.verilog import TOP_NAME, generate

SMALLEST = CoreConfig(
    neurons=1, axons=1, synapse="delta", leak="none", refractory_bits=0, bias=False, monitors=0
)


def test_the_same_configuration_gives_the_same_verilog():
    first, again = (generate(SMALLEST, clock_hz=12_000_000, baud=1_000_000) for _ in range(2))
    assert first == again
    top = re.search(rf"^module {TOP_NAME}\((.*?)\);", first, re.MULTILINE | re.DOTALL)
    assert top is not None
    assert {name.strip() for name in top[1].split(",")} == {"clk", "rst", "rx", "tx"}
