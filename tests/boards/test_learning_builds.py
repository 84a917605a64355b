"""`spikeloom build --learning`, and how cores that learn are synthesised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from spikeloom.boards import BoardDefinition, board_named
from spikeloom.boards.fit import least_need
from spikeloom.cli import app


@pytest.mark.parametrize("name", ["icebreaker", "icebreaker-learning"])
def test_the_option_names_the_board_with_the_other_core(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def build(board: BoardDefinition, **options: Any) -> None:
        asked.append(board.name)
        raise KeyboardInterrupt

    monkeypatch.setattr("spikeloom.boards.build", build)
    CliRunner().invoke(app, ["build", name, "--learning"])
    assert asked == ["icebreaker-learning"]


def test_the_option_is_a_core_by_itself() -> None:
    result = CliRunner().invoke(app, ["build", "ulx3s", "--learning", "--config", "core.toml"])
    assert result.exit_code == 2


def test_a_core_that_learns_has_an_spram_for_each_lane_on_icebreaker() -> None:
    board = board_named("icebreaker")
    config = board_named("icebreaker-learning").config
    assert least_need(board, config).srams == 4
    assert least_need(board, replace(config, lanes=2)).srams == 2
    assert least_need(board, replace(config, lanes=8)).srams == 0
