"""Integration: for each arriving axon, P synapses per clock cycle into the lanes' accumulators."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from .rmw import ReadModifyWrite
from .synapses import READ_LATENCY

TAKE_LATENCY = 2


def times_constant(value: Value, factor: int) -> Value:
    """value · factor as a sum of shifts, so that no multiplier is spent on an address."""
    shifts = [k for k in range(factor.bit_length()) if factor >> k & 1]
    total: Value = value.shift_left(shifts[0])
    for k in shifts[1:]:
        total = total + value.shift_left(k)
    return total


class Integrator(wiring.Component):
    """`accumulator[receptor][j] += weight[i, j]` for every axon `i` it is given and all neurons `j`.

    Throughput: G = ceil(N / P) cycles for an axon, in any order, without gaps.  Latency from the last
    axon to `idle`: 6 cycles.  An accumulator never overflows (`CoreLayout.accumulator_bits`).

    Members
    -------
    axons : stream of axons; taken only when a row is finished.
    read, read_address, weights : to `SynapseMemory`.
    idle : nothing is under way; accumulators may be taken.
    take, take_lanes, take_group : read and clear the group's accumulators of these lanes (a mask).
    taken : the accumulators, by receptor and lane, `TAKE_LATENCY` cycles later.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        self._groups = groups = config.layout.groups
        self._sum = signed(config.layout.accumulator_bits)
        lane_weights = data.ArrayLayout(signed(config.weight_bits), config.lanes)
        lane_sums = data.ArrayLayout(self._sum, config.lanes)
        super().__init__(
            {
                "axons": In(stream.Signature(range(config.axons))),
                "read": Out(1),
                "read_address": Out(range(config.axons * groups)),
                "weights": In(lane_weights),
                "idle": Out(1),
                "take": In(1),
                "take_lanes": In(config.lanes),
                "take_group": In(range(groups)),
                "taken": Out(data.ArrayLayout(lane_sums, config.receptors)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Row start → memory address → weights → receptor split → accumulators."""
        m = Module()
        groups = self._groups
        last_group = groups - 1

        # The next row's first address is computed while the present row is read.
        start, start_valid = Signal.like(self.read_address), Signal()
        group = Signal(range(groups))
        finishing = Signal()
        m.d.comb += finishing.eq(~self.read | (group == last_group))
        m.d.comb += self.axons.ready.eq(~start_valid | finishing)
        with m.If(self.axons.ready):
            m.d.sync += [
                start_valid.eq(self.axons.valid),
                start.eq(times_constant(self.axons.payload, groups)),
            ]
        with m.If(finishing):
            m.d.sync += [self.read.eq(start_valid), self.read_address.eq(start), group.eq(0)]
        with m.Else():
            m.d.sync += [self.read_address.eq(self.read_address + 1), group.eq(group + 1)]

        # Accumulators are addressed so that the split weights meet their words.
        address_delay = READ_LATENCY + 1 - TAKE_LATENCY
        modify: Value = self.read
        where: Value = group
        for k in range(address_delay):
            modify_next = Signal(name=f"modify_{k}")
            where_next = Signal(range(groups), name=f"where_{k}")
            m.d.sync += [modify_next.eq(modify), where_next.eq(where)]
            modify, where = modify_next, where_next

        busy = Cat(self.read, start_valid, modify)
        tail = Signal(2)
        m.d.sync += tail.eq(Cat(busy.any(), tail))
        m.d.comb += self.idle.eq(~(busy.any() | tail.any() | self.axons.valid))

        for lane in range(self._config.lanes):
            for receptor in range(self._config.receptors):
                self._accumulator(m, lane, receptor, modify, where)
        return m

    def _accumulator(
        self, m: Module, lane: int, receptor: int, modify: Value, where: Value
    ) -> None:
        accumulator = ReadModifyWrite(
            self._groups, self._sum, lambda a, w: a + w, revisit=self._groups
        )
        m.submodules[f"accumulator_{lane}_{receptor}"] = accumulator
        weight = self.weights[lane]
        if self._config.receptors == 2:
            inhibitory = weight < 0
            weight = Mux(inhibitory == receptor, weight, 0)
        operand = Signal(signed(self._config.weight_bits), name=f"operand_{lane}_{receptor}")
        m.d.sync += operand.eq(weight)
        m.d.comb += [
            accumulator.address.eq(Mux(modify, where, self.take_group)),
            accumulator.modify.eq(modify),
            accumulator.operand.eq(operand),
            accumulator.take.eq(self.take & self.take_lanes[lane]),
            self.taken[receptor][lane].eq(accumulator.taken),
        ]
