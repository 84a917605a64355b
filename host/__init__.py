"""SpikeLoom: spiking networks from Python to FPGA, with hardware and model equal bit for bit.

>>> import spikeloom
>>> with spikeloom.open("twin:", design) as board:
...     run = board.run(spikes)

The public names are listed in `__init__.pyi`. Each is imported when it is first used, so that
importing the package stays cheap.
"""

from __future__ import annotations

from typing import Any

import lazy_loader
import serial

_offered, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_URL_HANDLERS = "spikeloom.sim.urlhandlers"
if _URL_HANDLERS not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append(_URL_HANDLERS)


def __getattr__(name: str) -> Any:
    if name != "__version__":
        return _offered(name)
    from importlib.metadata import version

    return version("spikeloom")
