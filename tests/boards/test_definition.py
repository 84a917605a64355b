from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spikeloom.boards import BOARDS, BoardDefinition, board_named
from spikeloom.boards.definition import MIN_CLOCKS_PER_BIT
from spikeloom.boards.families.ice40 import Ice40Pll
from spikeloom.boards.platform import make_platform
from spikeloom.hdl import ConfigError
from spikeloom.hdl.contract.errors import InputError

boards = pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))


@boards
def test_board_is_what_the_platform_says(board: BoardDefinition) -> None:
    platform = make_platform(board)
    assert platform.default_clk_frequency == board.oscillator_hz
    assert platform.device.lower().startswith(board.fpga.name.lower())
    assert platform.lookup("uart", 0)


@boards
def test_bit_rate_is_close_enough_for_a_byte(board: BoardDefinition) -> None:
    # Half a bit over the ten bits of a byte is what a receiver bears; take a tenth of it.
    assert abs(board.baud_error_percent) < 0.5
    assert board.clock_hz >= MIN_CLOCKS_PER_BIT * board.baud


def test_icebreaker_holds_the_digits_network() -> None:
    config = board_named("icebreaker").config
    assert config.axons >= 128
    assert config.neurons >= 74
    assert (config.weight_bits, config.parameters, config.reset) == (8, "per_neuron", "subtract")


def test_unknown_board_names_the_known() -> None:
    with pytest.raises(InputError, match="known are icebreaker, ulx3s"):
        board_named("icebraker")


def test_other_clock_and_bit_rate() -> None:
    board = board_named("ulx3s").with_clock(100_000_000).with_baud(1_000_000)
    assert (board.clock_hz, board.baud, board.oscillator_hz) == (100_000_000, 1_000_000, 25_000_000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"baud": 4_000_000}, "use 1 to 3000000 baud"),
        ({"baud": 0}, "use 1 to"),
    ],
)
def test_bit_rate_out_of_range(change: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(board_named("icebreaker"), **change)


def test_spram_where_there_is_none() -> None:
    with pytest.raises(ConfigError, match="has no SPRAM"):
        replace(board_named("ulx3s"), synapse_storage="spram")


@pytest.mark.parametrize("name", ["icebreaker", "ulx3s"])
def test_each_board_has_a_core_that_learns(name: str) -> None:
    board, learning = board_named(name), board_named(f"{name}-learning")
    assert board.config.learning is None
    assert learning.config.learning is not None
    assert learning.config.digest != board.config.digest
    assert (learning.fpga, learning.platform) == (board.fpga, board.platform)


def test_synapses_are_in_spram_where_they_can_be() -> None:
    board = board_named("icebreaker")
    learning = board_named("icebreaker-learning").config
    assert board.storage_for(board.config) == board.storage_for(learning) == "spram"
    for change in (
        {"lanes": 8},  # there are four SPRAMs
        {"weight_bits": 13},  # with the plastic bit 13 + 1, in nibbles 16 + 4
        {"axons": 1024},  # 96 / 4 · 1 024 words
    ):
        assert board.storage_for(replace(learning, **change)) == "block"
    assert board.storage_for(replace(learning, axons=680)) == "spram"
    assert board_named("ulx3s").storage_for(learning) == "block"


def test_icebreaker_learning_runs_the_patterns_demo() -> None:
    from spikeloom.demos.patterns import make_design

    config = board_named("icebreaker-learning").config
    assert make_design(np.random.default_rng(0), config).config is config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "My Board"}, "named 'My Board'; use lower-case"),
        ({"name": ""}, "named ''"),
        ({"fpga": "UP5K"}, r"fpga of ulx3s is 'UP5K'; give a part"),
        ({"config": None}, "give a CoreConfig or a FabricConfig"),
        ({"platform": "ULX3S"}, "give MODULE:CLASS"),
        ({"platform": 5}, "give the class, not an object"),
        ({"baud": 1e6}, r"baud of ulx3s is 1000000\.0; give an integer"),
        (
            {"pll": Ice40Pll.for_clock(12_000_000, 24_000_000)},
            r"LFE5U-85F takes Ecp5Pll\.for_clock",
        ),
        ({"pll": None}, r"Ecp5Pll\.for_clock"),
        ({"synapse_storage": "bram"}, '"block" or "spram"'),
    ],
)
def test_what_no_board_can_be(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(board_named("ulx3s"), **change)


def test_presets_say_what_a_chip_is_for() -> None:
    for name, board in BOARDS.items():
        kinds = [k for k in ("learning", "fabric") if k in name]
        assert board.preset == (kinds[0] if kinds else "inference")
