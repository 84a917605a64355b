"""Records of axons and neurons for learning, and how a step changes them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.learning_config import TAG_BITS
from ..contract.technology import Technology
from ..contract.widths import clog2
from ..memories import BLOCK_LATENCY, BlockMemory
from ..primitives.access import AccessSignature, answer_after
from ..primitives.bits import as_word
from ..primitives.layouts import record
from ..primitives.operations import soma_latency, take_latency
from ..primitives.pipeline import pipeline
from ..primitives.signatures import FiredSignature
from .lane_records import RecordPort, record_count, states_layout
from .rules.rule import NEURON_LATENCY, Rule, Unit
from .traces import DECAY_LATENCY, bumped

SPIKE_LATENCY = DECAY_LATENCY + 1
"""Cycles from a record's states to the spike of the same neuron: one to add to what has decayed."""


def record_access(config: CoreConfig) -> AccessSignature:
    """Access to `field` of the record of axon or neuron `index`."""
    return AccessSignature(
        {"of_axon": 1, "field": 4, "index": range(max(config.axons, config.neurons))}
    )


class Records(wiring.Component):
    """States of axon k and neuron k are one word; a walk of max(N, A) cycles changes them all.

    Members
    -------
    start : pulse, in the cycle before the first neuron's sums are taken: the walk follows the somas.
    clear : instead of changing states, the walk sets them to 0; hold it until not `busy`.
    arrived, arrived_axon : an axon that has a spike in this step.
    modulation : sum of the modulatory axons, `take_latency` cycles after it was taken.
    first : the step begins a period.
    fired : from `NeuronUpdate`.
    parameters : of the rule.
    busy : a walk is under way.
    clamps : in this cycle.
    tag_of_axon, tag_index, hold, tag, modulatory : what a row or column needs to know of its own axon or
        neuron, `BLOCK_LATENCY` cycles later; `hold` stops it.
    copies : the copies in the lanes; from one of them the states are read, too.
    access : to a field of a record, between steps; done after five cycles.
    """

    def __init__(self, config: CoreConfig, rule: Rule) -> None:
        self._config, self._rule = config, rule
        c = config
        assert c.learning is not None
        count = range(max(c.axons, c.neurons))
        members: dict[str, Any] = {
            "start": In(1),
            "clear": In(1),
            "arrived": In(1),
            "arrived_axon": In(range(c.axons)),
            "modulation": In(signed(c.layout.accumulator_bits)),
            "first": In(1),
            "fired": In(FiredSignature(c)),
            "parameters": In(record(c.layout.learning)),
            "busy": Out(1),
            "clamps": Out(2),
            "tag_of_axon": In(1),
            "tag_index": In(count),
            "hold": In(1),
            "tag": Out(TAG_BITS),
            "modulatory": Out(1),
            "copies": Out(RecordPort(c)),
            "access": In(record_access(c)),
        }
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """The walk that changes the states, and what is only loaded."""
        m = Module()
        c, access = self._config, self.access
        layout, count = states_layout(c), record_count(c)
        word = self.copies.word
        following = Signal(layout)

        # Cycles from the start to the first spike.
        before = take_latency(c, Technology.of(platform).wire_stages) + 2 + soma_latency(c)
        depth = BLOCK_LATENCY + SPIKE_LATENCY + NEURON_LATENCY + 1
        begins = pipeline(m, self.start, before - BLOCK_LATENCY - SPIKE_LATENCY - 1, "begins")
        walking, place, last = Signal(), Signal(range(count)), Signal()
        most = max(c.axons, c.neurons) if count else 0
        m.d.comb += last.eq(place == most - 1)
        with m.If(begins | walking):
            m.d.sync += walking.eq(begins | ~last)
        flights = [walking, *(Signal(name=f"flight_{k}") for k in range(1, depth + 1))]
        m.d.sync += [a.eq(b) for a, b in zip(flights[1:], flights, strict=False)]
        written = Signal(range(count))
        for number, goes in ((place, walking), (written, flights[-1])):
            with m.If(access.active | goes):
                m.d.sync += number.eq(
                    Mux(access.active, access.where.index, number) + ~access.active
                )
            with m.Else():
                m.d.sync += number.eq(0)
        waiting = Signal()  # from the start until the walk begins
        with m.If(self.start):
            m.d.sync += waiting.eq(1)
        with m.Elif(begins):
            m.d.sync += waiting.eq(0)
        m.d.comb += self.busy.eq(self.start | waiting | begins | Cat(flights).any())

        clamps = self._neuron(m, word, following, place)
        clamps += self._axon(m, word, following, place, written, flights[-1])
        counted = [flag & flights[-2] & ~self.clear for flag in clamps]
        m.d.sync += self.clamps.eq(sum(counted, Const(0)))

        # The bus changes one state of a word, and stores it through the same registers as the walk.
        *_, answers, _ = answer_after(m, access, BLOCK_LATENCY + 3)
        stored, changed, states_touched = Signal(), Signal(layout), Signal()
        m.d.sync += stored.eq(answers & access.write & states_touched)
        states = self.copies.states.as_value()
        with m.If(self.clear):
            m.d.sync += states.eq(0)
        with m.Else():
            m.d.sync += states.eq(Mux(access.active, changed.as_value(), following.as_value()))
        m.d.comb += [
            self.copies.read.eq(walking | access.active),
            self.copies.read_index.eq(place),
            changed.eq(word),
            self.copies.index.eq(written),
            self.copies.write.eq(flights[-1] | stored),
        ]
        value = Signal(32)
        m.d.sync += access.value.eq(value)
        fields = (
            ("axon", c.layout.axon_states, c.layout.axon_fields),
            ("neuron", c.layout.neuron_states, c.layout.neuron_fields),
        )
        loaded = self._loaded(m, answers)
        for whose, states, every in fields:
            for k, f in enumerate(every):
                mine = (access.where.of_axon == (whose == "axon")) & (access.where.field == k)
                with m.If(access.active & mine):
                    if k < len(states):
                        own = word[whose][f.name]
                        m.d.comb += [
                            states_touched.eq(1),
                            changed[whose][f.name].eq(access.data),
                            value.eq(as_word(own, f)),
                        ]
                    else:
                        m.d.comb += value.eq(loaded[f.name])
        return m

    def _neuron(
        self, m: Module, word: Any, following: data.View[data.StructLayout], place: Value
    ) -> list[Value]:
        """The next states of the neuron, at the end of the walk's pipeline."""
        c = self._config
        modulation: Value = self.modulation
        late = soma_latency(c) - SPIKE_LATENCY
        modulation = pipeline(m, modulation, late, "modulation")
        if c.axons > c.neurons:
            exists = pipeline(m, place < c.neurons, BLOCK_LATENCY, "exists")
            modulation = Mux(exists, modulation, 0)
        unit = Unit(
            name="0",
            latency=SPIKE_LATENCY,
            state=word.neuron,
            modulation=modulation,
            first=self.first,
            spike=self.fired.spike,
            v=self.fired.potential,
            parameters=self.parameters,
        )
        values, clamps = self._rule.neuron(m, unit)
        for f in c.layout.neuron_states:
            m.d.comb += following.neuron[f.name].eq(values[f.name])
        return clamps

    def _axon(
        self,
        m: Module,
        word: Any,
        following: data.View[data.StructLayout],
        place: Value,
        written: Value,
        writes: Value,
    ) -> list[Value]:
        """The next state of the axon; a bit of its own says whether it has a spike in this step."""
        c = self._config
        if not c.layout.axon_states:
            return []
        m.submodules.arrived = arrived = BlockMemory(1, record_count(c))
        m.d.comb += [
            arrived.read_address.eq(pipeline(m, place, SPIKE_LATENCY - 1, "arrived_place")),
            arrived.write.eq(self.arrived | writes),
            arrived.write_address.eq(Mux(writes, written, self.arrived_axon)),
            arrived.write_word.eq(~writes),
        ]
        decayed = self._rule.decayed(m, word.axon.x, self.parameters, "x")
        decayed = pipeline(m, decayed, SPIKE_LATENCY - DECAY_LATENCY, "x_decayed")
        increment = self._rule.trace_increment(self.parameters, "x")
        spike = pipeline(m, arrived.word, 1, "arrived_late")
        value, clamp = bumped(decayed, spike, increment, replace=self._rule.replace)
        late = [pipeline(m, v, NEURON_LATENCY, n) for v, n in ((value, "x"), (clamp, "x_clamp"))]
        m.d.comb += following.axon.x.eq(late[0])
        return [late[1]]

    def _loaded(self, m: Module, answers: Value) -> dict[str, Value]:
        """Tags, and which axons are modulatory: their words for the bus."""
        c, access = self._config, self.access
        assert c.learning is not None
        found: dict[str, Value] = {}
        if c.learning.stochastic:
            places = clog2(record_count(c))
            tag_number = len(c.layout.axon_states)
            index = Signal(max(1, places))
            of_axon = Mux(access.active, access.where.of_axon, self.tag_of_axon)
            m.submodules.tags = tags = BlockMemory(TAG_BITS, 2 << places)
            m.d.comb += [
                index.eq(Mux(access.active, access.where.index, self.tag_index)),
                tags.read_address.eq(Cat(index, of_axon)),
                tags.hold.eq(self.hold),
                self.tag.eq(tags.word),
                tags.write.eq(self.copies.write_tag),
                tags.write_address.eq(Cat(index, of_axon)),
                tags.write_word.eq(access.data),
                self.copies.of_axon.eq(access.where.of_axon),
                self.copies.tag.eq(access.data),
            ]
            number = Mux(access.where.of_axon, tag_number, len(c.layout.neuron_states))
            m.d.comb += self.copies.write_tag.eq(
                answers & access.write & (access.where.field == number)
            )
            found["tag"] = tags.word
        if c.learning.format.modulator:
            names = [f.name for f in c.layout.axon_fields]
            m.submodules.modulators = memory = BlockMemory(1, c.axons)
            m.d.comb += [
                memory.read_address.eq(Mux(access.active, access.where.index, self.tag_index)),
                memory.hold.eq(self.hold),
                self.modulatory.eq(memory.word),
                memory.write.eq(
                    answers
                    & access.write
                    & access.where.of_axon
                    & (access.where.field == names.index("modulatory"))
                ),
                memory.write_address.eq(access.where.index),
                memory.write_word.eq(access.data),
            ]
            found["modulatory"] = memory.word
        return found
