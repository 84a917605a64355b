"""Compiling for a bitstream that exists: for the chip of a board, and what to do when it is too small."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from spikeloom.boards.registry import BOARDS, BoardLike, presets_of
from spikeloom.hdl import FabricConfig
from spikeloom.hdl.contract.errors import FitError, InputError, SpikeLoomError

from ..design.design import Design
from ..network.network import Network

Compile = Callable[..., Design]

_SETTINGS = (
    "weight_bits", "state_bits", "lanes", "monitors", "parameters", "config", "cores", "fabric",
)  # fmt: skip
"""Arguments of `compile` that the chip of a board decides."""


def compile_for_board(
    compile: Compile, network: Network, board: BoardLike, options: dict[str, Any]
) -> Design:
    """The network in the configuration of a board, which is its core, or its fabric of many.

    Parameters
    ----------
    compile : `spikeloom.compile`.
    board : a name, a Python file, or a definition; see `spikeloom.boards.find_board`.
    options : the other arguments of `compile`.

    Raises `FitError` for a network that does not fit, with the presets that hold it; `InputError` for an
    unknown board, and for options that the board decides.
    """
    chosen, *others = presets_of(board)
    given = [name for name in _SETTINGS if options.get(name) is not None]
    if given:
        raise InputError(
            f"the chip of {chosen.name} says {', '.join(given)} already; give one or the other"
        )
    kept = {name: value for name, value in options.items() if value is not None}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = _attempt(compile, network, _chip(chosen.config), kept)
    if isinstance(result, Design):
        for warning in caught:  # as if the caller's call of `compile` had warned
            warnings.warn(warning.message, warning.category, stacklevel=3)
        return result
    names = {b.name: b for b in (*others, *BOARDS.values()) if b.name != chosen.name}
    holding = [n for n, b in names.items() if _fits(compile, network, _chip(b.config), kept)]
    raise FitError(f"{chosen.name}: {result}. {_advice(chosen.name, holding)}") from result


def _chip(config: Any) -> dict[str, Any]:
    return {"fabric" if isinstance(config, FabricConfig) else "config": config}


def _attempt(
    compile: Compile, network: Network, chip: dict[str, Any], options: dict[str, Any]
) -> Design | FitError:
    """The design, or why the network does not fit."""
    try:
        return compile(network, **chip, **options)
    except FitError as error:
        return error


def _fits(
    compile: Compile, network: Network, chip: dict[str, Any], options: dict[str, Any]
) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(network, **chip, **options)
        except SpikeLoomError:
            return False
    return True


def _advice(board: str, holding: list[str]) -> str:
    own = (
        "compile it without board=, which gives the smallest core that holds it, and build that: "
        f"spikeloom build {board} FILE"
    )
    if not holding:
        return f"No known board's preset holds it; {own}"
    names = ", ".join(holding)
    return f"As it is, it fits {names} (spikeloom build {holding[0]}); or {own}"
