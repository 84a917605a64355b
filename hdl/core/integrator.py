"""Integration: for each arriving axon, P synapses per clock cycle into the lanes' accumulators."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.access import AccessSignature, answer_after
from ..primitives.latencies import TAKE_LATENCY, synapse_latency
from ..primitives.layouts import row_layout, row_stride
from ..primitives.pipeline import pipeline
from ..primitives.read_modify_write import ReadModifyWrite
from ..primitives.signatures import RowReadSignature, TakeSignature


class Integrator(wiring.Component):
    """`accumulator[receptor][j] += weight[i, j]` for every axon `i` of `rows` and all neurons `j`.

    Throughput: G = ceil(N / P) cycles for an axon, in any order, without gaps.  Latency from the last
    axon to `idle`: 6 cycles (7 with learning), 2 more with delays.  An accumulator is as wide as its
    sum needs (`CoreLayout.accumulator_bits`).

    With delays each accumulator is a ring of D words, and each lane addresses the slot of its own
    synapse.  A neuron has one synapse in a row, so no word is met twice within G cycles, whatever the
    delays are.

    Members
    -------
    rows : stream of axons (`row_layout`); taken only when a row is finished.
    synapses : to the synapse memory: address `group·row_stride(config) + axon`.
    dry : read rows, but add nothing.
    idle : nothing is under way; accumulators may be taken.
    take : reads and clears accumulators.
    advance : pulse between steps: what was for the step after this one is for this one.
    access : in cores with delays, to accumulator `receptor` of `neuron`, for the next step (`slot` 0)
        or a later one; between steps, done after three cycles.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        self._groups = config.layout.groups
        self._sum = signed(config.layout.accumulator_bits)
        members = {
            "rows": In(stream.Signature(row_layout(config))),
            "synapses": Out(RowReadSignature(config)),
            "dry": In(1),
            "idle": Out(1),
            "take": In(TakeSignature(config)),
            "advance": In(1),
        }
        if config.delay_slots > 1:
            where = {
                "receptor": range(config.layout.accumulators),
                "slot": range(config.delay_slots),
                "neuron": range(config.neurons),
            }
            members["access"] = In(AccessSignature(where))
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """Row start → memory address → weights → receptor split → accumulators."""
        m = Module()
        read, take = self.synapses, self.take
        group = read.group
        last = Signal(init=self._groups == 1)  # the group is the last one
        finishing = Signal()
        m.d.comb += finishing.eq(~read.active | last)
        m.d.comb += self.rows.ready.eq(finishing)
        m.d.sync += last.eq(
            (self._groups == 1) | (~finishing & (group == max(0, self._groups - 2)))
        )
        with m.If(finishing):
            m.d.sync += [
                read.active.eq(self.rows.valid),
                read.row.eq(self.rows.payload),
                read.address.eq(self.rows.payload.axon),
                group.eq(0),
            ]
        with m.Else():
            m.d.sync += [
                read.address.eq(read.address + row_stride(self._config)),
                group.eq(group + 1),
            ]

        # Accumulators are addressed so that the split weights meet their words.
        has_delays = self._config.delay_slots > 1
        late = TAKE_LATENCY if has_delays else 0
        latency = synapse_latency(self._config)
        address_delay = latency + 1 - TAKE_LATENCY + late
        modify: Value = read.active & ~self.dry
        where: Value = group
        stages = [read.active]
        for k in range(address_delay):
            modify_next = Signal(name=f"modify_{k}")
            where_next = Signal(range(self._groups), name=f"where_{k}")
            m.d.sync += [modify_next.eq(modify), where_next.eq(where)]
            modify, where = modify_next, where_next
            stages.append(modify)

        busy = Cat(stages if has_delays else (stages[0], stages[-1]))
        tail = Signal(2)
        m.d.sync += tail.eq(Cat(busy.any(), tail))
        m.d.comb += self.idle.eq(~(busy.any() | tail.any() | self.rows.valid))

        modulatory: Value = Const(0)
        if "modulatory" in row_layout(self._config).members:
            modulatory = pipeline(m, read.row.modulatory, latency + late, "modulatory")
        ring = _Ring(self, m) if has_delays else None
        for lane in range(self._config.lanes):
            weight = pipeline(m, read.weights[lane], late, f"weight_{lane}")
            for receptor in range(self._config.layout.accumulators):
                accumulator = self._accumulator(m, lane, receptor, weight, modulatory)
                m.d.comb += accumulator.modify.eq(modify)
                if ring is None:
                    m.d.comb += accumulator.address.eq(Mux(modify, where, take.walk.group))
                else:
                    ring.connect(m, accumulator, lane, receptor, modify, where)
        return m

    def _accumulator(
        self, m: Module, lane: int, receptor: int, weight: Value, modulatory: Value
    ) -> ReadModifyWrite:
        slots, walk = self._config.delay_slots, self.take.walk
        accumulator = ReadModifyWrite(
            self._groups * slots, self._sum, lambda a, w: a + w, revisit=self._groups
        )
        m.submodules[f"accumulator_{lane}_{receptor}"] = accumulator
        receptors = self._config.receptors
        if receptor == receptors:
            weight = Mux(modulatory, weight, 0)
        elif receptors == 2:
            weight = Mux(~modulatory & ((weight < 0) == receptor), weight, 0)
        elif self._config.layout.accumulators > receptors:
            weight = Mux(modulatory, 0, weight)
        operand = Signal(signed(self._config.weight_bits), name=f"operand_{lane}_{receptor}")
        m.d.sync += operand.eq(weight)
        m.d.comb += [
            accumulator.operand.eq(operand),
            accumulator.take.eq(walk.active & (walk.part == lane // self._config.update_units)),
            self.take.sums[receptor][lane].eq(accumulator.taken),
        ]
        return accumulator


class _Ring:
    """Makes rings of the accumulators: the slot of this step, the lanes' own slots, bus access."""

    def __init__(self, integrator: Integrator, m: Module) -> None:
        c, walk, sums = integrator._config, integrator.take.walk, integrator.take.sums
        self._access = access = integrator.access
        lane_bits = clog2(c.lanes)
        slot = Signal(range(c.delay_slots))
        with m.If(integrator.advance):
            m.d.sync += slot.eq(slot + 1)
        # Registered beside the group's delayed address.
        self._slots = [Signal(len(slot), name=f"slot_{k}") for k in range(c.lanes)]
        m.d.sync += [s.eq(slot + integrator.synapses.delays[k]) for k, s in enumerate(self._slots)]

        group, taken_slot = Signal.like(walk.group), Signal(len(slot))
        m.d.comb += [
            group.eq(Mux(access.active, access.where.neuron >> lane_bits, walk.group)),
            taken_slot.eq(slot + Mux(access.active, access.where.slot, walk.slot)),
        ]
        self._taken_at = Cat(taken_slot, group)
        self._put_word = Mux(access.active, access.data, 0)
        self._lane: Value = access.where.neuron[:lane_bits] if lane_bits else Const(0)
        values = Array(
            Array(sums[r][k] for k in range(c.lanes))[self._lane]
            for r in range(c.layout.accumulators)
        )
        begins, _, answers = answer_after(m, access, 3)
        self._put = begins & access.write
        value = Signal(integrator._sum)
        m.d.comb += access.value.eq(value)
        with m.If(answers):
            m.d.sync += value.eq(values[access.where.receptor])

    def connect(
        self,
        m: Module,
        accumulator: ReadModifyWrite,
        lane: int,
        receptor: int,
        modify: Value,
        where: Value,
    ) -> None:
        """Address the ring of a lane; let the bus write to it."""
        address = Mux(modify, Cat(self._slots[lane], where), self._taken_at)
        m.d.comb += [
            accumulator.address.eq(address),
            accumulator.put.eq(self._put_word),
        ]
        chosen = (self._lane == lane) & (self._access.where.receptor == receptor)
        with m.If(self._put & chosen):
            m.d.comb += accumulator.take.eq(1)
