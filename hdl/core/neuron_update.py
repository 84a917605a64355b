"""The update of all neurons, one per clock cycle, and the memories of their states and parameters."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig, Field
from ..contract.neurons import MAX_CLAMPS
from ..contract.technology import Technology
from ..contract.widths import clog2
from ..memories import BLOCK_LATENCY, BlockMemory
from ..primitives.access import AccessSignature, answer_after
from ..primitives.bits import as_word
from ..primitives.layouts import record
from ..primitives.operations import soma_latency, take_latency
from ..primitives.pipeline import pipeline
from ..primitives.signatures import FiredSignature


class NeuronUpdate(wiring.Component):
    """Walks over all neurons, behind the walk that takes their sums: sums in, spikes out, states updated.

    Latency: `update_latency` cycles from the neuron whose sums are taken to `fired`.

    Members
    -------
    taking : the conductor takes the sums of a neuron, in order from neuron 0, without a gap.
    clear : these walks are to set every state to 0; hold it until not `busy`.
    parameters : if all neurons share them.
    sums : by accumulator, `take_latency` cycles after the lanes are told, which is a cycle later.
    busy : a neuron is under way.
    fired : spikes.
    clamps : stored values that were clamped in this cycle.
    access : to `field` of `neuron` in the states (`state` 1) or its own parameters (0), between walks;
        done after four cycles.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        layout = c.layout
        where = {"state": 1, "field": 4, "neuron": range(c.neurons)}
        super().__init__(
            {
                "taking": In(1),
                "clear": In(1),
                "parameters": In(record(layout.parameters)),
                "sums": In(data.ArrayLayout(signed(layout.accumulator_bits), layout.accumulators)),
                "busy": Out(1),
                "fired": Out(FiredSignature(c)),
                "clamps": Out(range(MAX_CLAMPS + 1)),
                "access": In(AccessSignature(where)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Two counters: of the neuron that is read, and of the one that is written."""
        m = Module()
        c, layout, access = self._config, self._config.layout, self.access
        latency = soma_latency(c)
        taken = take_latency(c, Technology.of(platform).wire_stages)
        early = taken + 1 - BLOCK_LATENCY  # the lanes are told a cycle later
        past = Signal(early + BLOCK_LATENCY + latency)
        flights = Cat(self.taking, past)
        m.d.sync += past.eq(flights)
        reading, writing = flights[early], flights[-1]
        m.submodules.soma = soma = c.model.part("soma")(c)
        _, loads, *_ = answer_after(m, access, BLOCK_LATENCY + 2)
        read, written = (Signal(range(c.neurons), name=n) for n in ("read", "written"))
        for place, goes in ((read, reading), (written, writing)):
            with m.If(access.active | goes):
                m.d.sync += place.eq(
                    Mux(access.active, access.where.neuron, place) + ~access.active
                )
            with m.Else():
                m.d.sync += place.eq(0)
        m.d.comb += [
            self.busy.eq(flights.any()),
            soma.exists.eq(1),
            soma.clear.eq(self.clear),
            soma.load.eq(access.active),
            soma.data.eq(access.data),
        ]
        m.d.comb += [soma.sums[r].eq(self.sums[r]) for r in range(c.receptors)]

        words: list[tuple[Value, Field]] = []
        kept: dict[str, Value] = {}
        for k, f in enumerate(layout.states):
            m.submodules[f"state_{f.name}"] = memory = BlockMemory(f.bits, c.neurons)
            stored = Signal(name=f"stored_{f.name}")
            mine = access.where.state & (access.where.field == k)
            m.d.sync += stored.eq(loads & access.write & mine)
            m.d.comb += [
                memory.read_address.eq(read),
                soma.state[f.name].eq(memory.word),
                memory.write.eq((writing & soma.writes[f.name]) | stored),
                memory.write_address.eq(written),
                memory.write_word.eq(soma.next_state[f.name]),
            ]
            kept[f.name] = memory.word
            words.append((memory.word, f))
        values = {1: self._words(words)}
        if c.parameters == "per_neuron":
            values[0] = self._memories(m, soma, read, loads)
        else:
            m.d.comb += soma.parameters.eq(self.parameters)
        value = Signal(32)
        for state, found in values.items():
            with m.If(access.active & (access.where.state == state)):
                bits = max(1, clog2(len(found)))
                m.d.comb += value.eq(Array(found)[access.where.field[:bits]])
        m.d.sync += access.value.eq(value)

        old = pipeline(m, kept["v"].as_signed(), latency, "v_before")
        m.d.comb += [
            self.fired.valid.eq(writing & ~self.clear),
            self.fired.neuron.eq(written),
            self.fired.spike.eq(soma.spike & writing),
            self.fired.potential.eq(Mux(soma.writes.v, soma.next_state.v, old)),
        ]
        m.d.sync += self.clamps.eq(Mux(writing, soma.clamps, 0))
        return m

    @staticmethod
    def _words(found: list[tuple[Value, Field]]) -> list[Value]:
        return [as_word(value.as_signed() if f.signed else value, f) for value, f in found]

    def _memories(self, m: Module, soma: object, address: Value, loads: Value) -> list[Value]:
        """Memories of the neurons' own parameters; returns their bus words."""
        c, access = self._config, self.access
        words: list[tuple[Value, Field]] = []
        for k, f in enumerate(c.layout.parameters):
            m.submodules[f"parameter_{f.name}"] = memory = BlockMemory(f.bits, c.neurons)
            writes = loads & access.write & ~access.where.state & (access.where.field == k)
            m.d.comb += [
                memory.read_address.eq(address),
                memory.write.eq(writes),
                memory.write_address.eq(address),
                memory.write_word.eq(access.data),
                soma.parameters[f.name].eq(memory.word),  # type: ignore[attr-defined]
            ]
            words.append((memory.word, f))
        return self._words(words)


def update_latency(config: CoreConfig, wire_stages: int = 0) -> int:
    """Cycles from the neuron whose sums are taken to its spike."""
    return take_latency(config, wire_stages) + 1 + soma_latency(config)
