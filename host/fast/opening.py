"""Opening the fast model: what it does not have runs on the golden model."""

from __future__ import annotations

import time
import warnings

from spikeloom.hdl.contract.errors import FallbackWarning
from spikeloom.sim.fast import prepare, unsupported

from ..design.design import Design
from ..device.golden import GoldenDevice
from ..display.progress import note_if_long
from .device import FastDevice


def open_fast(design: Design) -> GoldenDevice:
    """The fast model of a design; with a `FallbackWarning` the golden model, if it has to be.

    The model is compiled once, when it is first opened after an installation, which takes some
    twenty seconds; a line on a terminal says so.
    """
    missing = unsupported(design.config)
    if missing:
        warnings.warn(
            f"the fast model does not have {missing}: the golden model runs this design, with the "
            "same results",
            FallbackWarning,
            stacklevel=3,
        )
        return GoldenDevice(design)
    began = time.monotonic()
    prepare()
    note_if_long("the fast model was compiled, once for all designs", time.monotonic() - began)
    return FastDevice(design)
