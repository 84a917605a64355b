"""What is said when Verilator lacks something, and that nothing is begun then."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Never

import numpy as np
import pytest

import spikeloom
from spikeloom.boards import BOARDS
from spikeloom.errors import MissingToolError
from spikeloom.hdl import CoreConfig, Image
from spikeloom.sim.twin import netlist
from spikeloom.sim.verilator import SYSTEM_TOOLS

CONFIG = CoreConfig(neurons=3, axons=5)
DESIGN = spikeloom.Design(CONFIG, Image(CONFIG, np.zeros((5, 3), dtype=np.int64)))


@pytest.fixture(params=SYSTEM_TOOLS)
def missing(request: pytest.FixtureRequest, monkeypatch, tmp_path: Path) -> str:
    """One of the tools is not on PATH, the others are; the cache is empty."""
    monkeypatch.setenv("SPIKELOOM_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in set(SYSTEM_TOOLS) - {request.param}:
        path = shutil.which(tool)
        assert path is not None
        (folder / tool).symlink_to(path)
    monkeypatch.setenv("PATH", str(folder))
    return request.param


def test_a_missing_tool_is_named_with_what_installs_it(
    missing: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(MissingToolError, match=rf"^{missing.replace('+', '.')} is .* apt install"):
        spikeloom.open("twin:", DESIGN)
    assert capsys.readouterr().err == "", "nothing is shown to have begun"
    assert not (tmp_path / "cache").exists()
    with spikeloom.open("golden:", DESIGN) as model:
        assert model.run(steps=2).steps == 2


def test_a_missing_tool_is_named_before_a_netlist_is_synthesised(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def synthesise(*_: object) -> Never:
        pytest.fail("synthesis takes minutes")

    monkeypatch.setattr(netlist, "netlist_sources", synthesise)
    monkeypatch.setattr(netlist, "_digest", lambda board: "0")
    with pytest.raises(MissingToolError, match="apt install"):
        netlist.cached_sources(BOARDS["icebreaker"])
