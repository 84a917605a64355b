"""Yosys and nextpnr end with the process that started them, whatever ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spikeloom.boards.tools import BuildError, run_tool

pytestmark = pytest.mark.skipif(not os.path.exists("/proc"), reason="needs /proc")

BUILDING = """
import signal
from pathlib import Path
from spikeloom.boards.tools import run_tool
signal.signal(signal.SIGINT, signal.default_int_handler)
run_tool(["a-tool"], Path("."), "a.log", print)
"""
A_TOOL = """#!/bin/sh
echo begun
sh -c 'echo $$ > grandchild; sleep 600' &
echo $$ > child
wait
"""


def lives(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def tool(folder, text):
    (folder / "a-tool").write_text(text)
    (folder / "a-tool").chmod(0o755)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_faults_24_a_tool_ends_with_who_started_it(tmp_path, how):
    tool(tmp_path, A_TOOL)
    files = [tmp_path / "child", tmp_path / "grandchild"]
    with subprocess.Popen(
        [sys.executable, "-c", BUILDING],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: all(f.exists() and f.read_text() for f in files))
        children = [int(file.read_text()) for file in files]
        assert all(map(lives, children))
        process.send_signal(how)
        assert process.wait(30)
    wait_until(lambda: not any(map(lives, children)))


def test_a_tool_s_lines_and_failure_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    lines = []
    tool(tmp_path, "#!/bin/sh\necho one; echo two >&2\n")
    run_tool(["a-tool"], tmp_path, "a.log", lines.append)
    assert lines == ["one", "two"]
    tool(tmp_path, "#!/bin/sh\necho ERROR: no chip; exit 3\n")
    with pytest.raises(BuildError, match=r"a-tool failed: ERROR: no chip\n.*a\.log"):
        run_tool(["a-tool"], tmp_path, "a.log")
