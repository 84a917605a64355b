"""The twin's serial port: a pyserial port whose line ends in a simulated chip."""

from __future__ import annotations

import ctypes
import functools
import math
from pathlib import Path
from typing import TYPE_CHECKING

import serial
from serial import PortNotOpenError, SerialBase

from spikeloom.hdl.contract.line_rate import PHASE_BITS

from .build import TwinLibrary

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_CHUNK = 200_000
"""Cycles between two chances for an interrupt."""


@functools.cache
def _load(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    handle, count = ctypes.c_void_p, ctypes.c_size_t
    signatures = {
        "twin_new": (handle, [ctypes.c_uint64, ctypes.c_double]),
        "twin_delete": (None, [handle]),
        "twin_cycles": (ctypes.c_uint64, [handle]),
        "twin_send": (None, [handle, ctypes.c_char_p, count]),
        "twin_set_rate": (None, [handle, ctypes.c_double]),
        "twin_follow": (None, [handle, ctypes.c_double]),
        "twin_unsent": (count, [handle]),
        "twin_available": (count, [handle]),
        "twin_take": (count, [handle, ctypes.c_char_p, count]),
        "twin_run": (None, [handle, ctypes.c_uint64, count]),
        "twin_drain": (None, [handle, ctypes.c_uint64]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class TwinPort(SerialBase):
    """A serial port to a twin, with pyserial's interface.

    Time is simulated: it advances only while a client waits in `read`, `flush` or `advance`, and
    `timeout` is in that time.  The baud rate is at first the chip's own.

    Parameters
    ----------
    library : the compiled twin; None: a subclass powers it up when it is opened.
    seed : chooses the contents of memories at power-up.
    """

    def __init__(
        self, library: TwinLibrary | None, *, seed: int = 1, timeout: float | None = None
    ) -> None:
        self._handle = None
        super().__init__(timeout=timeout)
        if library is not None:
            self._port = "twin://"
            self._power_up(library, seed)

    def _power_up(self, library: TwinLibrary, seed: int) -> None:
        self._library = _load(library.path)
        self._handle = self._library.twin_new(seed, library.clock_hz / library.baud)
        self.clock_hz = library.clock_hz
        self._baudrate = library.baud
        self.is_open = True

    def open(self) -> None:
        """A closed twin is gone; make another one."""
        if not self.is_open:
            raise serial.SerialException("the twin was switched off; open a new one")

    def close(self) -> None:
        """Switch the twin off; closing twice does nothing."""
        if self.is_open:
            self.is_open = False
            self._library.twin_delete(self._handle)
            self._handle = None

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self.close()

    @property
    def cycles(self) -> int:
        """Clock cycles since power-up."""
        self._check()
        return int(self._library.twin_cycles(self._handle))

    def now(self) -> float:
        """Simulated time since power-up, in seconds."""
        return self.cycles / self.clock_hz

    def advance(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._check()
        self._library.twin_run(self._handle, math.ceil(seconds * self.clock_hz), 1 << 40)

    def follow_rate(self) -> None:
        """From now on the line is as fast as the chip's UART, whatever `baudrate` says.

        For lines that do not carry a rate, as that of a pseudo-terminal.
        """
        self._check()
        self._library.twin_follow(self._handle, float(1 << PHASE_BITS))

    @property
    def in_waiting(self) -> int:
        """Bytes that have come."""
        self._check()
        return int(self._library.twin_available(self._handle))

    @property
    def out_waiting(self) -> int:
        """Bytes that the line has not taken yet."""
        self._check()
        return int(self._library.twin_unsent(self._handle))

    def read(self, size: int = 1) -> bytes:
        """Up to `size` bytes; fewer when `timeout` seconds of simulated time are over."""
        self._check()
        left = math.inf if self.timeout is None else math.ceil(self.timeout * self.clock_hz)
        while left > 0 and self.in_waiting < size:
            chunk = int(min(left, _CHUNK))
            self._library.twin_run(self._handle, chunk, size)
            left -= chunk
        buffer = ctypes.create_string_buffer(size)
        count = self._library.twin_take(self._handle, buffer, size)
        return buffer.raw[:count]

    def write(self, b: Buffer, /) -> int:
        """Queue bytes for the line; they move while time advances."""
        self._check()
        data = bytes(b)
        self._library.twin_send(self._handle, data, len(data))
        return len(data)

    def flush(self) -> None:
        """Wait until the line has taken everything."""
        self._check()
        while self.out_waiting:
            self._library.twin_drain(self._handle, _CHUNK)

    def reset_input_buffer(self) -> None:
        """Drop what has come."""
        self.read(self.in_waiting)

    def reset_output_buffer(self) -> None:
        """The line has already taken what was written."""
        self._check()

    def _check(self) -> None:
        if not self.is_open:
            raise PortNotOpenError

    def _reconfigure_port(self, *args: object, **kwargs: object) -> None:
        """Of all line settings only the baud rate is real: at another one than the chip's come errors."""
        if self._handle is not None:
            self._library.twin_set_rate(self._handle, self.clock_hz / self._baudrate)
