"""What travels in the mesh: a spike, and the place of the core that it is for."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Value, unsigned
from amaranth.lib.data import StructLayout

from ..config import CoreConfig, clog2
from ..fabric_config import FabricConfig


def spike_layout(config: CoreConfig) -> StructLayout:
    """A spike that arrives at a core: `axon`, and `delay`, the axonal delay in steps."""
    return StructLayout(_spike(config))


def packet_layout(config: FabricConfig) -> StructLayout:
    """`column` and `row` of a core, and the spike for it: `axon` and `delay`.

    There is a place outside of every mesh: row `config.rows`, which `place` gives for cores that do not
    exist.
    """
    place = {"column": unsigned(clog2(config.columns)), "row": unsigned(clog2(config.rows + 1))}
    return StructLayout({**place, **_spike(config.core)})


def place(config: FabricConfig, core: Value) -> tuple[Value, Value]:
    """(column, row) of a core by its number; a place outside of the mesh if there is no such core."""
    columns, rows = config.columns, config.rows
    layout = packet_layout(config)
    column = [Const(k % columns, layout["column"].shape) for k in range(config.cores)]
    row = [Const(k // columns, layout["row"].shape) for k in range(config.cores)]
    # An index beyond the end of an array is its last.
    nowhere = Const(rows, layout["row"].shape)
    return Array([*column, column[0]])[core], Array([*row, nowhere])[core]


def _spike(config: CoreConfig) -> dict[str, unsigned]:
    return {
        "axon": unsigned(clog2(config.axons)),
        "delay": unsigned(clog2(config.axonal_delay_slots)),
    }
