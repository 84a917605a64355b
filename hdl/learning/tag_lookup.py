"""From axons and neurons to rows and columns: looks up their tags, and hashes them."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.latencies import RECORD_LATENCY
from ..primitives.layouts import column_layout, record, row_layout
from .random_numbers import HASH_LATENCY, RowHash


class TagLookup(wiring.Component):
    """Axons or neurons in, rows or columns out: one per cycle, in order.

    Latency: none if there is nothing to look up; otherwise RECORD_LATENCY + 1, and HASH_LATENCY more with
    stochastic rounding.

    Members
    -------
    axons, neurons : streams in; neurons are taken while `column` is 1, axons while it is 0.
    rows, columns : streams out.
    busy : an axon or a neuron is in the pipeline.
    axon_word, neuron_group, axon_records, neuron_records, hold : to the memories of the tags.
    seed, step, phase : of the hashes, see `RowHash`.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        assert c.learning is not None
        self._hashes = c.learning.stochastic
        self._looks_up = self._hashes or "modulatory" in row_layout(c).members
        layout = c.layout
        members = {
            "axons": In(stream.Signature(range(c.axons))),
            "neurons": In(stream.Signature(range(c.neurons))),
            "rows": Out(stream.Signature(row_layout(c))),
            "columns": Out(stream.Signature(column_layout(c))),
            "column": In(1),
            "busy": Out(1),
            "axon_word": Out(range(layout.axon_groups)),
            "neuron_group": Out(range(layout.groups)),
            "axon_records": In(data.ArrayLayout(record(layout.axon_fields), c.lanes)),
            "neuron_records": In(data.ArrayLayout(record(layout.neuron_fields), c.lanes)),
            "hold": Out(1),
            "seed": In(32),
            "step": In(32),
            "phase": In(2),
        }
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """A pipeline that stops as a whole."""
        m = Module()
        rows, columns = self.rows, self.columns
        if not self._looks_up:
            m.d.comb += [
                rows.valid.eq(self.axons.valid & ~self.column),
                rows.payload.axon.eq(self.axons.payload),
                self.axons.ready.eq(rows.ready & ~self.column),
                columns.valid.eq(self.neurons.valid & self.column),
                columns.payload.neuron.eq(self.neurons.payload),
                self.neurons.ready.eq(columns.ready & self.column),
            ]
            return m
        c, hold = self._config, self.hold
        lane_bits = clog2(c.lanes)
        stages = RECORD_LATENCY + 1 + (HASH_LATENCY if self._hashes else 0)
        valid: list[Value] = [Mux(self.column, self.neurons.valid, self.axons.valid)]
        index: list[Value] = [Mux(self.column, self.neurons.payload, self.axons.payload)]
        for k in range(stages):
            valid_k, index_k = Signal(name=f"valid_{k}"), Signal(len(index[0]), name=f"index_{k}")
            with m.If(~hold):
                m.d.sync += [valid_k.eq(valid[-1]), index_k.eq(index[-1])]
            valid.append(valid_k)
            index.append(index_k)
        m.d.comb += [
            self.axon_word.eq(self.axons.payload >> lane_bits),
            self.neuron_group.eq(self.neurons.payload >> lane_bits),
            self.axons.ready.eq(~hold & ~self.column),
            self.neurons.ready.eq(~hold & self.column),
            rows.valid.eq(valid[-1] & ~self.column),
            columns.valid.eq(valid[-1] & self.column),
            hold.eq(valid[-1] & ~Mux(self.column, columns.ready, rows.ready)),
            self.busy.eq(Cat(valid[1:]).any()),
            rows.payload.axon.eq(index[-1]),
            columns.payload.neuron.eq(index[-1]),
        ]
        lane = index[RECORD_LATENCY][:lane_bits] if lane_bits else Const(0)
        axon, neuron = (
            Array(records[k].as_value() for k in range(c.lanes))[lane]
            for records in (self.axon_records, self.neuron_records)
        )
        axon_record, neuron_record = (
            Signal(record(c.layout.axon_fields)),
            Signal(record(c.layout.neuron_fields)),
        )
        with m.If(~hold):
            m.d.sync += [axon_record.as_value().eq(axon), neuron_record.as_value().eq(neuron)]
        if "modulatory" in row_layout(c).members:
            late: Value = axon_record.modulatory
            for k in range(stages - RECORD_LATENCY - 1):
                register = Signal(name=f"modulatory_{k}")
                with m.If(~hold):
                    m.d.sync += register.eq(late)
                late = register
            m.d.comb += rows.payload.modulatory.eq(late)
        if self._hashes:
            m.submodules.hash = unit = RowHash()
            m.d.comb += [
                unit.seed.eq(self.seed),
                unit.step.eq(self.step),
                unit.phase.eq(self.phase),
                unit.hold.eq(hold),
                unit.tag.eq(Mux(self.column, neuron_record.tag, axon_record.tag)),
                rows.payload.hash.eq(unit.hash),
                columns.payload.hash.eq(unit.hash),
            ]
        return m
