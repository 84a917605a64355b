"""The sums of a lane: weights are added to a neuron's, and partial sums are taken along the lanes."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..memories import BlockMemory
from ..primitives.operations import part_bits
from ..primitives.pipeline import pipeline
from ..primitives.sum_adder import SumAdder


@dataclass(frozen=True)
class SumInputs:
    """What a lane's sums are told, by lane.

    Attributes
    ----------
    address : of the neuron's sums, without the slot of a ring, when the memory is read.
    slot : of the ring, a cycle earlier; None without delays.
    late_address : as `address`, when it is written.
    add, take, hit : as the word comes.  `hit` is 1 in the lane whose synapse is touched.
    nothing : a cycle before that: the word is taken as 0.
    wipe : a cycle after that: 0 is stored.
    store : a cycle after `wipe`, by accumulator.
    modulatory : as the word comes; None without modulators.
    """

    address: list[Value]
    slot: list[Value] | None
    late_address: list[Value]
    add: list[Value]
    take: list[Value]
    hit: list[Value]
    nothing: list[Value]
    wipe: list[Value]
    store: list[Value]
    modulatory: list[Value] | None


@dataclass(frozen=True)
class LaneSum:
    """The sum of a lane, for the next one: as it is, and as DSP blocks hand it on (`SumAdder`)."""

    total: Value
    cascade: Value


def lane_sums(
    m: Module,
    config: CoreConfig,
    lane: int,
    inputs: SumInputs,
    weight: Value,
    delay: Value | None,
    before: list[LaneSum],
) -> list[LaneSum]:
    """Generate the sums of one lane; returns the sum of each accumulator, for the next lane.

    One adder for each accumulator: of the word and the weight, or of the word and what the lane before
    has.  A word is read again at the earliest `RETURN_STAGES` + 1 cycles later.

    Parameters
    ----------
    weight : as the word comes.
    delay : steps that the weight takes, a cycle before the word is read.
    before : the sums of the lane before, as the word comes.
    """
    c, bits = config, part_bits(config)
    depth = c.layout.groups * c.lanes * c.delay_slots
    address, late_address = inputs.address[lane], inputs.late_address[lane]
    if inputs.slot is not None and delay is not None:
        slot = Signal(clog2(c.delay_slots), name=f"slot_{lane}")
        m.d.sync += slot.eq(inputs.slot[lane] + delay)
        address = Cat(slot, address)
        late_address = Cat(pipeline(m, slot, 4, f"slot_{lane}_late"), late_address)
    total_bits = min(c.layout.accumulator_bits, bits + clog2(lane + 1))
    results: list[Value] = []
    for k in range(c.layout.accumulators):
        name = f"{lane}_{k}"
        memory = BlockMemory(bits, depth)
        m.submodules[f"sums_{name}"] = memory
        earlier = before[k]
        m.submodules[f"adder_{name}"] = adder = SumAdder(
            word_bits=bits,
            weight_bits=len(weight),
            before_bits=len(earlier.total),
            total_bits=total_bits,
            first=not lane,
        )
        weighs = inputs.add[lane] & _for_accumulator(c, k, weight, inputs, lane)
        total = adder.total
        m.d.comb += [
            adder.word.eq(memory.word.as_signed()),
            adder.weight.eq(weight),
            adder.own.eq(weighs | inputs.hit[lane]),
            adder.before.eq(earlier.total),
            adder.passes.eq(~inputs.add[lane] & ~inputs.hit[lane]),
            adder.cascade_in.eq(earlier.cascade),
        ]
        kept = Signal(bits, name=f"kept_{name}")
        m.d.sync += kept.eq(Mux(inputs.wipe[lane], 0, total[:bits]))
        m.d.comb += [
            memory.read_address.eq(address),
            memory.nothing.eq(inputs.nothing[lane]),
            memory.write.eq(inputs.store[lane][k]),
            memory.write_address.eq(late_address),
            memory.write_word.eq(kept),
        ]
        results.append(LaneSum(total, adder.cascade))
    return results


def _for_accumulator(
    c: CoreConfig, k: int, weight: Value, inputs: SumInputs, lane: int
) -> Value | int:
    """The weight counts in this accumulator."""
    modulates = inputs.modulatory[lane] if inputs.modulatory is not None else None
    if k == c.receptors:
        assert modulates is not None
        return modulates
    sign = (weight[-1] == k) if c.receptors == 2 else None
    if modulates is None:
        return 1 if sign is None else sign
    return ~modulates if sign is None else ~modulates & sign
