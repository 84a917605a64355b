"""The learning engine: records, what rows and columns are for, and the sweeps at the end of periods."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..primitives.layouts import column_layout, record, row_layout
from ..primitives.signatures import FiredSignature
from .lane_records import RecordPort
from .random_numbers import KEY_LATENCY, POST, PRE, SWEEP
from .records import Records, record_access
from .row_lookup import RowLookup
from .scaling import Scaling


class LearningEngine(wiring.Component):
    """Says what rows and columns do, and when.

    Rows of the step's axons come while integrating; the records walk behind the somas; then the
    neurons that fired have their columns, ceil(A / P) cycles each; then the sweep if there is one:
    A·G cycles, with scaling 2·A·G + N.

    Members
    -------
    axons : stream of axons of the step.
    rows, columns : streams to `Conductor`.
    add, learn, sweep, row_clear, plastic_only : what rows do (`operation`).
    idle, settled : from `Conductor`.
    take, taking, sums : of scaling, to and from `Conductor` and `Lanes`.
    fired : from `NeuronUpdate`.
    spikes : stream of neurons that fired; taken at once where learning is disabled.
    update, wipe : pulses; begin the records' walk, as the update begins or as all state is cleared.
    close : the step's spikes are all out: sweep if it is due.  Hold until `closed`.
    busy : anything is under way.
    looking_up : rows are on their way to the conductor.
    clearing : state is being cleared.
    step : number of this step.
    records : to the copies in the lanes.
    parameters : of the rule.
    record_access : between steps.
    clamps : in this cycle.
    """

    def __init__(self, config: CoreConfig) -> None:
        assert config.learning is not None
        self._config = c = config
        self._learning = config.learning
        self._rule = rule = config.learning.format.part("gateware")(config)
        self._records = Records(c, rule)
        self._lookup = RowLookup(c)
        layout = c.layout
        members: dict[str, Any] = {
            "axons": In(stream.Signature(range(c.axons))),
            "rows": Out(stream.Signature(row_layout(c))),
            "columns": Out(stream.Signature(column_layout(c))),
            "add": Out(1),
            "learn": Out(1),
            "sweep": Out(1),
            "row_clear": Out(1),
            "plastic_only": Out(1),
            "idle": In(1),
            "settled": In(1),
            "take": Out(1),
            "scaling": Out(1),
            "taking": In(1),
            "sums": In(data.ArrayLayout(signed(layout.accumulator_bits), layout.accumulators)),
            "fired": In(FiredSignature(c)),
            "spikes": In(stream.Signature(range(c.neurons))),
            "update": In(1),
            "wipe": In(1),
            "clearing": In(1),
            "close": In(1),
            "closed": Out(1),
            "busy": Out(1),
            "looking_up": Out(1),
            "step": In(32),
            "records": Out(RecordPort(c)),
            "parameters": In(record(layout.learning)),
            "record_access": In(record_access(c)),
            "clamps": Out(2),
        }
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """Blocks, and what connects them; then the passes."""
        m = Module()
        m.submodules.lookup = lookup = self._lookup
        m.submodules.records = records = self._records
        p = self.parameters
        wiring.connect(m, lookup.rows, wiring.flipped(self.rows))
        wiring.connect(m, lookup.columns, wiring.flipped(self.columns))
        wiring.connect(m, wiring.flipped(self.fired), records.fired)
        wiring.connect(m, records.copies, wiring.flipped(self.records))
        wiring.connect(m, wiring.flipped(self.record_access), records.access)
        m.d.comb += [
            records.start.eq(self.update | self.wipe),
            records.clear.eq(self.clearing),
            records.arrived.eq(self.axons.valid & self.axons.ready),
            records.arrived_axon.eq(self.axons.payload),
            records.modulation.eq(self.sums[-1]),
            records.parameters.eq(p),
            records.tag_of_axon.eq(lookup.of_axon),
            records.tag_index.eq(lookup.index),
            records.hold.eq(lookup.hold),
            lookup.tag.eq(records.tag),
            lookup.modulatory.eq(records.modulatory),
            lookup.step.eq(self.step),
            self.clamps.eq(records.clamps),
        ]
        if self._learning.stochastic:
            m.d.comb += lookup.seed.eq(p.seed)
        self._passes(m)
        return m

    def _passes(self, m: Module) -> None:
        """Rows of arrivals, then columns, then sweeps: never two at a time."""
        c, rule = self._config, self._learning.format
        lookup, records, p = self._lookup, self._records, self.parameters
        has_columns = p.enabled & self._rule.post_side
        sweeping, summing, row_clear = Signal(), Signal(), Signal()
        axon, sweep_rows = Signal(range(c.axons)), Signal()
        column = Signal()  # from the update on, until the sweep or the next step

        # The post side waits for the traces, and for its key where there are random numbers.
        waited = Signal(range(KEY_LATENCY + 2))
        key_is_there = waited == KEY_LATENCY + 1
        with m.If(records.busy | ~lookup.column):
            m.d.sync += waited.eq(0)
        with m.Elif(~key_is_there):
            m.d.sync += waited.eq(waited + 1)
        may_go = key_is_there if self._learning.stochastic else ~records.busy
        m.d.comb += [
            lookup.axons.valid.eq(Mux(sweeping, sweep_rows, self.axons.valid)),
            lookup.axons.payload.eq(Mux(sweeping, axon, self.axons.payload)),
            self.axons.ready.eq(lookup.axons.ready & ~sweeping),
            lookup.neurons.valid.eq(self.spikes.valid & has_columns & may_go),
            lookup.neurons.payload.eq(self.spikes.payload),
            self.spikes.ready.eq(Mux(has_columns, lookup.neurons.ready & may_go, 1)),
            lookup.phase.eq(Mux(sweeping, SWEEP, Mux(lookup.column, POST, PRE))),
            lookup.column.eq(column & ~sweeping),
            self.looking_up.eq(lookup.busy),
            self.add.eq(~sweeping | summing),
            self.learn.eq(p.enabled & ~row_clear & ~summing),
            self.sweep.eq(sweeping & ~row_clear & ~summing),
            self.row_clear.eq(row_clear),
            self.plastic_only.eq(summing),
        ]
        with m.If(self.update):
            m.d.sync += column.eq(1)

        in_flight, busy = Signal(), Signal()
        m.d.comb += in_flight.eq(lookup.busy | records.busy | ~self.settled)
        m.d.comb += self.busy.eq(in_flight | busy)
        if not rule.sweeps:
            m.d.comb += self.closed.eq(self.close & ~in_flight)
            with m.If(self.closed):
                m.d.sync += column.eq(0)
            return
        self._sweep(m, sweeping, summing, row_clear, axon, sweep_rows, column, in_flight, busy)

    def _sweep(
        self,
        m: Module,
        sweeping: Signal,
        summing: Signal,
        row_clear: Signal,
        axon: Signal,
        sweep_rows: Signal,
        column: Signal,
        in_flight: Signal,
        busy: Signal,
    ) -> None:
        """Rows of all axons when a period ends, or when eligibilities are cleared."""
        c, rule = self._config, self._learning.format
        lookup, records, p = self._lookup, self._records, self.parameters
        period_end, mask, first = Signal(), Signal(16), Signal()
        m.d.comb += mask.eq((Const(1, 1) << p.sweep_log2) - 1)
        m.d.sync += [
            period_end.eq(((self.step + 1)[:16] & mask) == 0),
            first.eq((self.step[:16] & mask) == 0),
        ]
        m.d.comb += records.first.eq(first)
        scaling: Scaling | None = None
        if rule.scales:
            m.submodules.scaling = scaling = Scaling(c)
            m.d.comb += [
                scaling.parameters.eq(p),
                scaling.sums.eq(self.sums),
                scaling.taking.eq(self.taking & self.scaling),
                self.records.write_gain.eq(scaling.write),
                self.records.gain.eq(scaling.gain),
            ]
            with m.If(scaling.write):
                m.d.comb += self.records.index.eq(scaling.neuron)
        waited = Signal(range(KEY_LATENCY + 1))
        with m.FSM(name="sweep"):
            with m.State("IDLE"):
                m.d.sync += [axon.eq(0), waited.eq(0)]
                if rule.eligibility:
                    with m.If(self.wipe):
                        m.d.sync += [row_clear.eq(1), sweeping.eq(1)]
                        m.next = "KEY"
                with m.If(self.close & ~in_flight):
                    m.d.sync += column.eq(0)
                    with m.If(period_end & p.enabled):
                        m.d.sync += [sweeping.eq(1), summing.eq(scaling is not None)]
                        m.next = "KEY"
                    with m.Else():
                        m.d.comb += self.closed.eq(1)
            with m.State("KEY"):
                m.d.comb += busy.eq(1)
                with m.If(waited != KEY_LATENCY):
                    m.d.sync += waited.eq(waited + 1)
                with m.Elif(~in_flight):
                    m.next = "ROWS"
            with m.State("ROWS"):
                m.d.comb += [busy.eq(1), sweep_rows.eq(1)]
                with m.If(lookup.axons.ready):
                    m.d.sync += axon.eq(axon + 1)
                    with m.If(axon == c.axons - 1):
                        m.next = "LAST"
            with m.State("LAST"):
                m.d.comb += busy.eq(1)
                m.next = "DRAIN"
            with m.State("DRAIN"):
                m.d.comb += busy.eq(1)
                with m.If(~in_flight):
                    m.d.sync += [sweeping.eq(0), row_clear.eq(0), axon.eq(0)]
                    m.next = "DONE"
                    if scaling is not None:
                        with m.If(summing):
                            m.d.sync += [summing.eq(0), sweeping.eq(1)]
                            m.d.comb += self.take.eq(1)
                            m.next = "TAKE"
            if scaling is not None:
                with m.State("TAKE"):
                    m.d.comb += [busy.eq(1), self.scaling.eq(1)]
                    m.next = "GAINS"
                with m.State("GAINS"):
                    m.d.comb += [busy.eq(1), self.scaling.eq(1)]
                    with m.If(~scaling.busy & self.idle & ~in_flight):
                        m.next = "ROWS"
            with m.State("DONE"):
                m.d.comb += self.closed.eq(self.close)
                m.next = "IDLE"
