"""Where compiled models are kept: folders of the user's own, whole or not there."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from spikeloom.hdl.contract.errors import InputError

_PART = "part-"
"""Prefix of folders under construction: part-HOST-PID-…"""
_OLDEST = 24 * 3600.0
"""Seconds after which a folder under construction of another computer is nobody's any more."""


def cache_folder() -> Path:
    """Where compiled models are kept: SPIKELOOM_CACHE, or the user's cache folder."""
    given = os.environ.get("SPIKELOOM_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "spikeloom"


def private_folder(path: Path) -> Path:
    """Make a folder below `cache_folder`, and check all from there on; only its user may write to them.

    What is loaded from it runs with the user's rights.  Raises `InputError` for a folder that is
    somebody else's, or cannot be made.
    """
    base = cache_folder()
    inner = path.relative_to(base).parts
    for folder in (base, *(base.joinpath(*inner[: k + 1]) for k in range(len(inner)))):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"compiled models are kept in {folder}, which cannot be made ({error.strerror}); set "
                "SPIKELOOM_CACHE to a folder of your own"
            ) from None
        require_own(folder)
    return path


def require_own(path: Path) -> None:
    """Raise `InputError` unless a file or folder is this user's; take others' rights to write away."""
    if os.name != "posix":
        return
    status = path.stat()
    if status.st_uid != os.getuid():
        raise InputError(
            f"{path} belongs to another user (number {status.st_uid}), and what is loaded from there "
            "would run with your rights; set SPIKELOOM_CACHE to a folder of your own"
        )
    if status.st_mode & 0o022 or (path.is_dir() and status.st_mode & 0o077):
        path.chmod(status.st_mode & 0o700)


@contextlib.contextmanager
def work_folder(parent: Path) -> Iterator[Path]:
    """A folder to build something in, next to where it will be; what others left there is removed.

    Rename it when its contents are whole.  A process that is killed leaves its own behind, which the
    next one that builds something removes.
    """
    _remove_left_over(private_folder(parent))
    prefix = f"{_PART}{socket.gethostname()}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix, ignore_cleanup_errors=True) as name:
        yield Path(name)


def keep(work: Path, folder: Path) -> None:
    """Give a whole work folder its name; if another process was faster, its result is as good."""
    with contextlib.suppress(OSError):
        work.rename(folder)


def is_under_construction(folder: Path) -> bool:
    """Whether this is a `work_folder`."""
    return folder.name.startswith(_PART)


def _remove_left_over(parent: Path) -> None:
    for folder in parent.glob(f"{_PART}*"):
        if not _is_alive(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(folder: Path) -> bool:
    """Whether the process that made a work folder may still be at it."""
    host, _, rest = folder.name.removeprefix(_PART).rpartition("-")[0].rpartition("-")
    try:
        if host != socket.gethostname():
            return time.time() - folder.stat().st_mtime < _OLDEST
        os.kill(int(rest), 0)
    except (ProcessLookupError, FileNotFoundError, ValueError):
        return False
    except OSError:  # it is another user's, or this system cannot tell
        return True
    return True
