"""What a trial of a link needs: a design that fits the board, and the port, opened for each trial."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikeloom.hdl import NO_AXON, CoreConfig, Image
from spikeloom.hdl.contract.errors import InputError, LinkError
from spikeloom.sim import twin
from spikeloom.sim.twin.build import BAUD

from ..connect.known_boards import core_with, default_rates
from ..connect.schemes import TWIN
from ..design.design import Design
from ..driver.board import Board
from ..link.link import TIMEOUT, Link, Port
from ..link.serial_port import open_serial

DEFAULT_CONFIG = CoreConfig(neurons=64, axons=64, lanes=4, monitors=8)
"""The core of a twin, when nothing else was asked for."""


def trial_design(config: CoreConfig, seed: int = 0) -> Design:
    """A random network that fires: half of its neurons drive others, and all synapses learn."""
    rng = np.random.default_rng(seed)
    bound = 1 << (config.weight_bits - 1)
    drives = rng.random(config.neurons) < 0.5
    learns = config.learning is not None
    image = Image(
        config,
        rng.integers(-bound // 2, bound, (config.axons, config.neurons)),
        {"v_threshold": np.array(min(4 * bound, (1 << (config.state_bits - 1)) - 1))},
        np.where(drives, rng.integers(0, config.axons, config.neurons), NO_AXON),
        learning={"enabled": 1} if learns else {},
        plastic=np.array(learns),
    )
    return Design(config, image)


def port_opener(where: str, config: CoreConfig, baud: int | None) -> Callable[[int], Port]:
    """A function that opens the port `where` for the trial with a seed."""
    if where == TWIN:
        return lambda seed: twin.open_port(config, seed=seed, baud=baud or BAUD)
    rate = baud or find_board(where, None)[0]
    return lambda seed: open_serial(where, rate)


def board_config(where: str, baud: int | None) -> CoreConfig:
    """The configuration behind a port, if it is one that boards get by default.

    Raises `InputError` when it is another one, `PortError` and `LinkError` as opening a board does.
    """
    if where == TWIN:
        return DEFAULT_CONFIG
    _, digest = find_board(where, baud)
    config = core_with(digest)
    if config is not None:
        return config
    raise InputError(
        f"the board at {where} has configuration {digest:016x}, which no board gets by default "
        "as its one core; name the design or configuration that it was built for"
    )


def find_board(where: str, baud: int | None) -> tuple[int, int]:
    """The baud rate at which a board answers, and the digest of its configuration."""
    rates = [baud] if baud is not None else default_rates()
    for rate in rates:
        try:
            board = Board(Link(open_serial(where, rate), TIMEOUT, f"{where} at {rate} baud"))
        except LinkError:
            if rate == rates[-1]:
                raise
        else:
            board.close()
            return rate, board.identity.digest
    raise InputError("no baud rate was given")
