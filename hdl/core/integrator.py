"""Integration: for each arriving axon, P synapses per clock cycle into the lanes' accumulators."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig, clog2
from .arithmetic import delay
from .rmw import ReadModifyWrite
from .synapses import READ_LATENCY

TAKE_LATENCY = 2
HASH_BITS = 32
"""Width of a row's hash, from which the random numbers of its synapses come."""


def times_constant(value: Value, factor: int) -> Value:
    """value · factor as a sum of shifts, so that no multiplier is spent on an address."""
    shifts = [k for k in range(factor.bit_length()) if factor >> k & 1]
    total: Value = value.shift_left(shifts[0])
    for k in shifts[1:]:
        total = total + value.shift_left(k)
    return total


def row_layout(config: CoreConfig) -> data.StructLayout:
    """What the integrator is told of an axon, a row of the synapse memory."""
    members: dict[str, int] = {"axon": max(1, clog2(config.axons))}
    if config.learning is not None and config.learning.format.modulator:
        members["modulatory"] = 1
    if config.learning is not None and config.learning.stochastic:
        members["hash"] = HASH_BITS
    return data.StructLayout(members)


def accumulators(config: CoreConfig) -> int:
    """Accumulators of each neuron: the receptors', and the modulator's where there is one."""
    modulator = config.learning is not None and config.learning.format.modulator
    return config.receptors + modulator


class Integrator(wiring.Component):
    """`accumulator[receptor][j] += weight[i, j]` for every axon `i` it is given and all neurons `j`.

    Throughput: G = ceil(N / P) cycles for an axon, in any order, without gaps.  Latency from the last
    axon to `idle`: 6 cycles (7 with learning).  An accumulator never overflows
    (`CoreLayout.accumulator_bits`).

    Members
    -------
    axons : stream of axons (`row_layout`); taken only when a row is finished.
    read, read_address, group, row : to the synapse memory: address `group·stride + axon`.
    weights : from it, `read_latency` cycles later.
    dry : read rows, but add nothing.
    idle : nothing is under way; accumulators may be taken.
    take, take_lanes, take_group : read and clear the group's accumulators of these lanes (a mask).
    taken : the accumulators, by receptor and lane, `TAKE_LATENCY` cycles later.  The modulator's is
        the last one.

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
        super().__init__(
            {
                "axons": In(stream.Signature(row_layout(config))),
                "read": Out(1),
                "read_address": Out(range(self._stride * groups)),
                "group": Out(range(groups)),
                "row": Out(row_layout(config)),
                "weights": In(lane_weights),
                "dry": In(1),
                "idle": Out(1),
                "take": In(1),
                "take_lanes": In(config.lanes),
                "take_group": In(range(groups)),
                "taken": Out(data.ArrayLayout(lane_sums, accumulators(config))),
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
        address_delay = self._read_latency + 1 - TAKE_LATENCY
        modify: Value = self.read & ~self.dry
        where: Value = group
        for k in range(address_delay):
            modify_next = Signal(name=f"modify_{k}")
            where_next = Signal(range(self._groups), name=f"where_{k}")
            m.d.sync += [modify_next.eq(modify), where_next.eq(where)]
            modify, where = modify_next, where_next

        busy = Cat(self.read, modify)
        tail = Signal(2)
        m.d.sync += tail.eq(Cat(busy.any(), tail))
        m.d.comb += self.idle.eq(~(busy.any() | tail.any() | self.axons.valid))

        modulatory: Value = Const(0)
        if "modulatory" in row_layout(self._config).members:
            modulatory = delay(m, self.row.modulatory, self._read_latency, "modulatory")
        for lane in range(self._config.lanes):
            for receptor in range(accumulators(self._config)):
                self._accumulator(m, lane, receptor, modify, where, modulatory)
        return m

    def _accumulator(
        self, m: Module, lane: int, receptor: int, modify: Value, where: Value, modulatory: Value
    ) -> None:
        accumulator = ReadModifyWrite(
            self._groups, self._sum, lambda a, w: a + w, revisit=self._groups
        )
        m.submodules[f"accumulator_{lane}_{receptor}"] = accumulator
        weight = self.weights[lane]
        receptors = self._config.receptors
        if receptor == receptors:
            weight = Mux(modulatory, weight, 0)
        elif receptors == 2:
            weight = Mux(~modulatory & ((weight < 0) == receptor), weight, 0)
        elif accumulators(self._config) > receptors:
            weight = Mux(modulatory, 0, weight)
        operand = Signal(signed(self._config.weight_bits), name=f"operand_{lane}_{receptor}")
        m.d.sync += operand.eq(weight)
        m.d.comb += [
            accumulator.address.eq(Mux(modify, where, self.take_group)),
            accumulator.modify.eq(modify),
            accumulator.operand.eq(operand),
            accumulator.take.eq(self.take & self.take_lanes[lane]),
            self.taken[receptor][lane].eq(accumulator.taken),
        ]
