"""The lanes: each has a bank of synapses, partial sums of all neurons, and the rule for its synapses."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.technology import Storage, Technology
from ..contract.widths import clog2
from ..learning.lane_records import LaneRecords, RecordPort
from ..learning.synapse_change import SynapseChange, Written, turned
from ..memories import BLOCK_LATENCY, BlockMemory, FieldPort, SpramBank
from ..primitives.bits import population
from ..primitives.lane_chain import LaneChain
from ..primitives.layouts import record, synapse_memories
from ..primitives.operations import operation, sum_delay
from ..primitives.pipeline import pipeline
from .lane_sums import LaneSum, SumInputs, lane_sums


class Lanes(wiring.Component):
    """P lanes in a row; lane p works p cycles after lane 0, and no net leads to all of them.

    Synapse (i, j) is in bank (i xor j) mod P, at address `(j div P)·H·P + i` where H = ceil(A / P).  So a
    row of P neurons and a column of P axons have one synapse in every bank.  The lane that has a bank
    adds the weights of neuron j's synapses there: the neuron's sum is the sum of P partial sums, which
    go along the lanes when it is taken.

    Latency: `take_latency` cycles from an operation to `sums`; an operation that changes a synapse is
    over `settle` cycles later.  Throughput: an operation per cycle.  No back-pressure.

    Members
    -------
    op : what to do in this cycle (`operation`); 0 is nothing.
    ring : slot of this step in rings of sums.
    entry : what an operation with `put` stores; hold it until then, else it is 0.
    value : what an operation with `touch` writes; hold it until then.
    records : to the records of the lanes' other ends (`RecordPort`).
    parameters : of the rule.
    sums : of the neuron that was taken, by accumulator; or the weight that was touched, `take_latency`
        cycles later.
    fields : of the synapse that was touched, by field other than the weight, as late.
    touched : of an operation with `touch`, as late.
    updates, weight_clamps, state_clamps : in this cycle, of any operations.

    Parameters
    ----------
    storage : where the synapses are.
    """

    def __init__(self, config: CoreConfig, storage: Storage = "block") -> None:
        self._config = c = config
        self._storage = storage
        layout = c.layout
        self._fields = list(layout.synapse_fields.values())
        self._memories = {name: record(fields) for name, fields in synapse_memories(c).items()}
        members: dict[str, Any] = {
            "op": In(operation(c)),
            "ring": In(clog2(c.delay_slots)),
            "entry": In(signed(layout.accumulator_bits)),
            "value": In(max(layout.size for layout in self._memories.values())),
            "sums": Out(data.ArrayLayout(signed(layout.accumulator_bits), layout.accumulators)),
            "fields": Out(record(self._fields[1:])),
            "touched": Out(1),
        }
        self._rule = None
        if c.learning is not None:
            self._rule = c.learning.format.part("gateware")(c)
            members |= {
                "records": In(RecordPort(c)),
                "parameters": In(record(layout.learning)),
                "updates": Out(range(c.lanes + 1)),
                "weight_clamps": Out(range(c.lanes + 1)),
                "state_clamps": Out(range(c.lanes + 1)),
            }
        super().__init__(members)

    def _written(self, technology: Technology) -> int:
        """Cycles from an operation until it writes a synapse."""
        if self._rule is None:
            return BLOCK_LATENCY
        self._rule.wire_stages = technology.wire_stages
        return BLOCK_LATENCY + self._rule.write_latency

    def settle(self, technology: Technology) -> int:
        """Cycles from an operation until another may read in each lane what it wrote there."""
        return self._written(technology) + 1

    def turn(self, technology: Technology) -> int:
        """Cycles for which operations that write may follow each other, and then must not come.

        0 where they always may.  With one port to a bank there are as many cycles without operations:
        then each write, `_written` cycles after its read, is in a cycle in which nothing is read.
        """
        if self._storage == "block" or self._rule is None:
            return 0
        written = self._written(technology)
        return written & -written

    def elaborate(self, platform: object) -> Module:
        """What is handed along; then lane by lane."""
        m = Module()
        c, op, technology = self._config, self.op, Technology.of(platform)
        written = self._written(technology)
        self._sums_late = late = sum_delay(c, technology.wire_stages)
        chain = LaneChain(m, c.lanes)
        word = chain.along(op.word, "word")
        low = chain.mirrored(op.low, op.mirror, "low")
        late_word = chain.along(op.word, "late_word", written)
        late_low = chain.mirrored(op.low, op.mirror, "late_low", written)
        touches = self._hits(m, chain)
        hits = self._later(m, touches, written - 1, "late_hit")
        host = chain.along(op.host, "host", written - 1)
        inputs = self._sum_inputs(m, chain, low, touches)
        self._adds = chain.along(op.add, "adds", BLOCK_LATENCY)
        if "plastic_only" in op.shape().members:
            self._plastic_only = chain.along(op.plastic_only, "plastic_only", BLOCK_LATENCY)
        change: SynapseChange | None = None
        is_weight = op.host[0]  # weights lie with their sign bit turned
        value = self.value ^ (is_weight << (c.weight_bits - 1))
        value = value[: len(self.value)]
        values: list[Value] = []
        if self._rule is not None:
            records = LaneRecords(m, c, chain, op, self.records)
            change = SynapseChange(m, c, chain, op, self._rule, records, self.parameters, value)
        else:
            values = chain.along(value, "value", written)

        first = Signal(signed(c.layout.accumulator_bits), name="first")
        m.d.sync += first.eq(Mux(op.put, self.entry, 0))
        entry = LaneSum(pipeline(m, first, 2 + late, "first"), Const(0, 48))
        before = [entry] * len(op.store)
        seen: dict[str, Value] = {f.name: Const(0, f.bits) for f in self._fields[1:]}
        came = inputs.hit if not late else self._later(m, touches, BLOCK_LATENCY, "came")
        counts: list[Written] = []
        for p in range(c.lanes):
            banks = self._banks(m, p, Cat(low[p], word[p]), Cat(late_low[p], late_word[p]))
            words = {
                name: data.View(layout, banks[memory].word)[name]
                for memory, layout in self._memories.items()
                for name in layout.members
            }
            words["stored"] = words["weight"].as_unsigned()
            words["weight"] = turned(words["stored"]).as_signed()
            result: Written | None = None
            if change is not None:
                result = change.lane(p, words, hits[p], host[p][0])
                counts.append(result)
            self._write(m, p, banks, result, hits[p], host[p], values)
            before = self._sums(m, p, inputs, words, before)
            for f in self._fields[1:]:
                register = Signal(f.bits, name=f"seen_{f.name}_{p}")
                m.d.sync += register.eq(Mux(came[p], words[f.name], seen[f.name]))
                seen[f.name] = register
        for k, last_sum in enumerate(before):
            m.d.comb += self.sums[k].eq(last_sum.total)
        for f in self._fields[1:]:
            m.d.comb += self.fields[f.name].eq(pipeline(m, seen[f.name], late, f"seen_{f.name}"))
        last = chain.along(op.touch, "touched", 3 + late)[-1]
        m.d.comb += self.touched.eq(last)
        if counts:
            m.d.sync += [
                self.updates.eq(population(Cat(w.updated for w in counts))),
                self.weight_clamps.eq(population(Cat(w.clamped for w in counts))),
                self.state_clamps.eq(population(Cat(w.state_clamped for w in counts))),
            ]
        return m

    def _hits(self, m: Module, chain: LaneChain) -> list[Value]:
        """By lane, a cycle before the synapse comes: the operation touches its bank."""
        touch = chain.along(self.op.touch, "touch", BLOCK_LATENCY - 1)
        if not len(self.op.target):
            return touch
        target = chain.along(self.op.target, "target", BLOCK_LATENCY - 1)
        return [
            t & (bank == number) for t, bank, number in zip(touch, target, chain.banks, strict=True)
        ]

    @staticmethod
    def _later(m: Module, hits: list[Value], delay: int, name: str) -> list[Value]:
        """The same, as late as an operation that is handed along with this delay."""
        cycles = delay - (BLOCK_LATENCY - 1)
        return [pipeline(m, hit, cycles, f"{name}_{p}") for p, hit in enumerate(hits)]

    def _sum_inputs(
        self, m: Module, chain: LaneChain, low: list[Value], touches: list[Value]
    ) -> SumInputs:
        """The sums' part of the operation, as late as they are."""
        op, late = self.op, self._sums_late
        came = BLOCK_LATENCY + late
        if late:
            low = chain.mirrored(op.low, op.mirror, "sum_low", late)
        group = chain.along(op.group, "group", late)
        stored_low = chain.mirrored(op.low, op.mirror, "stored_low", came + 2)
        stored_group = chain.along(op.group, "stored_group", came + 2)
        slot = None
        if late:
            slot = chain.along((self.ring + op.slot)[: len(op.slot)], "ring_slot", late - 1)
        wipe = chain.along(op.take & ~op.put, "wipe", came + 1)
        taken = chain.along(op.take, "taken", came + 1)
        modulatory = None
        if "modulatory" in op.shape().members:
            modulatory = chain.along(op.modulatory, "modulatory", came)
        return SumInputs(
            address=[Cat(a, b) for a, b in zip(low, group, strict=True)],
            slot=slot,
            late_address=[Cat(a, b) for a, b in zip(stored_low, stored_group, strict=True)],
            add=chain.along(op.add, "add", came),
            take=chain.along(op.take, "take", came),
            hit=self._later(m, touches, came, "hit"),
            nothing=chain.along(op.touch | op.put, "nothing", came - 1),
            wipe=[wipe[0], *taken[1:]],
            store=chain.along(op.store, "store", came + 2),
            modulatory=modulatory,
        )

    def _banks(
        self, m: Module, lane: int, address: Value, late_address: Value
    ) -> dict[str, FieldPort]:
        """The memories of a lane's synapses."""
        layout, found = self._config.layout, {}
        depth = layout.groups * layout.axon_groups * self._config.lanes
        if self._storage == "spram":
            words = {name: layout.size for name, layout in self._memories.items()}
            m.submodules[f"synapses_{lane}"] = fields = SpramBank(words, depth)
            m.d.comb += [fields.read_address.eq(address), fields.write_address.eq(late_address)]
            return {name: fields.port(name) for name in words}
        for name, word in self._memories.items():
            m.submodules[f"{name}_{lane}"] = bank = BlockMemory(word.size, depth)
            m.d.comb += [bank.read_address.eq(address), bank.write_address.eq(late_address)]
            found[name] = FieldPort(bank.word, bank.write, bank.write_word)
        return found

    def _write(
        self,
        m: Module,
        lane: int,
        banks: dict[str, FieldPort],
        result: Written | None,
        hit: Value,
        host: Value,
        values: list[Value],
    ) -> None:
        """What the rule and the host write."""
        value = values[lane] if result is None else result.word
        for k, (name, bank) in enumerate(banks.items()):
            written = Signal(name=f"host_{name}_{lane}")
            m.d.sync += written.eq(hit & host[k])
            m.d.comb += bank.write_word.eq(value)
            if result is None or name not in ("weight", "eligibility"):
                m.d.comb += bank.write.eq(written)
            elif name == "weight":
                m.d.comb += bank.write.eq(result.writes_weight)
            else:
                m.d.comb += bank.write.eq(written | result.writes_eligibility)
                with m.If(~written):
                    m.d.comb += bank.write_word.eq(result.eligibility)

    def _sums(
        self,
        m: Module,
        lane: int,
        inputs: SumInputs,
        words: dict[str, Value],
        before: list[LaneSum],
    ) -> list[LaneSum]:
        """The sums of a lane, with its weight and delay."""
        c = self._config
        weight, delay = words["weight"], words.get("delay")
        if c.learning is not None and c.learning.format.scales:
            only = self._plastic_only[lane]
            weight = Mux(only & ~words["plastic"], 0, weight)
            if delay is not None:
                delay = Mux(only, 0, delay)
        if delay is not None:
            delay = delay & self._adds[lane].replicate(len(delay))
        return lane_sums(
            m,
            c,
            lane,
            inputs,
            pipeline(m, weight, self._sums_late, f"weight_late_{lane}"),
            delay,
            before,
        )
