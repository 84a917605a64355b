"""Serial ports: opened with pyserial, and what to do when one cannot be opened."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Any

import serial
from serial.tools import list_ports

from spikeloom.hdl.contract.errors import PortError

from . import port_owner
from .port import Port

WRITE_TIMEOUT_S = 5.0


def open_serial(where: str, baud: int, **options: Any) -> Port:
    """Open a port with pyserial; every failure is a `PortError` that says what would work."""
    if "://" not in where:
        options = {"exclusive": True, **options}
    try:
        port = serial.serial_for_url(where, baudrate=baud, write_timeout=WRITE_TIMEOUT_S, **options)
    except (serial.SerialException, OSError, ValueError) as error:
        raise PortError(_explain(where, error)) from None
    # A USB adapter may hold small replies back for 16 ms otherwise.
    with contextlib.suppress(AttributeError, OSError, ValueError, NotImplementedError):
        port.set_low_latency_mode(True)
    return port


def _explain(where: str, error: Exception) -> str:
    number, text = getattr(error, "errno", None), str(error)
    if number == errno.EACCES or "PermissionError" in text or "Access is denied" in text:
        if os.name != "posix":
            return f"{where} is in use by another program, or may not be opened; close that program"
        return (
            f"you may not open {where}; join its group and log in again: "
            "sudo usermod -aG dialout $USER"
        )
    if number == errno.EBUSY or "exclusively lock" in text:
        owner = port_owner.find(where)
        if owner is not None and owner.pid != os.getpid():
            return port_owner.refusal(where, owner)
        return f"{where} is in use by another program; close that one first"
    if number == errno.ENOENT or "FileNotFoundError" in text:
        return f"there is no port {where!r}. {describe_ports()}"
    return f"{where!r} cannot be opened as a serial port: {text}. {describe_ports()}"


def describe_ports() -> str:
    """The serial ports that exist, and how to name one, as a sentence or two."""
    ports = sorted(list_ports.comports())
    if not ports:
        found = "No serial port exists: is the board plugged in and powered?"
    else:
        names = (
            port.device + (f" ({port.description})" if port.description != "n/a" else "")
            for port in ports
        )
        found = f"There are: {', '.join(names)}."
    return f'{found} Without a board, "twin:" opens a simulated one and "golden:" the golden model'
