"""From axons and neurons to rows and columns: looks up what is known of them, and hashes their tags."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.learning_config import TAG_BITS
from ..memories import BLOCK_LATENCY
from ..primitives.layouts import column_layout, row_layout
from .random_numbers import HASH_LATENCY, RowHash


class RowLookup(wiring.Component):
    """Axons or neurons in, rows or columns out: one per cycle, in order.

    Latency: none if there is nothing to look up; otherwise BLOCK_LATENCY, and HASH_LATENCY more with
    stochastic rounding.

    Members
    -------
    axons, neurons : streams in; neurons are taken while `column` is 1, axons while it is 0.
    rows, columns : streams out.
    busy : an axon or a neuron is in the pipeline.
    of_axon, index, hold, tag, modulatory : to `Records`.
    seed, step, phase : of the hashes, see `RowHash`.
    """

    def __init__(self, config: CoreConfig) -> None:
        c = config
        assert c.learning is not None
        self._hashes = c.learning.stochastic
        self._looks_up = self._hashes or "modulatory" in row_layout(c).members
        super().__init__(
            {
                "axons": In(stream.Signature(range(c.axons))),
                "neurons": In(stream.Signature(range(c.neurons))),
                "rows": Out(stream.Signature(row_layout(c))),
                "columns": Out(stream.Signature(column_layout(c))),
                "column": In(1),
                "busy": Out(1),
                "of_axon": Out(1),
                "index": Out(range(max(c.axons, c.neurons))),
                "hold": Out(1),
                "tag": In(TAG_BITS),
                "modulatory": In(1),
                "seed": In(32),
                "step": In(32),
                "phase": In(2),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A pipeline that stops as a whole."""
        m = Module()
        rows, columns, hold = self.rows, self.columns, self.hold
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
        stages = BLOCK_LATENCY + (HASH_LATENCY if self._hashes else 0)
        valid: list[Value] = [Mux(self.column, self.neurons.valid, self.axons.valid)]
        index: list[Value] = [Mux(self.column, self.neurons.payload, self.axons.payload)]
        for k in range(stages):
            valid_k, index_k = Signal(name=f"valid_{k}"), Signal(len(index[0]), name=f"index_{k}")
            with m.If(~hold):
                m.d.sync += [valid_k.eq(valid[-1]), index_k.eq(index[-1])]
            valid.append(valid_k)
            index.append(index_k)
        m.d.comb += [
            self.of_axon.eq(~self.column),
            self.index.eq(index[0]),
            self.axons.ready.eq(~hold & ~self.column),
            self.neurons.ready.eq(~hold & self.column),
            rows.valid.eq(valid[-1] & ~self.column),
            columns.valid.eq(valid[-1] & self.column),
            hold.eq(valid[-1] & ~Mux(self.column, columns.ready, rows.ready)),
            self.busy.eq(Cat(valid[1:]).any()),
            rows.payload.axon.eq(index[-1]),
            columns.payload.neuron.eq(index[-1]),
        ]
        if "modulatory" in rows.payload.shape().members:
            late: Value = self.modulatory
            for k in range(stages - BLOCK_LATENCY):
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
                unit.tag.eq(self.tag),
                rows.payload.hash.eq(unit.hash),
                columns.payload.hash.eq(unit.hash),
            ]
        return m
