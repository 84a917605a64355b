"""All that stands against importing a netx file, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ..checked import Checked, NodeCheck, whole_refused
from ..netx.layers import check_layers
from ..netx.network import from_netx

_NAME = "netx"


def check_netx(path: Path, **options: Any) -> Checked:
    """All layers of a file, each fit or not; options are those of `from_netx`."""
    shape = options.get("input_shape")
    try:
        found = check_layers(
            path, options.get("skip_layers", 0), None if shape is None else tuple(shape)
        )
    except ForeignNetworkError as error:
        return Checked(_NAME, (whole_refused(str(error)),))
    rows = tuple(NodeCheck(name, kind, not reason, reason) for name, kind, reason in found)
    if not all(row.ok for row in rows):
        return Checked(_NAME, rows)
    try:
        return Checked(_NAME, rows, from_netx(path, **options))
    except ForeignNetworkError as error:
        return Checked(_NAME, (whole_refused(str(error)), *rows))
