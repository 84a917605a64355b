"""The fast model as a device: `spikeloom.open("fast:", design)`.

It needs Numba; importing this room raises `MissingToolError` where it is not installed.
"""

from .device import FastDevice
from .opening import open_fast

__all__ = ["FastDevice", "open_fast"]
