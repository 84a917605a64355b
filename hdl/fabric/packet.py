"""What travels in the mesh: a spike, and the place of the core that it is for."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Value, unsigned
from amaranth.lib.data import StructLayout

from ..contract.core_config import CoreConfig, clog2
from ..contract.fabric_config import FabricConfig


def spike_layout(config: CoreConfig) -> StructLayout:
    """A spike that arrives at a core: `axon`, and `delay`, the axonal delay in steps."""
    return StructLayout(_spike(config))


def packet_layout(config: FabricConfig) -> StructLayout:
    """`column` and `row` of a core, and the spike for it: `axon` and `delay`.

    There is a place outside of every mesh: row `config.rows`, which `place` gives for cores that do not
    exist.
    """
    place = {"column": _number(config.columns), "row": _number(config.rows + 1)}
    return StructLayout({**place, **_spike(config.core)})


def place(config: FabricConfig, core: Value) -> tuple[Value, Value]:
    """(column, row) of a core by its number; a place outside of the mesh if there is no such core."""
    layout = packet_layout(config)
    columns: list[Const] = []
    rows: list[Const] = []
    for k in range(1 << len(core)):
        row, column = divmod(k, config.columns) if k < config.cores else (config.rows, 0)
        columns.append(Const(column, layout["column"].shape))
        rows.append(Const(row, layout["row"].shape))
    return Array(columns)[core], Array(rows)[core]


def _spike(config: CoreConfig) -> dict[str, unsigned]:
    return {
        "axon": _number(config.axons),
        "delay": _number(config.axonal_delay_slots),
    }


def _number(count: int) -> unsigned:
    """One of so many; a bit at least, because Verilog has no signals without bits."""
    return unsigned(max(1, clog2(count)))
