from __future__ import annotations

import json
from pathlib import Path

import pytest
from amaranth.hdl import ClockDomain, Module
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.boards import board_named
from spikeloom.boards.clocking import POWER_UP_MICROSECONDS, PowerUpReset
from spikeloom.boards.elaborate import elaborate

SYNCHRONISER = 2


@settings(max_examples=20)
@given(
    clock_hz=st.integers(1_000_000, 5_000_000),
    locks=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 120)), min_size=1, max_size=4),
)
def test_reset_lasts_until_the_lock_has_held_long_enough(
    clock_hz: int, locks: list[tuple[int, int]]
) -> None:
    m = Module()
    m.domains.power_up = ClockDomain("power_up", reset_less=True)
    m.submodules.dut = dut = PowerUpReset(clock_hz)
    waveform = [level for off, on in locks for level in [0] * off + [1] * on]
    seen: list[int] = []

    async def bench(ctx) -> None:  # type: ignore[no-untyped-def]
        for level in waveform:
            ctx.set(dut.locked, level)
            seen.append(ctx.get(dut.reset))
            await ctx.tick("power_up")

    simulator = Simulator(m)
    simulator.add_clock(1 / clock_hz, domain="power_up")
    simulator.add_testbench(bench)
    simulator.run()

    assert dut.cycles / clock_hz >= POWER_UP_MICROSECONDS * 1e-6
    held = 0
    for now in range(len(waveform)):
        released = held > dut.cycles
        assert seen[now] == (not released), f"cycle {now}"
        late = now - SYNCHRONISER
        held = held + 1 if late >= 0 and waveform[late] else 0


def test_gsr_reaches_all_flip_flops_of_an_ecp5(two_cores: Path) -> None:
    """Also those of cores that are synthesised by themselves; none has a reset of its own for it."""
    (top,) = [
        module
        for module in json.loads(two_cores.read_text())["modules"].values()
        if not module["attributes"].get("blackbox")
    ]
    cells: dict[str, list[dict[str, str]]] = {}
    for cell in top["cells"].values():
        cells.setdefault(cell["type"], []).append(cell["parameters"])
    assert len(cells["GSR"]) == len(cells["DCCA"]) == 1
    assert len(cells["TRELLIS_FF"]) > 1000
    assert {parameters["GSR"] for parameters in cells["TRELLIS_FF"]} == {"ENABLED"}


@pytest.mark.parametrize(("name", "gsr"), [("icebreaker", False), ("ulx3s", True)])
def test_only_an_ecp5_is_reset_by_gsr(name: str, gsr: bool, stub_top: type) -> None:
    board = board_named(name)
    plan = elaborate(board, board.config)
    assert (r"cell \GSR" in plan.rtlil) is gsr
    assert (r"cell \DCCA" in plan.rtlil) is gsr
    assert (" \\rst\n" not in plan.rtlil) is gsr
    assert ("set GSR" in str(plan.files["top.ys"])) is gsr
