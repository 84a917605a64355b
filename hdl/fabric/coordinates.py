"""Where cores are in the mesh: from a core's number to its column and row."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Value

from ..contract.fabric_config import FabricConfig
from ..primitives.layouts import packet_layout


def coordinates(config: FabricConfig, core: Value) -> tuple[Value, Value]:
    """(column, row) of a core by its number; outside of the mesh if there is no such core."""
    layout = packet_layout(config)
    columns: list[Const] = []
    rows: list[Const] = []
    for k in range(1 << len(core)):
        row, column = divmod(k, config.columns) if k < config.cores else (config.rows, 0)
        columns.append(Const(column, layout["column"].shape))
        rows.append(Const(row, layout["row"].shape))
    return Array(columns)[core], Array(rows)[core]
