"""TOML files of any origin: UTF-8 whatever the locale, and every fault named."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from .errors import shown
from .fields import ConfigError

MAX_FILE_BYTES = 1 << 20
"""A configuration has some hundred bytes."""
_BOM = "\ufeff"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_toml(source: str | Path) -> dict[str, Any]:
    """The tables of a TOML file (a path) or of TOML text (a string); else `ConfigError`."""
    if not isinstance(source, str | Path):
        raise ConfigError(f"{shown(source)} is no TOML; give its text, or a Path")
    text = _text(source) if isinstance(source, Path) else source
    try:
        return tomllib.loads(text.removeprefix(_BOM))
    except RecursionError:
        raise ConfigError("not TOML: its brackets are nested too deep") from None
    except ValueError as error:  # also of numbers with more digits than Python reads
        raise ConfigError(f"not TOML: {error}") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read {path}: {reason}") from None
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(
            f"{path} has more than {MAX_FILE_BYTES} bytes; no configuration is as long"
        )
    if data.startswith(_UTF_16):
        raise ConfigError(f"{path} is UTF-16, and TOML is UTF-8; save it as UTF-8")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}, line {line}: byte {data[error.start]:#04x} is not UTF-8; save it as UTF-8"
        ) from None
