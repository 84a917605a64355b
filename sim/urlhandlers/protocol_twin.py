"""`serial.serial_for_url("twin://FILE")`: a twin of the configuration or design in FILE.

FILE is a `.toml` configuration or a saved design; `?seed=N` chooses the memory contents at power-up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import serial

from spikeloom.errors import SpikeLoomError
from spikeloom.hdl import ConfigError, CoreConfig

from ..twin import TwinPort, build_twin


def _config(path: Path) -> CoreConfig:
    if path.suffix == ".toml":
        return CoreConfig.from_toml(path)
    from spikeloom.design import Design

    return Design.load(path).config


class Serial(TwinPort):
    """The port that pyserial makes for a URL; line settings that it is given mean nothing here."""

    def __init__(self, port: str | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, timeout=kwargs.get("timeout"))
        self.port = port
        if port is not None:
            self.open()

    def open(self) -> None:
        """Power up the twin that the URL names."""
        parts = urlsplit(self.port or "")
        path = Path(unquote(parts.netloc + parts.path))
        seed = int(parse_qs(parts.query).get("seed", ["1"])[0])
        if not path.name:
            raise serial.SerialException("twin:// needs a file: twin://core.toml")
        try:
            self._power_up(build_twin(_config(path)), seed)
        except (ConfigError, SpikeLoomError) as error:
            raise serial.SerialException(f"{path}: {error}") from None
