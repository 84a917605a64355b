from __future__ import annotations

import re
from dataclasses import replace

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib import memory
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.boards import BOARDS, board_named
from spikeloom.boards.elaborate import elaborate
from spikeloom.boards.families import Family, families
from spikeloom.boards.fit import (
    SMALL_MEMORY_BITS,
    MemoryNeed,
    blocks_for,
    elaborate_checked,
    largest,
    least_need,
    memory_need,
    overfull_memories,
    weights_need,
)
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import FitError
from spikeloom.hdl.memories import BlockMemory

BITS = {"ice40": 4096, "ecp5": 18432, "xilinx": 18432}
ALL = families()
any_family = st.sampled_from(list(ALL.values()))


@given(any_family, st.integers(1, 128), st.integers(1, 20000), st.integers(1, 20000))
def test_blocks_hold_the_memory_and_grow_with_it(
    family: Family, width: int, depth: int, more: int
) -> None:
    blocks = blocks_for(width, depth, family)
    assert blocks * BITS[family.name] >= width * depth
    assert blocks <= blocks_for(width, depth + more, family)
    assert blocks <= blocks_for(width + 1, depth, family)


@pytest.mark.parametrize(
    ("family", "width", "depth", "blocks"),
    [("ice40", 16, 256, 1), ("ice40", 8, 2560, 5), ("ecp5", 8, 8192, 4), ("ecp5", 36, 512, 1)],
)
def test_blocks_of_known_memories(family: str, width: int, depth: int, blocks: int) -> None:
    assert blocks_for(width, depth, ALL[family]) == blocks


@given(st.integers(0, 300), st.integers(1, 300), st.none() | st.integers(0, 300))
def test_largest_is_the_last_that_fits(limit: int, below: int, guess: int | None) -> None:
    calls = []

    def fits(n: int) -> bool:
        calls.append(n)
        return n <= limit

    assert largest(below, fits, guess) == min(limit, below - 1)
    assert len(calls) <= 18
    if guess == limit < below - 1 and limit:
        assert calls == [limit, limit + 1], "a good guess is only confirmed"


@settings(max_examples=20)
@given(
    st.integers(1, 60),
    st.integers(1, 2000),
    st.integers(2, 16),
    st.sampled_from([1, 4]),
    st.sampled_from(["icebreaker", "ulx3s"]),
)
def test_the_bound_needs_no_elaboration_and_holds(
    neurons: int, axons: int, weight_bits: int, lanes: int, name: str
) -> None:
    board = replace(board_named(name), synapse_storage="block")
    config = CoreConfig(
        neurons=max(neurons, lanes), axons=axons, weight_bits=weight_bits, lanes=lanes
    )
    m = Module()
    for lane in range(lanes):
        words = config.axons * config.layout.groups
        m.submodules[f"bank_{lane}"] = store = memory.Memory(
            shape=weight_bits, depth=words, init=[]
        )
        store.read_port(), store.write_port()
    need = memory_need(rtlil.convert(m, ports=[], emit_src=False), board.fpga.family)
    assert least_need(board, config).block_rams <= need.block_rams
    assert weights_need(board, config) == need


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(2, 3000)), max_size=4), any_family)
def test_memories_are_found_in_the_elaborated_design(
    shapes: list[tuple[int, int]], family: Family
) -> None:
    m = Module()
    for k, (width, depth) in enumerate(shapes):
        m.submodules[f"memory_{k}"] = store = memory.Memory(shape=width, depth=depth, init=[])
        store.read_port(), store.write_port()
    need = memory_need(rtlil.convert(m, ports=[], emit_src=False), family)
    large = [(w, d) for w, d in shapes if w * d > SMALL_MEMORY_BITS]
    assert need.block_rams == sum(blocks_for(w, d, family) for w, d in large)
    assert need.srams == 0


def test_default_configurations_fit(stub_top: type) -> None:
    for board in BOARDS.values():
        if board.storage_for(board.config) == "block":  # which the chip of these tests has
            assert elaborate_checked(board, board.config).commands
        assert least_need(board, board.config).srams <= board.fpga.srams


def test_error_says_by_how_much_and_what_would_fit(stub_top: type) -> None:
    board = replace(board_named("icebreaker"), synapse_storage="block")
    config = replace(board.config, neurons=80, axons=250)
    with pytest.raises(FitError) as caught:
        elaborate_checked(board, config)
    message = str(caught.value)
    needed, too_many = re.search(
        r"need(?:s| at least) (\d+) block RAM of 30 \((\d+) too many\)", message
    ).groups()  # type: ignore[union-attr]
    assert int(needed) - 30 == int(too_many) > 0
    fits = int(re.search(r"at most (\d+) axons fit", message).group(1))  # type: ignore[union-attr]
    for count, expected in ((fits, True), (fits + 1, False)):
        plan = elaborate(board, replace(config, axons=count))
        assert (not overfull_memories(board, plan)) == expected


def test_a_hopeless_core_is_refused_without_elaborating_it() -> None:
    board = board_named("icebreaker")
    tried: list[str] = []
    with pytest.raises(FitError) as caught:
        elaborate_checked(board, replace(board.config, axons=16000), tried.append)
    assert re.match(
        r"this core does not fit iCEBreaker \(iCE40 UP5K\): its weights alone need at least 6500 block "
        r"RAM of 30 \(6470 too many\); with 208 neurons, at most 312 axons fit",
        str(caught.value),
    )
    assert "312 axons" in tried[1]
    assert len(tried) == 3


def test_block_rams_of_which_the_cells_are_instantiated_count() -> None:
    board = board_named("ulx3s")
    memory_cell = BlockMemory(8, 8192)
    text = rtlil.convert(memory_cell, platform=board.fpga.family.technology, emit_src=False)
    assert memory_need(text, board.fpga.family) == MemoryNeed(block_rams=4, srams=0)
