"""Compilers as child processes that end when this process ends, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
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


def run_guarded(command: Sequence[str], *, env: Mapping[str, str], output: IO[str]) -> int:
    """Run a command, with what it prints in a file; returns its exit code.

    Whatever ends this process or this call (Ctrl-C, SIGKILL) ends the command and all that it has
    started.
    """
    if os.name != "posix":
        done = subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            check=False,
        )  # fmt: skip
        return done.returncode
    with subprocess.Popen(
        ["/bin/sh", "-c", _GUARDED, "sh", *command],
        env=env,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            return process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
