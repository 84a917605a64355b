"""The learning lanes: what is read of rows and columns is changed by the rule and written back."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.learning_config import SCALING_BITS
from ..contract.widths import clog2
from ..primitives.latencies import RECORD_LATENCY, TRANSPOSABLE_LATENCY
from ..primitives.layouts import column_layout, record, row_layout, row_stride, synapse_layout
from ..primitives.pipeline import pipeline
from .random_numbers import synapse_random
from .rules import Lane, Rule
from .synapse_memory import WRITE_LATENCY


class LearningLanes(wiring.Component):
    """P synapses per cycle, in a row or a column; written `TRANSPOSABLE_LATENCY` + the rule's latency later.

    Members
    -------
    row, row_address, group, row_read : from `Integrator`, as it reads.
    column, column_word, axon_word, column_read : from `ColumnWalk`, as it reads.
    sweep, clear : what rows are for, if not for the pre side; hold them until not `busy`.
    frozen : change nothing (but clear).
    synapses, axons, neurons : what was read, `TRANSPOSABLE_LATENCY` cycles later for synapses and
        `RECORD_LATENCY` for records.
    gains : scaling factors of the group, RECORD_LATENCY cycles later.
    write… : to `TransposableMemory`.
    updates, weight_clamps, state_clamps : in this cycle.
    busy : something read is still to be written.
    """

    def __init__(self, config: CoreConfig, rule: Rule) -> None:
        self._config, self._rule = config, rule
        c, layout = config, config.layout
        lanes, words = c.lanes, layout.groups * layout.axon_groups
        count = range(lanes + 1)
        by_lane = data.ArrayLayout(synapse_layout(c), lanes)
        super().__init__(
            {
                "row": In(row_layout(c)),
                "row_address": In(range(row_stride(c) * layout.groups)),
                "group": In(range(layout.groups)),
                "row_read": In(1),
                "column": In(column_layout(c)),
                "column_word": In(range(words)),
                "axon_word": In(range(layout.axon_groups)),
                "column_read": In(1),
                "sweep": In(1),
                "clear": In(1),
                "frozen": In(1),
                "parameters": In(record(layout.learning)),
                "synapses": In(by_lane),
                "axons": In(data.ArrayLayout(record(layout.axon_fields), lanes)),
                "neurons": In(data.ArrayLayout(record(layout.neuron_fields), lanes)),
                "gains": In(data.ArrayLayout(signed(SCALING_BITS), lanes)),
                "write": Out(lanes),
                "write_column": Out(1),
                "write_word": Out(range(words)),
                "write_low": Out(range(lanes)),
                "write_words": Out(by_lane),
                "updates": Out(count),
                "weight_clamps": Out(count),
                "state_clamps": Out(count),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Operands meet when the synapses come; results meet the address that was kept for them."""
        m = Module()
        c, latency = self._config, self._rule.latency
        lane_bits = clog2(c.lanes)
        is_column = self.column_read
        low = Mux(
            is_column, self.column.neuron[:lane_bits], self.row_address[:lane_bits]
        )  # fmt: skip
        word = Mux(is_column, self.column_word, self.row_address[lane_bits:])
        read = self.row_read | self.column_read

        def at_operands(value: Value, name: str, since: int = 0) -> Value:
            return pipeline(m, value, TRANSPOSABLE_LATENCY - since, name)

        exists = self._exists(m, at_operands)
        post = at_operands(is_column, "post")
        sweep, clear = self.sweep, self.clear
        valid = at_operands(read, "valid")

        written = pipeline(m, valid, latency, "written")
        flushing = [read, valid, written]
        busy_tail = Signal(TRANSPOSABLE_LATENCY + latency + WRITE_LATENCY + 1)
        m.d.sync += busy_tail.eq(Cat(read, busy_tail))
        m.d.comb += self.busy.eq(Cat(busy_tail, *flushing).any())
        write_low = pipeline(m, at_operands(low, "low"), latency, "low_late")
        m.d.comb += [
            self.write_word.eq(pipeline(m, at_operands(word, "word"), latency, "word_late")),
            self.write_column.eq(pipeline(m, post, latency, "post_late")),
        ]
        if lane_bits:
            m.d.comb += self.write_low.eq(write_low)

        hash_: Value | None = None
        if "hash" in self.row.shape().members:
            hash_ = Mux(is_column, self.column.hash, self.row.hash)
            hash_ = pipeline(m, hash_, RECORD_LATENCY, "hash")
        late_column = pipeline(m, is_column, RECORD_LATENCY, "late_column")
        updates, weight_clamps, state_clamps = [], [], []
        for k in range(c.lanes):
            axon, neuron = self._records(m, k)
            random = None
            if hash_ is not None:
                tag = Mux(late_column, self.axons[k].tag, self.neurons[k].tag)
                random = pipeline(
                    m,
                    synapse_random(hash_, tag),
                    TRANSPOSABLE_LATENCY - RECORD_LATENCY,
                    f"random_{k}",
                )
            lane = Lane(
                name=f"lane_{k}",
                pre=~post & ~sweep & ~clear,
                post=post,
                sweep=sweep,
                clear=clear,
                synapse=self.synapses[k],
                axon=axon,
                neuron=neuron,
                random=random,
                gain=pipeline(m, self.gains[k], TRANSPOSABLE_LATENCY - RECORD_LATENCY, f"gain_{k}"),
                parameters=self.parameters,
            )
            result = self._rule.lane(m, lane)
            plastic = valid & exists[k] & self.synapses[k].plastic & ~self.frozen & ~clear
            learns = pipeline(m, plastic, latency, f"learns_{k}")
            old = pipeline(m, self.synapses[k].as_value(), latency, f"old_{k}")
            m.d.comb += [
                self.write_words[k].as_value().eq(old),
                self.write[k].eq(learns | (clear & written)),
            ]
            for name, value in result.fields.items():
                m.d.comb += self.write_words[k][name].eq(value)
            updates.append(learns)
            weight_clamps.append(result.weight_clamp & learns)
            state_clamps.append(result.state_clamp & learns)
        m.d.sync += [
            self.updates.eq(sum(updates, Const(0))),
            self.weight_clamps.eq(sum(weight_clamps, Const(0))),
            self.state_clamps.eq(sum(state_clamps, Const(0))),
        ]
        return m

    def _exists(self, m: Module, at_operands: object) -> list[Value]:
        """By lane: 0 for padding."""
        c, layout = self._config, self._config.layout
        row_full = Signal()
        column_full = Signal()
        m.d.comb += [
            row_full.eq(self.group != layout.groups - 1),
            column_full.eq(self.axon_word != layout.axon_groups - 1),
        ]
        result: list[Value] = []
        for k in range(c.lanes):
            neuron_exists = row_full | (k < c.neurons - (layout.groups - 1) * c.lanes)
            axon_exists = column_full | (k < c.axons - (layout.axon_groups - 1) * c.lanes)
            exists = Mux(self.column_read, axon_exists, neuron_exists)
            result.append(pipeline(m, exists, TRANSPOSABLE_LATENCY, f"exists_{k}"))
        return result

    def _records(
        self, m: Module, k: int
    ) -> tuple[data.View[data.StructLayout], data.View[data.StructLayout]]:
        """Records of lane k when its synapse comes."""
        delayed = []
        for name, records in (("axon", self.axons), ("neuron", self.neurons)):
            layout = records[k].shape()
            late = pipeline(
                m,
                records[k].as_value(),
                TRANSPOSABLE_LATENCY - RECORD_LATENCY,
                f"{name}_record_{k}",
            )
            delayed.append(data.View(layout, late))
        return delayed[0], delayed[1]
