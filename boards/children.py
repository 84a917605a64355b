"""Tools as child processes that end when this process ends, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# The leader of a process group runs the command.  A child of it waits for the end of a pipe, of
# which only this process has the other end, and then kills the group: perl, make, compilers and all.
_GUARDED = """
exec 3<&0 </dev/null
(read _ <&3; kill -KILL -$$) 3<&3 >/dev/null 2>&1 &
guard=$!
"$@" 3<&-
code=$?
kill -KILL $guard
exit $code
"""


@contextmanager
def guarded(
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    output: IO[str] | int = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """A running command, with what it prints in a file, or to be read from `stdout`.

    Whatever ends this process or this block (Ctrl-C, SIGKILL) ends the command and all that it has
    started.
    """
    posix = os.name == "posix"
    with subprocess.Popen(
        ["/bin/sh", "-c", _GUARDED, "sh", *command] if posix else command,
        env=env,
        cwd=cwd,
        stdin=subprocess.PIPE if posix else subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=posix,
    ) as process:
        try:
            yield process
        except BaseException:
            if posix:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            raise


def run_guarded(command: Sequence[str], *, env: Mapping[str, str], output: IO[str]) -> int:
    """Run a command, with what it prints in a file; returns its exit code.  Ends as `guarded` does."""
    with guarded(command, env=env, output=output) as process:
        return process.wait()
