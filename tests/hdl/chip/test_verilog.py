"""Verilog of a chip: its ports, and the same bytes for the same configuration."""

import os
import re
import subprocess
import sys

import pytest

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.chip.verilog import TOP_NAME, generate
from spikeloom.hdl.contract.errors import MissingToolError

SMALLEST = CoreConfig(
    neurons=1, axons=1, synapse="delta", leak="none", refractory_bits=0, bias=False, monitors=0
)


def test_the_same_configuration_gives_the_same_verilog():
    first, again = (generate(SMALLEST, clock_hz=12_000_000, baud=1_000_000) for _ in range(2))
    assert first == again
    top = re.search(rf"^module {TOP_NAME}\((.*?)\);", first, re.MULTILINE | re.DOTALL)
    assert top is not None
    assert {name.strip() for name in top[1].split(",")} == {"clk", "rst", "rx", "tx"}


PROGRAM = """
import sys, zlib
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.chip.verilog import generate_chip
core = CoreConfig(neurons=1, axons=1, monitors=0, route_entries=1)
print(zlib.crc32(generate_chip(FabricConfig(core, columns=2)).encode()))
"""


def test_another_process_gives_the_same_verilog():
    """Sets of strings have another order there."""
    texts = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in "12"
    ]
    assert texts[0] == texts[1] != b""


def test_a_missing_yosys_is_named_with_what_installs_it(monkeypatch, tmp_path):
    monkeypatch.setenv("AMARANTH_USE_YOSYS", "system")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=r"pip install 'spikeloom\[sim\]'"):
        generate(SMALLEST)
