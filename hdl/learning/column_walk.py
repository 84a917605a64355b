"""The post side's walk: one column of the synapse memory for each neuron that fired."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.bits import times_constant
from ..primitives.layouts import column_layout


class ColumnWalk(wiring.Component):
    """Reads the words of each column: H = ceil(A / P) cycles for a column, without gaps.

    Members
    -------
    columns : stream of neurons (`column_layout`).
    read, word, axon_word, column : word `word` of the synapse memory is part `axon_word` of `column`.
    busy : a column is under way.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        layout = config.layout
        self._height = layout.axon_groups
        super().__init__(
            {
                "columns": In(stream.Signature(column_layout(config))),
                "read": Out(1),
                "word": Out(range(layout.groups * layout.axon_groups)),
                "axon_word": Out(range(layout.axon_groups)),
                "column": Out(column_layout(config)),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """The next column's first word is computed while the present column is read."""
        m = Module()
        lane_bits = clog2(self._config.lanes)
        start, start_valid = Signal.like(self.word), Signal()
        following = Signal(column_layout(self._config))
        finishing = Signal()
        last = Signal(init=self._height == 1)  # the part is the column's last one
        m.d.comb += finishing.eq(~self.read | last)
        m.d.sync += last.eq(
            (self._height == 1) | (~finishing & (self.axon_word == max(0, self._height - 2)))
        )
        m.d.comb += self.columns.ready.eq(~start_valid | finishing)
        with m.If(self.columns.ready):
            m.d.sync += [
                start_valid.eq(self.columns.valid),
                start.eq(times_constant(self.columns.payload.neuron >> lane_bits, self._height)),
                following.eq(self.columns.payload),
            ]
        with m.If(finishing):
            m.d.sync += [
                self.read.eq(start_valid),
                self.word.eq(start),
                self.column.eq(following),
                self.axon_word.eq(0),
            ]
        with m.Else():
            m.d.sync += [self.word.eq(self.word + 1), self.axon_word.eq(self.axon_word + 1)]
        m.d.comb += self.busy.eq(start_valid | self.read)
        return m
