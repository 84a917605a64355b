"""Results by digest, a file each, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import secrets
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from spikeloom.boards.fitted import fitted_table

from ..design.files import write_file

_NUMERICS = (
    "hdl/contract", "sim/golden", "sim/fast", "quantise", "network", "compiler", "design", "device",
    "exchange", "signals", "estimate",
)  # fmt: skip
"""Rooms whose code decides what numbers a point gives."""
_TOKEN = "folder.json"


def digest_of(*values: Any) -> str:
    """64 hexadecimal digits of values that JSON can hold."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def numerics_digest() -> str:
    """The package's version as far as results depend on it: a digest of the code that computes them."""
    found = hashlib.sha256()
    package = __package__.partition(".")[0]
    for room in _NUMERICS:
        top, _, rest = room.partition("/")
        folder = files(f"{package}.{top}") if rest or top in ("hdl", "sim") else None
        where = folder.joinpath(rest) if folder is not None else files(f"{package}.{room}")
        _add(found, where)
    _add(found, files(f"{package}.boards").joinpath("fitted.py"))
    found.update(json.dumps(fitted_table()["families"], sort_keys=True).encode())
    return found.hexdigest()


def _add(found: Any, where: Any) -> None:
    if where.is_dir():
        for child in sorted(where.iterdir(), key=lambda c: str(c.name)):
            if child.is_dir() or str(child.name).endswith(".py"):
                _add(found, child)
    else:
        found.update(where.name.encode() + b"\0" + where.read_bytes())


class Results:
    """A folder of results; several processes may use it at once.

    A result is a dict that JSON can hold.  A file that is damaged counts as none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> str:
        """Make the folder; returns a token by which another machine can tell whether it sees it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        token = self.folder / _TOKEN
        if not token.exists():
            write_file(token, json.dumps({"token": secrets.token_hex(16)}).encode())
        return self.token()

    def token(self) -> str:
        """What `create` returned, or "" where the folder cannot be seen."""
        try:
            return str(json.loads((self.folder / _TOKEN).read_text())["token"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def read(self, digest: str) -> dict[str, Any] | None:
        """The result of a digest, if there is one."""
        try:
            found = json.loads(self._path(digest).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, digest: str, result: dict[str, Any]) -> None:
        """Keep a result."""
        path = self._path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps(result, sort_keys=True).encode())

    def _path(self, digest: str) -> Path:
        return self.folder / "points" / f"{digest}.json"
