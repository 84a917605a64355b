"""What every device does: run, read, write, stream, snapshot; and the golden model as a device.

`interface` is what a device has to have, `device` what is convenient on top of it.
"""

__all__ = [
    "clamps",
    "device",
    "golden",
    "interface",
    "monitors",
    "run",
    "storage",
]
