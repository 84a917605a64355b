"""The learning engine: everything that a core has more when it learns, and the order of its passes."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.layouts import row_layout
from .axon_traces import AxonTraces
from .column_walk import ColumnWalk
from .lanes import LearningLanes
from .neuron_traces import NeuronTraces
from .parameters import LearningParameters
from .random_numbers import KEY_LATENCY, POST, PRE, SWEEP
from .rule import RULES
from .scaling import Scaling
from .synapse_access import SynapseFieldAccess
from .synapse_memory import TransposableMemory
from .tag_lookup import TagLookup


class LearningEngine(wiring.Component):
    """Synapse memory, records, rule and passes.  `Core` drives it through the phases of a step.

    Rows come from `arrivals` while integrating; the traces of axons and neurons walk beside the
    update; then the neurons that fired have their columns, ceil(A / P) cycles each; then the sweep if
    there is one: A·G cycles, with scaling 2·A·G + ceil(N/U).

    Members
    -------
    arrivals : stream of axons of the step.
    fired : stream of neurons that fired; taken at once where learning is disabled.
    update, clear : pulses; begin the axons' walk, as the update begins or as all state is cleared.
    close : the step's spikes are all out: sweep if it is due.  Hold until `closed`.
    busy : anything is under way.
    front_busy : rows are on their way to the integrator.
    step : number of this step.
    take, take_lanes, take_group, taken : to `Integrator`, for scaling.
    weight_updates, weight_clamps, state_clamps : in this cycle.
    """

    def __init__(self, config: CoreConfig) -> None:
        assert config.learning is not None
        self._config = c = config
        self._learning = config.learning
        self._rule = rule = RULES[config.learning.rule](config)
        self.memory = TransposableMemory(c)
        self.neurons = NeuronTraces(c, rule)
        self.axons = AxonTraces(c, rule)
        self.lanes = LearningLanes(c, rule)
        self.parameters = LearningParameters(c)
        self.access = SynapseFieldAccess(c)
        self._front = TagLookup(c)
        layout = c.layout
        sums = data.ArrayLayout(signed(layout.accumulator_bits), c.lanes)
        count = range(c.lanes + 1)
        super().__init__(
            {
                "arrivals": In(stream.Signature(range(c.axons))),
                "fired": In(stream.Signature(range(c.neurons))),
                "update": In(1),
                "clear": In(1),
                "close": In(1),
                "closed": Out(1),
                "busy": Out(1),
                "front_busy": Out(1),
                "step": In(32),
                "take": Out(1),
                "take_lanes": Out(c.lanes),
                "take_group": Out(range(layout.groups)),
                "taken": In(data.ArrayLayout(sums, c.receptors)),
                "rows": Out(stream.Signature(row_layout(c))),
                "dry": Out(1),
                "weights": Out(data.ArrayLayout(signed(c.weight_bits), c.lanes)),
                "delays": Out(data.ArrayLayout(clog2(c.delay_slots), c.lanes)),
                "integrating": In(1),
                "weight_updates": Out(count),
                "weight_clamps": Out(count),
                "state_clamps": Out(range(c.lanes + 3 * c.update_units + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Blocks; who reads and writes the memory; the passes."""
        m = Module()
        c = self._config
        m.submodules.memory = memory = self.memory
        m.submodules.neurons = neurons = self.neurons
        m.submodules.axons = axons = self.axons
        m.submodules.lanes = lanes = self.lanes
        m.submodules.parameters = parameters = self.parameters
        m.submodules.access = access = self.access
        m.submodules.front = front = self._front
        m.submodules.columns = columns = ColumnWalk(c)
        p = parameters.values
        lane_bits = clog2(c.lanes)

        wiring.connect(m, front.columns, columns.columns)
        wiring.connect(m, front.rows, wiring.flipped(self.rows))
        row_low = lanes.row_address[:lane_bits]
        m.d.comb += [
            lanes.column.eq(columns.column),
            lanes.column_word.eq(columns.word),
            lanes.axon_word.eq(columns.axon_word),
            lanes.column_read.eq(columns.read),
            lanes.frozen.eq(~p.enabled),
            lanes.synapses.eq(memory.words),
            lanes.axons.eq(axons.records),
            lanes.neurons.eq(neurons.records),
            access.words.eq(memory.words),
            axons.pass_word.eq(Mux(columns.read, columns.axon_word, front.axon_word)),
            neurons.pass_group.eq(Mux(front.column, front.neuron_group, lanes.group)),
            axons.hold.eq(front.hold & ~front.column),
            neurons.hold.eq(front.hold & front.column),
            front.axon_records.eq(axons.records),
            front.neuron_records.eq(neurons.records),
        ]
        for block in (neurons, axons, lanes):
            m.d.comb += block.parameters.eq(p)

        m.d.comb += [
            memory.read_column.eq(columns.read),
            memory.read_word.eq(lanes.row_address[lane_bits:]),
            memory.write_column.eq(lanes.write_column),
            memory.write_word.eq(lanes.write_word),
            memory.write.eq(lanes.write),
            memory.write_words.eq(lanes.write_words),
        ]
        reads = [(columns.read, columns.word, columns.column.neuron[:lane_bits])]
        reads.append((access.access, access.address[lane_bits:], access.address[:lane_bits]))
        if lane_bits:
            m.d.comb += [memory.read_low.eq(row_low), memory.write_low.eq(lanes.write_low)]
        for active, word, low in reads:
            with m.If(active):
                m.d.comb += memory.read_word.eq(word)
                if lane_bits:
                    m.d.comb += memory.read_low.eq(low)
        with m.If(access.access):
            m.d.comb += [
                memory.write_column.eq(0),
                memory.write_word.eq(access.address[lane_bits:]),
                memory.write.eq(access.write),
                memory.write_words.eq(access.write_words),
            ]
            if lane_bits:
                m.d.comb += memory.write_low.eq(access.address[:lane_bits])

        m.d.comb += [front.step.eq(self.step), axons.start.eq(self.update)]
        m.d.comb += axons.clear.eq(self.clear)
        if self._learning.stochastic:
            m.d.comb += front.seed.eq(p.seed)
        m.d.comb += [
            self.weight_updates.eq(lanes.updates),
            self.weight_clamps.eq(lanes.weight_clamps),
            self.state_clamps.eq(lanes.state_clamps + neurons.clamps + axons.clamps),
        ]
        self._passes(m, front, columns, lanes)
        return m

    def _passes(
        self, m: Module, front: TagLookup, columns: ColumnWalk, lanes: LearningLanes
    ) -> None:
        """Rows of arrivals, then columns, then sweeps: never two at a time."""
        c, rule = self._config, self._learning.format
        p = self.parameters.values
        enabled = p.enabled
        has_columns = enabled & self._rule.post_side
        moving = Signal()
        m.d.comb += moving.eq(
            front.busy | columns.busy | lanes.busy | self.neurons.busy | self.axons.busy
        )
        summing = Signal()
        for k in range(c.lanes):
            synapse = lanes.synapses[k]
            m.d.comb += self.weights[k].eq(Mux(summing & ~synapse.plastic, 0, synapse.weight))
            if c.delay_slots > 1:
                # After the update the step's own slot is empty, and can be used for scaling.
                m.d.comb += self.delays[k].eq(Mux(summing, 0, synapse.delay))

        # The post side waits for the traces, and for its key where there are random numbers.
        ready_for = Signal(range(KEY_LATENCY + 2))
        updated = Signal()
        m.d.comb += updated.eq(ready_for == KEY_LATENCY + 1)
        with m.If(self.neurons.walk | self.axons.busy | self.neurons.busy | ~front.column):
            m.d.sync += ready_for.eq(0)
        with m.Elif(~updated):
            m.d.sync += ready_for.eq(ready_for + 1)
        may_go = updated if self._learning.stochastic else ~(self.neurons.busy | self.axons.busy)
        sweeping, axon = Signal(), Signal(range(c.axons))
        sweep_rows = Signal()
        m.d.comb += [
            front.axons.valid.eq(Mux(sweeping, sweep_rows, self.arrivals.valid)),
            front.axons.payload.eq(Mux(sweeping, axon, self.arrivals.payload)),
            self.arrivals.ready.eq(front.axons.ready & ~sweeping),
            front.neurons.valid.eq(self.fired.valid & has_columns & may_go),
            front.neurons.payload.eq(self.fired.payload),
            self.fired.ready.eq(Mux(has_columns, front.neurons.ready & may_go, 1)),
            front.phase.eq(Mux(sweeping, SWEEP, Mux(front.column, POST, PRE))),
        ]
        column = Signal()  # from the update on, until the sweep or the next step
        m.d.comb += front.column.eq(column & ~sweeping)
        with m.If(self.update):
            m.d.sync += column.eq(1)

        busy = Signal()
        m.d.comb += self.front_busy.eq(front.busy)
        m.d.comb += self.busy.eq(moving | busy | self.integrating)
        resting = Signal()
        m.d.sync += resting.eq(~moving & ~self.integrating & ~sweep_rows)
        if not rule.sweeps:
            m.d.comb += self.closed.eq(self.close & ~moving)
            with m.If(self.closed):
                m.d.sync += column.eq(0)
            return

        period_end = Signal()
        mask = Signal(16)
        m.d.comb += mask.eq((Const(1, 1) << p.sweep_log2) - 1)
        m.d.sync += period_end.eq(((self.step + 1)[:16] & mask) == 0)
        first = Signal()
        m.d.sync += first.eq((self.step[:16] & mask) == 0)
        m.d.comb += self.neurons.first.eq(first)

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
                self.take.eq(scaling.take),
                self.take_lanes.eq(scaling.take_lanes),
                self.take_group.eq(scaling.take_group),
                scaling.taken.eq(self.taken),
                lanes.frozen.eq(~enabled | summing),
            ]
        waited = Signal(range(KEY_LATENCY + 1))
        with m.FSM(name="sweep"):
            with m.State("IDLE"):
                m.d.sync += [axon.eq(0), waited.eq(0)]
                if rule.eligibility:
                    with m.If(self.clear):
                        m.d.sync += [clearing.eq(1), sweeping.eq(1)]
                        m.next = "KEY"
                with m.If(self.close & ~moving & ~self.integrating):
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
                with m.Elif(~moving):
                    m.next = "ROWS"
            with m.State("ROWS"):
                m.d.comb += [busy.eq(1), sweep_rows.eq(1)]
                with m.If(front.axons.ready):
                    m.d.sync += axon.eq(axon + 1)
                    with m.If(axon == c.axons - 1):
                        m.next = "DRAIN"
            with m.State("DRAIN"):
                m.d.comb += busy.eq(1)
                with m.If(resting & ~moving & ~self.integrating):
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
