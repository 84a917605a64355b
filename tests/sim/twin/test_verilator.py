"""What is said when Verilator lacks something, and what stays in the cache when it lacks nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Never

import numpy as np
import pytest

import spikeloom
from spikeloom.boards import BOARDS
from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import MissingToolError
from spikeloom.sim.twin import netlist, verilator
from spikeloom.sim.twin.verilator import SYSTEM_TOOLS

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


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The folders in which a Verilator in name only has been at work."""
    folders = []

    def compile_it(arguments: list[str], log: Path) -> None:
        folders.append(log.parent)
        for name in ("verilator.log", "model.so", "pch.gch"):
            (log.parent / name).write_text("")
        (log.parent / "more").mkdir()

    monkeypatch.setenv("SPIKELOOM_CACHE", str(tmp_path))
    monkeypatch.setattr(verilator, "run_verilator", compile_it)
    return folders


def compile_model(text: str) -> Path:
    return verilator.compile_cached("test", [("a.v", text)], [], "model.so")


def test_the_time_is_estimated_from_the_size_of_the_sources(
    compilations: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def spinner(message: str) -> contextlib.AbstractContextManager[None]:
        shown.append(message)
        return contextlib.nullcontext()

    monkeypatch.setattr(verilator, "spinner", spinner)
    compile_model(" " * 1_000_000)
    assert shown == ["Compiling with Verilator (about 11 s, once per configuration)"]


def test_intermediate_files_do_not_stay_in_the_cache(compilations: list[Path]) -> None:
    product = compile_model("1")
    assert {path.name for path in product.parent.iterdir()} == {"a.v", "model.so", "verilator.log"}
    assert compile_model("1") == product
    assert len(compilations) == 1


def test_verilators_own_library_is_compiled_once_for_the_same_flags(
    compilations: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_it, kept = verilator.run_verilator, []

    def run(arguments: list[str], log: Path) -> None:
        kept.append([word for word in arguments if "--old-file" in word])
        own = log.parent / "verilated.o"
        assert own.exists() == bool(kept[-1])
        compile_it(arguments, log)
        own.write_text("")

    monkeypatch.setattr(verilator, "run_verilator", run)
    for text, flags in (("1", []), ("2", []), ("2", ["-O0"])):
        verilator.compile_cached("test", [("a.v", text)], flags, "model.so")
    assert kept == [[], ["--old-file=verilated.o"], []]


def test_two_that_want_the_same_model_compile_it_once(
    compilations: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_it, both = verilator.run_verilator, threading.Barrier(2)

    def slowly(arguments: list[str], log: Path) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1)
        compile_it(arguments, log)

    monkeypatch.setattr(verilator, "run_verilator", slowly)
    with ThreadPoolExecutor(2) as threads:
        one, other = (threads.submit(compile_model, "1") for _ in range(2))
        assert one.result(20) == other.result(20)
    assert len(compilations) == 1


def test_the_models_used_last_stay_in_the_cache(
    compilations: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verilator, "KEPT_MODELS", 3)
    first, second, third = (compile_model(text) for text in "123")
    for age, product in enumerate((first, second, third)):
        os.utime(product.parent, (1000 + age, 1000 + age))
    assert compile_model("1") == first
    fourth = compile_model("4")
    assert [p.exists() for p in (first, second, third, fourth)] == [True, False, True, True]
