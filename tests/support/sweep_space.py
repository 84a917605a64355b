"""Functions of design spaces, cheap ones, which workers import from this file."""

import os
import time
import uuid
from pathlib import Path

from spikeloom.hdl.contract.errors import FitError

PAUSE_S = 0.02


def recorded(k, folder):
    """Leave a file for each call, with the process in it; then take a while."""
    (Path(folder) / f"{k}-{uuid.uuid4().hex}").write_text(str(os.getpid()))
    time.sleep(PAUSE_S)
    return {"square": k * k, "minus": -k}


def partly(k):
    """One point cannot be, one fails."""
    if k == 1:
        raise FitError("one does not fit")
    if k == 2:
        raise ZeroDivisionError("two fails")
    return {"k": k}


def calls(folder):
    """How often each point was begun."""
    counts = {}
    for path in Path(folder).iterdir():
        k = int(path.name.split("-")[0])
        counts[k] = counts.get(k, 0) + 1
    return counts
