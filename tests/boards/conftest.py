"""A small chip in place of the real one: the tests here are about what surrounds it."""

from __future__ import annotations

from pathlib import Path

import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from spikeloom.boards import board_named, board_top, resources
from spikeloom.boards.chip_config import ChipConfig, core_of, cores_of, fabric_of
from spikeloom.boards.elaborate import elaborate
from spikeloom.boards.tools import run_tool
from spikeloom.hdl import CoreConfig


class StubTop(wiring.Component):
    """Answers every level of `rx`, and each core has a synapse memory of the configured size."""

    def __init__(self, config: ChipConfig, **options: object) -> None:
        self.config = config
        self.options = options
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        c = core_of(self.config)
        depth = c.axons * c.layout.groups
        bits = c.weight_bits * c.lanes
        address = Signal(range(depth))
        history = Signal(bits)
        read_back = []
        for core in range(cores_of(self.config)):
            m.submodules[f"synapses_{core}"] = synapses = memory.Memory(
                shape=bits, depth=depth, init=[]
            )
            read, write = synapses.read_port(), synapses.write_port()
            m.d.comb += [
                read.addr.eq(address),
                write.addr.eq(address),
                write.data.eq(history),
                write.en.eq(~self.rx),
            ]
            read_back.append(read.data)
        m.d.sync += [
            address.eq(address + 1),
            history.eq(Cat(self.rx, history)),
            self.tx.eq(self.rx ^ Cat(read_back).xor()),
        ]
        return m


@pytest.fixture
def stub_top(monkeypatch: pytest.MonkeyPatch) -> type[StubTop]:
    for module in (board_top, resources):
        monkeypatch.setattr(module, "Top", StubTop)
    return StubTop


@pytest.fixture(scope="session")
def two_cores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Netlist of a whole chip with two small cores, synthesised for ULX3S."""
    core = CoreConfig(neurons=4, axons=4, lanes=1, route_entries=16)
    plan = elaborate(board_named("ulx3s"), fabric_of(core, 2))
    folder = tmp_path_factory.mktemp("two_cores")
    plan.write(folder)
    run_tool(plan.command("yosys"), folder, "yosys.log")
    return folder / "top.json"
