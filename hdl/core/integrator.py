"""Integration: for each arriving axon, P synapses per clock cycle into the lanes' accumulators."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.latencies import TAKE_LATENCY
from ..primitives.layouts import row_layout
from ..primitives.pipeline import pipeline
from ..primitives.read_modify_write import ReadModifyWrite
from .synapses import READ_LATENCY


class Integrator(wiring.Component):
    """`accumulator[receptor][j] += weight[i, j]` for every axon `i` it is given and all neurons `j`.

    Throughput: G = ceil(N / P) cycles for an axon, in any order, without gaps.  Latency from the last
    axon to `idle`: 6 cycles (7 with learning), 2 more with delays.  An accumulator is as wide as its
    sum needs (`CoreLayout.accumulator_bits`).

    With delays each accumulator is a ring of D words, and each lane addresses the slot of its own
    synapse.  A neuron has one synapse in a row, so that no word is met twice within G cycles, whatever
    the delays.

    Members
    -------
    axons : stream of axons (`row_layout`); taken only when a row is finished.
    read, read_address, group, row : to the synapse memory: address `group·stride + axon`.
    weights, delays : from it, `read_latency` cycles later.
    dry : read rows, but add nothing.
    idle : nothing is under way; accumulators may be taken.
    take, take_lanes, take_group, take_slot : read and clear the group's accumulators of these lanes (a
        mask), of this step (0) or a later one.
    taken : the accumulators, by receptor and lane, `TAKE_LATENCY` cycles later.  The modulator's is
        the last one.
    advance : pulse between steps: what was for the step after this one is for this one.
    access, access_write, access_receptor, access_slot, access_neuron, access_data : bus access between
        steps, in cores with delays: hold until `access_done`; `access_value` is valid then.

    Parameters
    ----------
    stride : words of the synapse memory from one group of an axon to the next.
    read_latency : of the synapse memory.
    """

    def __init__(
        self, config: CoreConfig, *, stride: int | None = None, read_latency: int = READ_LATENCY
    ) -> None:
        self._config = config
        self._groups = groups = config.layout.groups
        self._stride = stride or config.axons
        self._read_latency = read_latency
        self._sum = signed(config.layout.accumulator_bits)
        lane_weights = data.ArrayLayout(signed(config.weight_bits), config.lanes)
        lane_sums = data.ArrayLayout(self._sum, config.lanes)
        count, slots = config.layout.accumulators, config.delay_slots
        super().__init__(
            {
                "axons": In(stream.Signature(row_layout(config))),
                "read": Out(1),
                "read_address": Out(range(self._stride * groups)),
                "group": Out(range(groups)),
                "row": Out(row_layout(config)),
                "weights": In(lane_weights),
                "delays": In(data.ArrayLayout(clog2(slots), config.lanes)),
                "dry": In(1),
                "idle": Out(1),
                "take": In(1),
                "take_lanes": In(config.lanes),
                "take_group": In(range(groups)),
                "take_slot": In(range(slots)),
                "taken": Out(data.ArrayLayout(lane_sums, count)),
                "advance": In(1),
                "access": In(1),
                "access_write": In(1),
                "access_receptor": In(range(max(2, count))),
                "access_slot": In(range(slots)),
                "access_neuron": In(range(config.neurons)),
                "access_data": In(self._sum),
                "access_done": Out(1),
                "access_value": Out(self._sum),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Row start → memory address → weights → receptor split → accumulators."""
        m = Module()
        group = self.group
        last = Signal(init=self._groups == 1)  # the group is the last one
        finishing = Signal()
        m.d.comb += finishing.eq(~self.read | last)
        m.d.comb += self.axons.ready.eq(finishing)
        m.d.sync += last.eq(
            (self._groups == 1) | (~finishing & (group == max(0, self._groups - 2)))
        )
        with m.If(finishing):
            m.d.sync += [
                self.read.eq(self.axons.valid),
                self.row.eq(self.axons.payload),
                self.read_address.eq(self.axons.payload.axon),
                group.eq(0),
            ]
        with m.Else():
            m.d.sync += [
                self.read_address.eq(self.read_address + self._stride),
                group.eq(group + 1),
            ]

        # Accumulators are addressed so that the split weights meet their words.
        has_delays = self._config.delay_slots > 1
        late = TAKE_LATENCY if has_delays else 0
        address_delay = self._read_latency + 1 - TAKE_LATENCY + late
        modify: Value = self.read & ~self.dry
        where: Value = group
        stages = [self.read]
        for k in range(address_delay):
            modify_next = Signal(name=f"modify_{k}")
            where_next = Signal(range(self._groups), name=f"where_{k}")
            m.d.sync += [modify_next.eq(modify), where_next.eq(where)]
            modify, where = modify_next, where_next
            stages.append(modify)

        busy = Cat(stages if has_delays else (stages[0], stages[-1]))
        tail = Signal(2)
        m.d.sync += tail.eq(Cat(busy.any(), tail))
        m.d.comb += self.idle.eq(~(busy.any() | tail.any() | self.axons.valid))

        modulatory: Value = Const(0)
        if "modulatory" in row_layout(self._config).members:
            modulatory = pipeline(m, self.row.modulatory, self._read_latency + late, "modulatory")
        ring = _Ring(self, m) if has_delays else None
        for lane in range(self._config.lanes):
            weight = pipeline(m, self.weights[lane], late, f"weight_{lane}")
            for receptor in range(self._config.layout.accumulators):
                accumulator = self._accumulator(m, lane, receptor, weight, modulatory)
                m.d.comb += accumulator.modify.eq(modify)
                if ring is None:
                    m.d.comb += accumulator.address.eq(Mux(modify, where, self.take_group))
                else:
                    ring.connect(m, accumulator, lane, receptor, modify, where)
        return m

    def _accumulator(
        self, m: Module, lane: int, receptor: int, weight: Value, modulatory: Value
    ) -> ReadModifyWrite:
        slots = self._config.delay_slots
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
            accumulator.take.eq(self.take & self.take_lanes[lane]),
            self.taken[receptor][lane].eq(accumulator.taken),
        ]
        return accumulator


class _Ring:
    """What makes rings of the accumulators: the slot of this step, the lanes' own slots, bus access."""

    def __init__(self, integrator: Integrator, m: Module) -> None:
        self._integrator = i = integrator
        c = i._config
        lane_bits = clog2(c.lanes)
        slot = Signal(range(c.delay_slots))
        with m.If(i.advance):
            m.d.sync += slot.eq(slot + 1)
        # Registered beside the group's delayed address.
        self._slots = [Signal(len(slot), name=f"slot_{k}") for k in range(c.lanes)]
        m.d.sync += [s.eq(slot + i.delays[k]) for k, s in enumerate(self._slots)]

        group, taken_slot = Signal.like(i.take_group), Signal(len(slot))
        m.d.comb += [
            group.eq(Mux(i.access, i.access_neuron >> lane_bits, i.take_group)),
            taken_slot.eq(slot + Mux(i.access, i.access_slot, i.take_slot)),
        ]
        self._taken_at = Cat(taken_slot, group)
        self._put = Signal()
        self._put_word = Mux(i.access, i.access_data, 0)
        self._lane: Value = i.access_neuron[:lane_bits] if lane_bits else Const(0)
        values = Array(
            Array(i.taken[r][k] for k in range(c.lanes))[self._lane]
            for r in range(c.layout.accumulators)
        )
        m.d.sync += i.access_done.eq(0)
        with m.FSM(name="access"):
            with m.State("IDLE"), m.If(i.access & ~i.access_done):
                m.d.comb += self._put.eq(i.access_write)
                m.next = "MEMORY"
            with m.State("MEMORY"):
                m.next = "WORD"
            with m.State("WORD"):
                m.d.sync += [i.access_done.eq(1), i.access_value.eq(values[i.access_receptor])]
                m.next = "IDLE"

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
        i = self._integrator
        address = Mux(modify, Cat(self._slots[lane], where), self._taken_at)
        m.d.comb += [
            accumulator.address.eq(address),
            accumulator.put.eq(self._put_word),
        ]
        with m.If(self._put & (self._lane == lane) & (i.access_receptor == receptor)):
            m.d.comb += accumulator.take.eq(1)
