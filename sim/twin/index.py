"""Which compiled model belongs to which configuration, so that its Verilog need not be generated."""

from __future__ import annotations

import functools
import hashlib
import re
from importlib import metadata
from pathlib import Path

import spikeloom.hdl
from spikeloom.hdl import CoreConfig, FabricConfig

from .cache import cache_folder, private_folder, require_own, work_folder

_FOLDER = "index"
_DIGEST = re.compile(r"[0-9a-f]{20}")
_KEPT = 1000
_OWN = "spikeloom."


def index_key(config: CoreConfig | FabricConfig, *rest: object) -> str | None:
    """Digest of a configuration, of `rest`, and of all sources that its Verilog is made from.

    None when parts of it are not SpikeLoom's own, whose sources are unknown.
    """
    core = config.core if isinstance(config, FabricConfig) else config
    if not all(_is_own(part) for part in _parts(core)):
        return None
    digest = hashlib.sha256(_sources())
    digest.update(repr((config, rest, metadata.version("amaranth"))).encode())
    return digest.hexdigest()[:20]


def look_up(kind: str, key: str | None) -> str | None:
    """What was recorded under this key: the name of a model's folder; None if nothing was."""
    if key is None:
        return None
    path = cache_folder() / _FOLDER / kind / key
    try:
        require_own(path)
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return text if _DIGEST.fullmatch(text) else None


def record(kind: str, key: str | None, name: str) -> None:
    """Remember the name of a model's folder."""
    if key is None:
        return
    folder = private_folder(cache_folder() / _FOLDER / kind)
    with work_folder(folder) as work:
        (work / key).write_text(name, encoding="ascii")
        (work / key).replace(folder / key)
    entries = sorted((p for p in folder.iterdir() if p.is_file()), key=lambda p: p.stat().st_mtime)
    for path in entries[:-_KEPT]:
        path.unlink(missing_ok=True)


@functools.cache
def _sources() -> bytes:
    """Digest of the gateware and its contract, and of what turns them into a model."""
    gateware = Path(spikeloom.hdl.__file__).parent
    files = [*gateware.rglob("*.py"), *Path(__file__).parent.glob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def _parts(core: CoreConfig) -> list[object]:
    """Records of what a configuration names: its neuron model and its learning rule."""
    parts = [getattr(core, "model", None), core.learning.format if core.learning else None]
    return [part for part in parts if part is not None]


def _is_own(part: object) -> bool:
    """Whether a record of a model or rule, and all that it calls, is SpikeLoom's own."""
    makers = [type(part), *(value for value in vars(part).values() if callable(value))]
    return all(str(getattr(maker, "__module__", "")).startswith(_OWN) for maker in makers)
