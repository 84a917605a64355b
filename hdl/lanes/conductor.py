"""The conductor: from rows, columns and walks to what the lanes do in each cycle."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.bits import times_constant
from ..primitives.layouts import column_layout, row_layout, synapse_memories
from ..primitives.operations import RETURN_STAGES, operation


class Conductor(wiring.Component):
    """Gives the lanes an operation per cycle.

    A row takes ceil(N / P) cycles, a column ceil(A / P), a walk over the neurons N; they follow each
    other without a gap, but where a sum would be read before it is back in memory: then the next
    row waits.

    Members
    -------
    rows : stream of axons; what their rows do is in the next five.
    add, learn, sweep, clear, plastic_only : see `operation`.
    columns : stream of neurons whose columns learn; never together with rows.
    take : pulse while `idle`: walk over all neurons, and take their sums.
    all_sums : the walk is over the padding as well.
    taking : a neuron's sums are taken in this cycle.
    slot : of sums that are taken, in a ring.
    touch, touch_axon, touch_neuron, host : one synapse is touched, while `idle`.
    peek, put, accumulator : one neuron's sums are taken and kept, or stored (with `touch_neuron`).
    op : to the lanes, a cycle later.
    idle : nothing to do.
    drained : and the next walk may take the sums.
    settled : and what was done is in the memories of all lanes.

    Parameters
    ----------
    settle : cycles from an operation until another may follow it that reads what it wrote.
    turn : operations that write come in turns of so many cycles, and then pause for as many; 0: always.
    """

    def __init__(self, config: CoreConfig, settle: int, turn: int = 0) -> None:
        self._config, self._settle, self._turn = config, settle, turn
        c = config
        members: dict[str, Any] = {
            "rows": In(stream.Signature(row_layout(c))),
            "add": In(1),
            "take": In(1),
            "all_sums": In(1),
            "taking": Out(1),
            "slot": In(clog2(c.delay_slots)),
            "touch": In(1),
            "touch_axon": In(range(c.axons)),
            "touch_neuron": In(range(c.neurons)),
            "host": In(len(synapse_memories(c))),
            "peek": In(1),
            "put": In(1),
            "accumulator": In(c.layout.accumulators),
            "op": Out(operation(c)),
            "idle": Out(1),
            "drained": Out(1),
            "settled": Out(1),
        }
        if c.learning is not None:
            members |= {
                "columns": In(stream.Signature(column_layout(c))),
                "learn": In(1),
                "sweep": In(1),
                "clear": In(1),
                "plastic_only": In(1),
            }
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """An item, what is under way of it, and the operation that follows."""
        m = Module()
        c, layout = self._config, self._config.layout
        learns = c.learning is not None
        lane_bits = clog2(c.lanes)
        bits = max(clog2(max(c.axons, layout.groups * c.lanes)), lane_bits + 1)
        item = Signal(bits)
        part = Signal(range(max(layout.groups, layout.axon_groups)))
        row, column, walk = Signal(), Signal(), Signal()
        last_part = Signal()  # a register: much waits for the end of an item
        goes = self._goes(m, row, column)
        free = Signal()
        m.d.comb += free.eq(~(row | column | walk) | ((row | column) & last_part & goes))
        blocked = self._blocked(m, lane_bits)
        m.d.comb += self.rows.ready.eq(free & ~blocked)
        single = self.touch | self.peek | self.put
        with m.If(free):
            m.d.sync += [row.eq(0), column.eq(0), part.eq(0)]
            m.d.sync += [item.eq(self.rows.payload.axon), last_part.eq(layout.groups == 1)]
            with m.If(self.rows.valid & ~blocked):
                m.d.sync += row.eq(1)
            if learns:
                m.d.comb += self.columns.ready.eq(1)
                with m.If(self.columns.valid):
                    m.d.sync += [column.eq(1), item.eq(self.columns.payload.neuron)]
                    m.d.sync += last_part.eq(layout.axon_groups == 1)
            with m.If(self.take):
                m.d.sync += [walk.eq(1), item.eq(0)]
        with m.Elif((row | column) & goes):
            before_last = Mux(column, layout.axon_groups - 2, layout.groups - 2)
            m.d.sync += [part.eq(part + 1), last_part.eq(part == before_last)]
        end = Signal(bits)
        m.d.comb += end.eq(Mux(self.all_sums, layout.groups * c.lanes - 1, c.neurons - 1))
        with m.If(walk):
            m.d.sync += [item.eq(item + 1), walk.eq(item != end)]

        op = Signal(operation(c))
        touched = Signal()
        m.d.comb += touched.eq(self.touch)
        low = Signal(lane_bits)
        high, group = Signal(bits - lane_bits), Signal(bits - lane_bits)
        m.d.comb += [
            low.eq(Mux(touched, self.touch_axon[:lane_bits], item[:lane_bits])),
            high.eq(Mux(row, item[lane_bits:], part)),
            group.eq(Mux(row, part, item[lane_bits:])),
        ]
        with m.If(touched):
            m.d.comb += [
                high.eq(self.touch_axon[lane_bits:]),
                group.eq(self.touch_neuron[lane_bits:]),
            ]
        with m.If(self.peek | self.put):
            m.d.comb += [
                low.eq(self.touch_neuron[:lane_bits]),
                group.eq(self.touch_neuron[lane_bits:]),
            ]
        m.d.comb += [
            op.word.eq(times_constant(group, layout.axon_groups) + high),
            op.low.eq(low),
            op.mirror.eq(~row & ~touched),
            op.group.eq(group),
            op.add.eq(row & self.add & goes),
            op.take.eq(walk | self.peek | self.put),
            op.store.eq(
                ((row & self.add & goes) | walk).replicate(layout.accumulators)
                | (self.put.replicate(layout.accumulators) & self.accumulator)
            ),
            op.slot.eq(self.slot),
            op.put.eq(self.put),
            op.touch.eq(touched),
            op.target.eq(self.touch_axon[:lane_bits] ^ self.touch_neuron[:lane_bits]),
            op.host.eq(self.host),
            self.taking.eq(walk),
        ]
        if learns:
            m.d.comb += [
                op.record.eq(part),
                op.learn.eq(((row & self.learn) | column) & goes),
                op.post.eq(column),
                op.sweep.eq(row & self.sweep),
                op.clear.eq(row & self.clear & goes),
            ]
            self._described(m, op, free, column)
        m.d.sync += self.op.eq(op)

        waited = Signal(range(self._settle + c.lanes + 2))
        enough = waited == self._settle + (c.lanes if learns else 0)
        single_late = Signal()  # the next one comes later than that in any case
        m.d.sync += single_late.eq(single)
        with m.If(row | column | walk | single_late):
            m.d.sync += waited.eq(0)
        with m.Elif(~enough):
            m.d.sync += waited.eq(waited + 1)
        m.d.comb += [
            self.settled.eq(self.idle & enough),
            self.idle.eq(~(row | column | walk)),
            self.drained.eq(self.idle & (waited >= 2)),
        ]
        return m

    def _goes(self, m: Module, row: Value, column: Value) -> Value:
        """The operation of the row or column at hand may be given to the lanes."""
        if not self._turn:
            return Const(1)
        cycle = Signal(self._turn.bit_length())
        m.d.sync += cycle.eq(cycle + 1)
        return ~((row & (self.learn | self.clear)) | column) | ~cycle[-1]

    def _described(self, m: Module, op: Any, free: Value, column: Value) -> None:
        """What learning knows of a row or column."""
        members = op.shape().members
        for name in ("modulatory", "hash"):
            if name not in members:
                continue
            kept = Signal.like(op[name], name=f"kept_{name}")
            with m.If(free):
                m.d.sync += kept.eq(self.rows.payload[name])
                if name == "hash":
                    with m.If(self.columns.valid):
                        m.d.sync += kept.eq(self.columns.payload[name])
            m.d.comb += op[name].eq(kept)
        if "plastic_only" in members:
            m.d.comb += op.plastic_only.eq(self.plastic_only)

    def _blocked(self, m: Module, lane_bits: int) -> Value:
        """The next row would read a sum that an earlier one is still adding to.

        That is so for axons with the same low bits, whose rows begin less than `RETURN_STAGES` + 1
        cycles apart.
        """
        if self._config.layout.groups > RETURN_STAGES:
            return Const(0)
        following = self.rows.payload.axon[:lane_bits]
        valid: Value = self.rows.valid & self.rows.ready
        low, blocked = following, Const(0)
        for k in range(RETURN_STAGES):
            earlier = Signal(name=f"valid_{k}"), Signal(lane_bits, name=f"low_{k}")
            m.d.sync += [earlier[0].eq(valid), earlier[1].eq(low)]
            valid, low = earlier
            blocked = blocked | (valid & (low == following))
        return blocked
