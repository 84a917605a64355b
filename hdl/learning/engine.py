"""The learning engine: everything that learning adds to a core, and the order of its passes."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.access import synapse_access
from ..primitives.layouts import row_layout
from ..primitives.signatures import (
    FiredSignature,
    RowReadSignature,
    ScannedSignature,
    TakeSignature,
)
from .axon_traces import AxonTraces
from .column_walk import ColumnWalk
from .lanes import LearningLanes
from .neuron_traces import NeuronTraces
from .parameters import LearningParameters, parameter_access
from .random_numbers import KEY_LATENCY, POST, PRE, SWEEP
from .record_access import record_access
from .scaling import Scaling
from .synapse_access import SynapseFieldAccess
from .synapse_memory import TransposableMemory
from .tag_lookup import TagLookup


class LearningEngine(wiring.Component):
    """Synapse memory, records, rule and passes.  `Core` drives it through the phases of a step.

    Rows come from `axons` while integrating; the traces of axons and neurons walk beside the
    update; then the neurons that fired have their columns, ceil(A / P) cycles each; then the sweep if
    there is one: A·G cycles, with scaling 2·A·G + ceil(N/U).

    Members
    -------
    axons : stream of axons of the step.
    rows : stream of the same, to `Integrator`, and of all axons in a sweep that sums weights.
    synapses : from `Integrator`.
    dry : to `Integrator`: read rows, but add nothing.
    integrating : `Integrator` is not idle.
    update_take : from `NeuronUpdate`.
    take : the same to `Integrator`, or that of scaling.
    scanned : from `Arrivals`.
    fired : from `NeuronUpdate`.
    spikes : stream of neurons that fired; taken at once where learning is disabled.
    update, clear : pulses; begin the axons' walk, as the update begins or as all state is cleared.
    close : the step's spikes are all out: sweep if it is due.  Hold until `closed`.
    busy : anything is under way.
    looking_up : rows are on their way to the integrator.
    step : number of this step.
    axon_access, neuron_access : to records (`record_access`), between steps.
    parameter_access : to parameters of the rule (`parameter_access`), between steps.
    synapse_access : to a word of synapses (`synapse_access`), between steps; about six cycles for each
        of its values.
    weight_updates, weight_clamps, state_clamps : in this cycle.
    """

    def __init__(self, config: CoreConfig) -> None:
        assert config.learning is not None
        self._config = c = config
        self._learning = config.learning
        self._rule = rule = config.learning.format.part("gateware")(config)
        self._neuron_traces = NeuronTraces(c, rule)
        self._axon_traces = AxonTraces(c, rule)
        self._lanes = LearningLanes(c, rule)
        self._parameters = LearningParameters(c)
        self._tag_lookup = TagLookup(c)
        self._column_walk = ColumnWalk(c)
        count = range(c.lanes + 1)
        super().__init__(
            {
                "axons": In(stream.Signature(range(c.axons))),
                "rows": Out(stream.Signature(row_layout(c))),
                "synapses": In(RowReadSignature(c)),
                "dry": Out(1),
                "integrating": In(1),
                "update_take": In(TakeSignature(c)),
                "take": Out(TakeSignature(c)),
                "scanned": In(ScannedSignature(c)),
                "fired": In(FiredSignature(c)),
                "spikes": In(stream.Signature(range(c.neurons))),
                "update": In(1),
                "clear": In(1),
                "close": In(1),
                "closed": Out(1),
                "busy": Out(1),
                "looking_up": Out(1),
                "step": In(32),
                "axon_access": In(record_access(c.axons)),
                "neuron_access": In(record_access(c.neurons)),
                "parameter_access": In(parameter_access(c)),
                "synapse_access": In(synapse_access(c)),
                "weight_updates": Out(count),
                "weight_clamps": Out(count),
                "state_clamps": Out(range(c.lanes + 3 * c.update_units + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Blocks, and what connects them; then the passes."""
        m = Module()
        m.submodules.tag_lookup = tag_lookup = self._tag_lookup
        m.submodules.column_walk = column_walk = self._column_walk
        m.submodules.axon_traces = axon_traces = self._axon_traces
        m.submodules.neuron_traces = neuron_traces = self._neuron_traces
        m.submodules.lanes = lanes = self._lanes
        m.submodules.parameters = parameters = self._parameters
        p = parameters.values

        wiring.connect(m, tag_lookup.rows, wiring.flipped(self.rows))
        wiring.connect(m, tag_lookup.columns, column_walk.columns)
        wiring.connect(m, wiring.flipped(self.scanned), axon_traces.scanned)
        wiring.connect(m, wiring.flipped(self.fired), neuron_traces.fired)
        wiring.connect(m, wiring.flipped(self.axon_access), axon_traces.access)
        wiring.connect(m, wiring.flipped(self.neuron_access), neuron_traces.access)
        wiring.connect(m, wiring.flipped(self.parameter_access), parameters.access)
        self._memory(m, column_walk, lanes)
        self._take(m, neuron_traces)

        rows = self.synapses
        m.d.comb += [
            lanes.row.eq(rows.row),
            lanes.row_address.eq(rows.address),
            lanes.group.eq(rows.group),
            lanes.row_read.eq(rows.active),
            lanes.column.eq(column_walk.column),
            lanes.column_word.eq(column_walk.word),
            lanes.axon_word.eq(column_walk.axon_word),
            lanes.column_read.eq(column_walk.read),
            lanes.frozen.eq(~p.enabled),
            lanes.axons.eq(axon_traces.records),
            lanes.neurons.eq(neuron_traces.records),
            axon_traces.pass_word.eq(
                Mux(column_walk.read, column_walk.axon_word, tag_lookup.axon_word)
            ),
            neuron_traces.pass_group.eq(
                Mux(tag_lookup.column, tag_lookup.neuron_group, lanes.group)
            ),
            axon_traces.hold.eq(tag_lookup.hold & ~tag_lookup.column),
            neuron_traces.hold.eq(tag_lookup.hold & tag_lookup.column),
            tag_lookup.axon_records.eq(axon_traces.records),
            tag_lookup.neuron_records.eq(neuron_traces.records),
            tag_lookup.step.eq(self.step),
            axon_traces.start.eq(self.update),
            axon_traces.clear.eq(self.clear),
            self.weight_updates.eq(lanes.updates),
            self.weight_clamps.eq(lanes.weight_clamps),
            self.state_clamps.eq(lanes.state_clamps + neuron_traces.clamps + axon_traces.clamps),
        ]
        for block in (neuron_traces, axon_traces, lanes):
            m.d.comb += block.parameters.eq(p)
        if self._learning.stochastic:
            m.d.comb += tag_lookup.seed.eq(p.seed)
        self._passes(m, tag_lookup, column_walk, lanes)
        return m

    def _memory(self, m: Module, column_walk: ColumnWalk, lanes: LearningLanes) -> None:
        """The synapse memory: rows, columns and the bus read it; lanes and the bus write it."""
        c = self._config
        m.submodules.memory = memory = TransposableMemory(c)
        m.submodules.synapse_access = access = SynapseFieldAccess(c)
        wiring.connect(m, wiring.flipped(self.synapse_access), access.access)
        lane_bits = clog2(c.lanes)
        m.d.comb += [
            lanes.synapses.eq(memory.words),
            access.words.eq(memory.words),
            memory.read_column.eq(column_walk.read),
            memory.read_word.eq(lanes.row_address[lane_bits:]),
            memory.write_column.eq(lanes.write_column),
            memory.write_word.eq(lanes.write_word),
            memory.write.eq(lanes.write),
            memory.write_words.eq(lanes.write_words),
        ]
        if lane_bits:
            m.d.comb += memory.read_low.eq(lanes.row_address[:lane_bits])
            m.d.comb += memory.write_low.eq(lanes.write_low)
        active, address = self.synapse_access.active, access.address
        column_low = column_walk.column.neuron[:lane_bits]
        reads: list[tuple[Value, Value, Value]] = [
            (column_walk.read, column_walk.word, column_low),
            (active, address[lane_bits:], address[:lane_bits]),
        ]
        for reads_now, word, low in reads:
            with m.If(reads_now):
                m.d.comb += memory.read_word.eq(word)
                if lane_bits:
                    m.d.comb += memory.read_low.eq(low)
        with m.If(active):
            m.d.comb += [
                memory.write_column.eq(0),
                memory.write_word.eq(address[lane_bits:]),
                memory.write.eq(access.write),
                memory.write_words.eq(access.write_words),
            ]
            if lane_bits:
                m.d.comb += memory.write_low.eq(address[:lane_bits])

    def _take(self, m: Module, neuron_traces: NeuronTraces) -> None:
        """The update takes accumulators, and its walk passes the neurons' records."""
        walk, onwards = self.update_take.walk, self.take.walk
        for name in walk.signature.members:
            m.d.comb += getattr(onwards, name).eq(getattr(walk, name))
            m.d.comb += getattr(neuron_traces.walk, name).eq(getattr(walk, name))
        m.d.comb += self.update_take.sums.eq(self.take.sums)
        m.d.comb += neuron_traces.modulation.eq(self.take.sums[-1])

    def _passes(
        self, m: Module, tag_lookup: TagLookup, column_walk: ColumnWalk, lanes: LearningLanes
    ) -> None:
        """Rows of arrivals, then columns, then sweeps: never two at a time."""
        c, rule = self._config, self._learning.format
        axon_traces, neuron_traces = self._axon_traces, self._neuron_traces
        p = self._parameters.values
        enabled = p.enabled
        has_columns = enabled & self._rule.post_side
        in_flight = Signal()
        m.d.comb += in_flight.eq(
            tag_lookup.busy | column_walk.busy | lanes.busy | neuron_traces.busy | axon_traces.busy
        )
        summing = Signal()
        for k in range(c.lanes):
            synapse = lanes.synapses[k]
            m.d.comb += self.synapses.weights[k].eq(
                Mux(summing & ~synapse.plastic, 0, synapse.weight)
            )
            if c.delay_slots > 1:
                # After the update the step's own slot is empty, and can be used for scaling.
                m.d.comb += self.synapses.delays[k].eq(Mux(summing, 0, synapse.delay))

        # The post side waits for the traces, and for its key where there are random numbers.
        ready_for = Signal(range(KEY_LATENCY + 2))
        updated = Signal()
        m.d.comb += updated.eq(ready_for == KEY_LATENCY + 1)
        with m.If(
            neuron_traces.walk.active | axon_traces.busy | neuron_traces.busy | ~tag_lookup.column
        ):
            m.d.sync += ready_for.eq(0)
        with m.Elif(~updated):
            m.d.sync += ready_for.eq(ready_for + 1)
        may_go = updated if self._learning.stochastic else ~(neuron_traces.busy | axon_traces.busy)
        sweeping, axon = Signal(), Signal(range(c.axons))
        sweep_rows = Signal()
        m.d.comb += [
            tag_lookup.axons.valid.eq(Mux(sweeping, sweep_rows, self.axons.valid)),
            tag_lookup.axons.payload.eq(Mux(sweeping, axon, self.axons.payload)),
            self.axons.ready.eq(tag_lookup.axons.ready & ~sweeping),
            tag_lookup.neurons.valid.eq(self.spikes.valid & has_columns & may_go),
            tag_lookup.neurons.payload.eq(self.spikes.payload),
            self.spikes.ready.eq(Mux(has_columns, tag_lookup.neurons.ready & may_go, 1)),
            tag_lookup.phase.eq(Mux(sweeping, SWEEP, Mux(tag_lookup.column, POST, PRE))),
        ]
        column = Signal()  # from the update on, until the sweep or the next step
        m.d.comb += tag_lookup.column.eq(column & ~sweeping)
        with m.If(self.update):
            m.d.sync += column.eq(1)

        busy = Signal()
        m.d.comb += self.looking_up.eq(tag_lookup.busy)
        m.d.comb += self.busy.eq(in_flight | busy | self.integrating)
        idle = Signal()
        m.d.sync += idle.eq(~in_flight & ~self.integrating & ~sweep_rows)
        if not rule.sweeps:
            m.d.comb += self.closed.eq(self.close & ~in_flight)
            with m.If(self.closed):
                m.d.sync += column.eq(0)
            return

        period_end = Signal()
        mask = Signal(16)
        m.d.comb += mask.eq((Const(1, 1) << p.sweep_log2) - 1)
        m.d.sync += period_end.eq(((self.step + 1)[:16] & mask) == 0)
        first = Signal()
        m.d.sync += first.eq((self.step[:16] & mask) == 0)
        m.d.comb += neuron_traces.first.eq(first)

        clearing = Signal()
        m.d.comb += [self.dry.eq(sweeping & ~summing), lanes.clear.eq(clearing)]
        m.d.comb += lanes.sweep.eq(sweeping & ~clearing & ~summing)
        scaling: Scaling | None = None
        if self._learning.rule == "symmetric":
            m.submodules.scaling = scaling = Scaling(c)
            m.d.comb += [
                scaling.parameters.eq(p),
                scaling.group.eq(lanes.group),
                lanes.gains.eq(scaling.gains),
                scaling.take.sums.eq(self.take.sums),
                lanes.frozen.eq(~enabled | summing),
            ]
            walk = scaling.take.walk
            with m.If(walk.active):
                m.d.comb += [
                    self.take.walk.active.eq(1),
                    self.take.walk.group.eq(walk.group),
                    self.take.walk.part.eq(walk.part),
                ]
        waited = Signal(range(KEY_LATENCY + 1))
        with m.FSM(name="sweep"):
            with m.State("IDLE"):
                m.d.sync += [axon.eq(0), waited.eq(0)]
                if rule.eligibility:
                    with m.If(self.clear):
                        m.d.sync += [clearing.eq(1), sweeping.eq(1)]
                        m.next = "KEY"
                with m.If(self.close & ~in_flight & ~self.integrating):
                    m.d.sync += column.eq(0)
                    with m.If(period_end & enabled):
                        m.d.sync += [sweeping.eq(1), summing.eq(scaling is not None)]
                        m.next = "KEY"
                    with m.Else():
                        m.d.comb += self.closed.eq(1)
            with m.State("KEY"):
                m.d.comb += busy.eq(1)
                with m.If(waited != KEY_LATENCY):
                    m.d.sync += waited.eq(waited + 1)
                # The clearing walk over the axons reads their records as well.
                with m.Elif(~in_flight):
                    m.next = "ROWS"
            with m.State("ROWS"):
                m.d.comb += [busy.eq(1), sweep_rows.eq(1)]
                with m.If(tag_lookup.axons.ready):
                    m.d.sync += axon.eq(axon + 1)
                    with m.If(axon == c.axons - 1):
                        m.next = "DRAIN"
            with m.State("DRAIN"):
                m.d.comb += busy.eq(1)
                with m.If(idle & ~in_flight & ~self.integrating):
                    m.d.sync += [sweeping.eq(0), clearing.eq(0), axon.eq(0)]
                    m.next = "DONE"
                    if scaling is not None:
                        with m.If(summing):
                            m.d.sync += [summing.eq(0), sweeping.eq(1)]
                            m.d.comb += scaling.start.eq(1)
                            m.next = "GAINS"
            if scaling is not None:
                with m.State("GAINS"):
                    m.d.comb += busy.eq(1)
                    with m.If(~scaling.busy):
                        m.next = "ROWS"
            with m.State("DONE"):
                m.d.comb += self.closed.eq(self.close)
                m.next = "IDLE"
