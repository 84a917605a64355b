"""Compilers end with the process that started them; the cache is whole, and the user's own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spikeloom.boards.children import run_guarded
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import InputError
from spikeloom.sim.twin import build, cache, index, verilator

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes and owners")

CONFIG = CoreConfig(neurons=3, axons=5)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("SPIKELOOM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


# Children


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: object) -> None:
    deadline = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


COMPILING = """
import os, signal, sys
from pathlib import Path
from spikeloom.sim.twin import verilator
signal.signal(signal.SIGINT, signal.default_int_handler)
verilator.environment = lambda: {**os.environ, "PATH": sys.argv[1] + os.pathsep + os.environ["PATH"]}
verilator.compile_cached("test", [("a.v", "")], [], "model.so")
"""
A_VERILATOR = """#!/bin/sh
sh -c 'echo $$ > "$PIDS/grandchild"; sleep 600' &
echo $$ > "$PIDS/child"
wait
"""


@pytest.mark.skipif(not os.path.exists("/proc"), reason="needs /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_faults_24_the_compiler_ends_with_who_started_it(folder: Path, how: int) -> None:
    tools, pids = folder.parent / "tools", folder.parent / "pids"
    for made in (tools, pids):
        made.mkdir()
    (tools / "verilator").write_text(A_VERILATOR)
    (tools / "verilator").chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", COMPILING, str(tools)],
        env={**os.environ, "PIDS": str(pids)},
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(
            lambda: len(list(pids.iterdir())) == 2 and all(map(Path.read_text, pids.iterdir()))
        )
        children = [int(path.read_text()) for path in pids.iterdir()]
        assert all(map(lives, children))
        process.send_signal(how)
        assert process.wait(30)
    wait_until(lambda: not any(map(lives, children)))
    assert len(list((folder / "test").iterdir())) == (how == signal.SIGKILL)
    with cache.work_folder(folder / "test") as work:
        assert list((folder / "test").iterdir()) == [work], "what was left over is removed"


def test_a_command_has_its_code_and_output(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as output:
        assert (
            run_guarded(
                ["sh", "-c", "echo out; echo err >&2; exit 7"], env=os.environ, output=output
            )
            == 7
        )
        assert run_guarded(["true"], env=os.environ, output=output) == 0
    assert (tmp_path / "log").read_text() == "out\nerr\n"


# Folders


def test_faults_24_others_do_not_see_the_cache(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    with cache.work_folder(folder / "twin") as work:
        assert [path.stat().st_mode & 0o777 for path in (folder, folder / "twin", work)] == [
            0o700
        ] * 3


@pytest.mark.parametrize(
    "whose", ["cache", "cache/twin", "cache/twin/model", "cache/twin/model/so"]
)
def test_faults_24_a_cache_of_somebody_else_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    target = folder / "twin" / "model" / "so"
    target.parent.mkdir(parents=True)
    target.touch()
    assert verilator.is_cached(target)
    real = os.stat(folder.parent / whose)
    uid = os.getuid
    monkeypatch.setattr(
        Path,
        "stat",
        lambda path: (
            os.stat_result((*real[:4], uid() + 1, *real[5:10]))
            if path == folder.parent / whose
            else os.stat(path)
        ),
    )
    with pytest.raises(InputError, match=r"belongs to another user.*SPIKELOOM_CACHE"):
        verilator.is_cached(target)


def test_a_cache_that_cannot_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SPIKELOOM_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(InputError, match=r"cannot be made.*SPIKELOOM_CACHE"):
        cache.private_folder(tmp_path / "file" / "cache" / "twin")


def test_what_somebody_is_at_work_on_is_left_alone(folder: Path) -> None:
    kind = cache.private_folder(folder / "twin")
    host, own = socket.gethostname(), os.getpid()
    names = [
        f"part-{host}-{own}-x",
        "part-elsewhere-1-x",
        f"part-{host}-999999999-x",
        "part-elsewhere-2-y",
    ]
    for name in names:
        (kind / name).mkdir()
    os.utime(kind / names[3], (0, 0))
    with cache.work_folder(kind) as work:
        assert {path.name for path in kind.iterdir()} == {*names[:2], work.name}


# The index


@pytest.fixture
def generated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Configurations whose Verilog was generated; no compiler runs."""
    configs: list[object] = []

    def generate(config: object, **_: object) -> str:
        configs.append(config)
        return f"module \\spikeloom.rate (x);\n  reg [18:0] step = 19'h1;\n// {config}\n"

    def compile_it(arguments: list[str], log: Path) -> None:
        for name in ("verilator.log", "libtwin.so"):
            (log.parent / name).write_text("")

    monkeypatch.setattr(build, "generate", generate)
    monkeypatch.setattr(verilator, "run_verilator", compile_it)
    return configs


def test_a_cached_twin_needs_no_verilog(generated: list[object]) -> None:
    first = build.build_twin(CONFIG)
    assert build.build_twin(CONFIG) == first
    assert len(generated) == 1
    other = build.build_twin(CONFIG, baud=1_000_000)
    assert len(generated) == 2
    assert build.build_twin(CONFIG) == first
    assert other.path.exists()


def test_a_twin_that_was_dropped_or_whose_sources_changed_is_made_again(
    generated: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build.build_twin(CONFIG)
    shutil.rmtree(first.path.parent)
    assert build.build_twin(CONFIG) == first
    assert len(generated) == 2
    monkeypatch.setattr(index, "_sources", lambda: b"others")
    assert build.build_twin(CONFIG) == first
    assert len(generated) == 3


def test_an_index_that_holds_no_digest_is_not_followed(
    generated: list[object], folder: Path
) -> None:
    first = build.build_twin(CONFIG)
    [entry] = (folder / "index" / "twin").iterdir()
    entry.write_text("../../elsewhere/abcdef")
    assert build.build_twin(CONFIG) == first
    assert len(generated) == 2


def test_a_model_of_ones_own_is_generated_each_time(
    generated: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "_parts", lambda core: [pytest])
    for _ in range(2):
        build.build_twin(CONFIG)
    assert len(generated) == 2
