"""`serial.serial_for_url("twin://FILE")`: a twin of the configuration or design in FILE.

FILE is a `.toml` configuration or a saved design, `twin:///…` an absolute path.  Options follow a
`?`, with `&` between them: `baud` (of the simulated line), `clock_hz`, and `seed` (chooses the memory
contents at power-up), as in `twin://net.slm?baud=3000000&seed=2`.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import serial

from spikeloom.design.design import Design
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import SpikeLoomError

from ..twin import TwinPort, build_twin
from ..twin.build import BAUD, CLOCK_HZ

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_OPTIONS = {"baud": BAUD, "clock_hz": CLOCK_HZ, "seed": 1}
_SLICE = 1e-3
"""Simulated seconds after which a thread that waits for bytes lets others have the port."""
_IDLE_SLICES = 50
_IDLE_WAIT = 0.01
"""Seconds that simulated time stands still between slices when nothing has moved for some."""


def _config(path: Path) -> CoreConfig:
    if path.suffix == ".toml":
        return CoreConfig.from_toml(path)

    return Design.load(path).config


def _options(query: str) -> dict[str, int]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in given.items():
        if name not in _OPTIONS or not value.isdecimal():
            known = ", ".join(f"{known}={default}" for known, default in _OPTIONS.items())
            raise serial.SerialException(f"twin://: cannot use {name}={value}; there are {known}")
    return {**_OPTIONS, **{name: int(value) for name, value in given.items()}}


class Serial(TwinPort):
    """The port that pyserial makes for a URL; the line settings that it is given mean nothing here.

    One thread may read while another one writes, as terminals do.  While a reader waits in vain,
    simulated time soon goes more slowly, to leave the processor alone.
    """

    cts = dsr = cd = True
    ri = False
    _timeout: float | None

    def __init__(self, port: str | None = None, *args: Any, **kwargs: Any) -> None:
        self._lock = threading.RLock()
        self._cancelled = threading.Event()
        super().__init__(None, timeout=kwargs.get("timeout"))
        self.port = port
        if port is not None:
            self.open()

    def open(self) -> None:
        """Power up the twin that the URL names."""
        parts = urlsplit(self.port or "")
        path = Path(unquote(parts.netloc + parts.path))
        options = _options(parts.query)
        if not path.name:
            raise serial.SerialException("twin:// needs a file: twin://core.toml")
        seed = options.pop("seed")
        try:
            self._power_up(build_twin(_config(path), **options), seed)
        except (SpikeLoomError, OSError) as error:
            raise serial.SerialException(f"{path}: {error}") from None

    def read(self, size: int = 1) -> bytes:
        """As `TwinPort.read`, and until `cancel_read`."""
        timeout = self.timeout
        end = None if timeout is None else self.now() + timeout
        data, idle = b"", 0
        self._cancelled.clear()
        while len(data) < size and not self._cancelled.is_set():
            with self._lock:
                left = _SLICE if end is None else min(_SLICE, end - self.now())
                new = self._read_within(size - len(data), max(left, 0.0))
                idle = 0 if new or self.out_waiting else idle + 1
            data += new
            if not new and left < _SLICE:
                break
            if idle > _IDLE_SLICES:
                time.sleep(_IDLE_WAIT)
        return data

    def _read_within(self, size: int, seconds: float) -> bytes:
        timeout, self._timeout = self._timeout, seconds
        try:
            return super().read(size)
        finally:
            self._timeout = timeout

    def cancel_read(self) -> None:
        """End a `read` of another thread."""
        self._cancelled.set()

    def write(self, b: Buffer, /) -> int:
        """As `TwinPort.write`."""
        with self._lock:
            return super().write(b)

    @property
    def in_waiting(self) -> int:
        """Bytes that have come."""
        with self._lock:
            return super().in_waiting

    def close(self) -> None:
        """As `TwinPort.close`."""
        with self._lock:
            super().close()

    def _reconfigure_port(self, *args: object, **kwargs: object) -> None:
        """Programs set what they like, and mean a line that works."""

    def _update_rts_state(self) -> None:
        """The chip has no such line."""

    _update_dtr_state = _update_break_state = _update_rts_state
