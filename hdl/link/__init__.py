"""The gateware of the link: UART, frames, and the commands inside them (docs/reference/link.md)."""

from .processor import Processor
from .receiver import Receiver
from .transmitter import Transmitter
from .uart import LineRate, UartReceiver, UartTransmitter

__all__ = [
    "LineRate",
    "Processor",
    "Receiver",
    "Transmitter",
    "UartReceiver",
    "UartTransmitter",
]
