"""Files that are whole: a save that fails leaves what was there, a load looks at sizes first."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from spikeloom.hdl.contract.errors import DesignError, InputError, shown

MAX_FILE_BYTES = 1 << 31
"""More than any design that a chip holds needs."""


def write_file(path: str | Path, data: bytes) -> None:
    """Write bytes: afterwards the file has all of them, or is what it was before.

    They go into a new file beside it, which takes its place when it is on the disk.  Devices and
    pipes are written to directly.  Raises `DesignError` when that is not possible.
    """
    try:
        target = Path(os.path.realpath(_path(path)))
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data)
    except OSError as error:
        raise DesignError(f"cannot write {path}: {error.strerror or error}") from None


def _replace(target: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode(target))
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _mode(target: Path) -> int:
    """Permissions of the file that is replaced, or those that a new one gets."""
    with contextlib.suppress(OSError):
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def read_file(path: str | Path) -> bytes:
    """Read bytes; `DesignError` when that is not possible, or there are more than MAX_FILE_BYTES."""
    try:
        with _path(path).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or "it is too large"
        raise DesignError(f"cannot read {path}: {reason}") from None
    if len(data) > MAX_FILE_BYTES:
        raise DesignError(f"{path} has more than {MAX_FILE_BYTES} bytes; no design is as large")
    return data


def _path(path: object) -> Path:
    if not isinstance(path, str | os.PathLike) or "\0" in str(path):
        raise InputError(f"path is {shown(path)}; give the name of a file")
    return Path(path)
