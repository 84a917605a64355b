"""Who has a port: one process at a time, on record where the user's other processes find it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from spikeloom.hdl.contract.errors import PortError

OWNER = "owner"
TWIN = "twin"
"""Kinds of records: of processes that opened a port, and of those that serve a simulated board."""

Address = str | tuple[str, int]
"""Path of a Unix-domain socket, or host and port."""

_DIGEST_CHARACTERS = 12


@dataclass(frozen=True)
class Record:
    """What a process says about a port of its own.

    Attributes
    ----------
    port : the name under which the process knows the port.
    pid, command, since : the process, its command line, and the local time of the claim.
    opening : it is still trying whether a board answers.
    address, token : where and with which password other processes of the user share the board;
        no address: it is not shared.
    """

    port: str
    pid: int
    command: str
    since: str
    opening: bool = False
    address: Address | None = None
    token: str = ""

    @classmethod
    def of_this_process(cls, port: str, *, opening: bool = False) -> Record:
        """A record with the present time."""
        since = datetime.now().astimezone().isoformat(" ", "seconds")
        return cls(port, os.getpid(), " ".join(sys.orig_argv), since, opening)

    def describe(self) -> str:
        """The process, as part of a sentence."""
        return f"process {self.pid} ({self.command}), since {self.since}"


class Claim:
    """The right to a port.  It ends with `release`, or with the process, however that ends."""

    def __init__(self, lock: FileLock, path: Path, record: Record) -> None:
        self.record = record
        self._lock, self._path = lock, path
        self.publish(record)

    @classmethod
    def take(cls, port: str, kind: str = OWNER) -> Claim | None:
        """Claim the port, or None when another claim holds it (see `find`)."""
        path = _path(port, kind)
        lock = _lock(path)
        try:
            lock.acquire()
        except Timeout:
            return None
        left = _parse(path)
        if left is not None and isinstance(left.address, str):
            Path(left.address).unlink(missing_ok=True)  # of a process that was killed
        return cls(lock, path, Record.of_this_process(port, opening=kind == OWNER))

    def publish(self, record: Record) -> None:
        """Put another record in place of this one."""
        self.record = record
        draft = self._path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(dataclasses.asdict(record)), encoding="utf-8")
        draft.replace(self._path)

    def follow(self) -> None:
        """Claim what the port's name leads to now; `PortError` when another process has that."""
        kind = self._path.name.split("-")[0]
        if _path(self.record.port, kind) == self._path:
            return
        other = Claim.take(self.record.port, kind)
        if other is None:
            raise PortError(refusal(self.record.port, find(self.record.port, kind)))
        other.publish(self.record)
        self.release()
        self._lock, self._path = other._lock, other._path

    def release(self) -> None:
        """Give the port up; twice does nothing."""
        if self._lock.is_locked:
            self._path.unlink(missing_ok=True)
            self._lock.release()


def find(port: str, kind: str = OWNER) -> Record | None:
    """Who has the port; None when nobody that lives has."""
    return _read(_path(port, kind))


def records(kind: str) -> list[Record]:
    """All records of a kind whose processes live, by port."""
    found = [_read(path) for path in runtime_folder().glob(f"{kind}-*.json")]
    return sorted((record for record in found if record), key=lambda record: record.port)


def refusal(port: str, owner: Record | None) -> str:
    """Why a port cannot be had, and what to do."""
    if owner is None:
        return f"{port} is just being opened or closed by another process; try again"
    if owner.opening:
        todo = "it is still looking for a board there; try again"
    elif owner.address is None:
        todo = "it does not share it: close it there, or open it there with share=True"
    else:
        todo = "it would share it: open it without share=False, or close it there"
    return f"{port} is in use by {owner.describe()}; {todo}"


def runtime_folder() -> Path:
    """Where records and sockets are: SPIKELOOM_RUNTIME, or the user's runtime folder."""
    given = os.environ.get("SPIKELOOM_RUNTIME")
    folder = Path(given) if given else _default_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PortError(
            f"open ports are recorded in {folder}, which cannot be made ({error.strerror}); set "
            "SPIKELOOM_RUNTIME to a folder of your own"
        ) from None
    if os.name == "posix":
        status = folder.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise PortError(
                f"others may write to {folder}, where open ports are recorded; make it yours alone "
                "(chmod 700), or set SPIKELOOM_RUNTIME to a folder that is"
            )
    return folder


def _default_folder() -> Path:
    if os.name != "posix":
        return Path(tempfile.gettempdir()) / "spikeloom"  # the user's own
    # Not every session of a user has the variable, but all must find the same folder.
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    return base / "spikeloom" if base.is_dir() else Path(f"/tmp/spikeloom-{os.getuid()}")


def _path(port: str, kind: str) -> Path:
    real = os.path.normcase(os.path.realpath(port))
    digest = hashlib.sha256(real.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    return runtime_folder() / f"{kind}-{digest}.json"


def _lock(path: Path) -> FileLock:
    return FileLock(path.with_suffix(".lock"), timeout=0, mode=0o600, thread_local=False)


def _read(path: Path) -> Record | None:
    record = _parse(path)
    if record is None:
        return None
    try:
        with _lock(path):
            return None  # nobody holds it: what was read is of a process that is gone
    except Timeout:
        return record


def _parse(path: Path) -> Record | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return _record(values)


def _record(values: object) -> Record | None:
    """A record as JSON has it; None for what a process of another kind has left here."""
    if not isinstance(values, dict):
        return None
    if isinstance(values.get("address"), list):
        values["address"] = tuple(values["address"])
    try:
        record = Record(**values)
    except TypeError:
        return None
    texts = (record.port, record.command, record.since, record.token)
    fits = (
        all(isinstance(text, str) for text in texts)
        and type(record.pid) is int
        and isinstance(record.opening, bool)
        and _is_address(record.address)
    )
    return record if fits else None


def _is_address(value: object) -> bool:
    if isinstance(value, tuple):
        return [type(part) for part in value] == [str, int]
    return value is None or isinstance(value, str)
