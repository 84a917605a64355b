"""The gateware of the link: UART, frames, and what commands are made of (docs/reference/link.md)."""

from .receiver import Receiver
from .transmitter import Transmitter
from .uart import LineRate, UartReceiver, UartTransmitter

__all__ = [
    "LineRate",
    "Receiver",
    "Transmitter",
    "UartReceiver",
    "UartTransmitter",
]
