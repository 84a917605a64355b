"""Networks for bitstreams that exist: compiled for a board by its name, its file or its definition."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import spikeloom
from spikeloom.boards import BOARDS, find_board
from spikeloom.hdl import FabricConfig
from spikeloom.hdl.contract.errors import FitError, FitWarning, InputError

EXAMPLES = Path(__file__).parents[3] / "examples" / "boards"
STDP = spikeloom.PairSTDP(w_max=1.0, tau_plus=20e-3, tau_minus=20e-3, a_plus=0.05, a_minus=0.05)


def network(size: int, *, learns: bool = False, **neuron: float) -> spikeloom.Network:
    net = spikeloom.Network(dt=1e-3, learning=STDP if learns else None)
    x = net.input("x", size)
    cells = net.population("cells", size, spikeloom.LIF(**{"tau_mem": 20e-3, **neuron}))
    net.connect(x, cells, 0.5 * np.eye(size), plastic=learns)
    return net


@pytest.mark.parametrize("name", ["ulx3s", "ulx3s-learning", "ulx3s-fabric"])
def test_the_chip_is_the_boards(name: str) -> None:
    design = spikeloom.compile(network(100), board=name)
    assert design.chip == BOARDS[name].config
    assert (design.placement is not None) == isinstance(design.chip, FabricConfig)


@pytest.mark.filterwarnings("ignore::spikeloom.hdl.contract.errors.FitWarning")
def test_a_learning_network_on_one_core_and_on_many() -> None:
    for name in ("ulx3s-learning", "ulx3s-fabric"):
        assert spikeloom.compile(network(60, learns=True), board=name).chip == BOARDS[name].config


def test_a_definition_and_a_file() -> None:
    file = EXAMPLES / "orangecrab.py"
    board = find_board(file)
    for given in (file, str(file), board):
        assert spikeloom.compile(network(20), board=given).chip == board.config


def test_the_result_is_that_of_the_configuration() -> None:
    net, config = network(20), BOARDS["ulx3s"].config
    for options in ({}, {"scale": 64.0}, {"headroom": 2.0}):
        one = spikeloom.compile(net, board="ulx3s", **options)
        other = spikeloom.compile(net, config=config, **options)
        np.testing.assert_array_equal(one.image.weights, other.image.weights)
        assert one.image.parameters.keys() == other.image.parameters.keys()
        for name, values in one.image.parameters.items():
            np.testing.assert_array_equal(values, other.image.parameters[name])


@pytest.mark.filterwarnings("ignore::spikeloom.hdl.contract.errors.FitWarning")
@pytest.mark.parametrize(
    ("size", "learns", "board", "lacks", "holds"),
    [
        (300, False, "ulx3s", r"needs 300, the core has 256 \(44 too few\)", "ulx3s-fabric-16"),
        (100, True, "ulx3s", "learning: needs", "ulx3s-learning"),
        (300, False, "ulx3s-fabric", r"the fabric 256 .*: 44 too few", "ulx3s-fabric-16"),
        (230, False, "icebreaker", r"needs 230, the core has 208 \(22 too few\)", "ulx3s"),
    ],
)
def test_what_does_not_fit_names_the_preset_that_does(
    size: int, learns: bool, board: str, lacks: str, holds: str
) -> None:
    net = network(size, learns=learns)
    with pytest.raises(FitError, match=f"^{board}: .*{lacks}.*build {holds}\\)") as caught:
        spikeloom.compile(net, board=board)
    named = str(caught.value).split("it fits ")[1].split(" (")[0].split(", ")
    for name in BOARDS:
        if name in named:
            assert spikeloom.compile(net, board=name).chip == BOARDS[name].config
        else:
            with pytest.raises(FitError):
                spikeloom.compile(net, board=name)


def test_nothing_holds_it() -> None:
    with pytest.raises(FitError, match=r"No known board's preset holds it; .*build ulx3s FILE"):
        spikeloom.compile(network(1025), board="ulx3s")


def test_warnings_are_the_callers() -> None:
    net = network(20, learns=True)
    with warnings.catch_warnings(record=True) as direct:
        warnings.simplefilter("always")
        spikeloom.compile(net, config=BOARDS["ulx3s-learning"].config)
    with pytest.warns(FitWarning, match="learning rule") as caught:
        spikeloom.compile(net, board="ulx3s-learning")
    assert [str(w.message) for w in caught] == [str(w.message) for w in direct] != []
    assert {w.filename for w in caught} == {__file__}


@pytest.mark.parametrize(
    "option", [{"lanes": 2}, {"weight_bits": 4}, {"cores": 4}, {"config": BOARDS["ulx3s"].config}]
)
def test_the_board_decides_the_chip(option: dict[str, object]) -> None:
    (name,) = option
    with pytest.raises(InputError, match=f"the chip of ulx3s says {name} already"):
        spikeloom.compile(network(4), board="ulx3s", **option)  # type: ignore[arg-type]


def test_an_unknown_board_names_the_known() -> None:
    with pytest.raises(InputError, match="known are icebreaker"):
        spikeloom.compile(network(4), board="icebraker")
    renamed = replace(BOARDS["ulx3s"], name="ulx4s")
    assert spikeloom.compile(network(4), board=renamed).chip == renamed.config
