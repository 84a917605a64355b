"""The update of all neurons, U per clock cycle, and the memories of their states and parameters."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.neurons import MAX_CLAMPS
from ..contract.widths import ceil_div
from ..primitives.access import AccessSignature, answer_after
from ..primitives.bits import as_word, select
from ..primitives.latencies import RECORD_LATENCY, soma_latency
from ..primitives.layouts import record
from ..primitives.records import RecordMemory, SharedRecord
from ..primitives.signatures import FiredSignature, TakeSignature


class NeuronUpdate(wiring.Component):
    """Walks over all neurons: accumulators in, spikes out, states updated.

    Word `k` holds neurons `k·U … k·U + U − 1`, one in each update unit.  A walk takes ceil(N/U) cycles
    (rounded up to whole groups of P neurons) and the latency of memory and soma after them.

    Members
    -------
    start : pulse; `busy` is 1 until every state is written.
    clear : pulse instead of `start`: sets every state and accumulator to 0, in a walk for each delay slot.
    take : to `Integrator`.
    fired : spikes of one word.
    clamps : stored values that were clamped in this cycle.
    access : to `field` of `neuron` in the states (`state` 1) or parameters (0), between walks; done after
        three cycles.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._layout = config.layout
        self._subwords = c.lanes // c.update_units
        where = {"state": 1, "field": 4, "neuron": range(c.neurons)}
        super().__init__(
            {
                "start": In(1),
                "clear": In(1),
                "busy": Out(1),
                "take": Out(TakeSignature(c)),
                "fired": Out(FiredSignature(c)),
                "clamps": Out(range(MAX_CLAMPS * c.update_units + 1)),
                "access": In(AccessSignature(where)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A counter over the words, the units, and the bus access."""
        m = Module()
        layout, walk = self._layout, self.take.walk
        walking, clearing = Signal(), Signal()
        word = Signal(range(layout.update_words))
        with m.If(self.start | self.clear):
            m.d.sync += [walking.eq(1), clearing.eq(self.clear), word.eq(0)]
        with m.If(walking):
            m.d.sync += [word.eq(word + 1), walking.eq(word != layout.update_words - 1)]
        if self._config.delay_slots > 1:
            with m.If(walking & clearing & (word == layout.update_words - 1)):
                m.d.sync += [
                    walk.slot.eq(walk.slot + 1),
                    walking.eq(~walk.slot.all()),
                    word.eq(0),
                ]

        depth = RECORD_LATENCY + soma_latency(self._config)
        flights = Signal(depth)
        m.d.sync += flights.eq(Cat(walking & ~clearing, flights))
        finished = Signal(range(layout.update_words))
        m.d.comb += [
            self.busy.eq(self.start | self.clear | walking | flights.any()),
            self.fired.valid.eq(flights[-1]),
            self.fired.word.eq(finished),
        ]
        with m.If(self.start):
            m.d.sync += finished.eq(0)
        with m.If(flights[-1]):
            m.d.sync += finished.eq(finished + 1)

        sub_bits = (self._subwords - 1).bit_length()
        sub = word[:sub_bits] if sub_bits else Const(0)
        m.d.comb += [
            walk.active.eq(walking),
            walk.clear.eq(clearing),
            walk.part.eq(sub),
            walk.group.eq(word[sub_bits:]),
        ]
        sub_late = sub
        for k in range(RECORD_LATENCY):
            register = Signal(max(sub_bits, 1), name=f"sub_{k}")
            m.d.sync += register.eq(sub_late)
            sub_late = register

        self._units(m, walking, clearing, word, sub_late, finished)
        return m

    def _units(
        self,
        m: Module,
        walking: Value,
        clearing: Value,
        word: Value,
        sub_late: Value,
        finished: Value,
    ) -> None:
        c, layout = self._config, self._layout
        parameter_layout, state_layout = record(layout.parameters), record(layout.states)
        access = _Access(self, m)
        read_address = Mux(walking, word, access.word)
        parameters: RecordMemory | SharedRecord
        if c.parameters == "shared":
            m.submodules.parameters = parameters = SharedRecord(parameter_layout)
            access.connect(m, parameters, 0, states=False)

        clamps = []
        for u in range(c.update_units):
            m.submodules[f"soma_{u}"] = unit = c.model.part("soma")(c)
            m.submodules[f"states_{u}"] = states = RecordMemory(state_layout, layout.update_words)
            access.connect(m, states, u, states=True)
            m.d.comb += states.read_address.eq(read_address)
            with m.If(walking & clearing):
                m.d.comb += [
                    states.write.eq(1),
                    states.write_address.eq(word),
                    states.write_word.eq(Const(0, state_layout.size)),
                ]
            with m.If(self.fired.valid):
                m.d.comb += [
                    states.write.eq(1),
                    states.write_address.eq(finished),
                    states.write_word.eq(unit.next_state),
                ]
            if c.parameters == "per_neuron":
                parameters = RecordMemory(parameter_layout, layout.update_words)
                m.submodules[f"parameters_{u}"] = parameters
                access.connect(m, parameters, u, states=False)
                m.d.comb += parameters.read_address.eq(read_address)

            real_words = ceil_div(c.neurons - u, c.update_units)
            exists: Value = Const(1)
            if real_words < layout.update_words:
                exists = Signal(name=f"exists_{u}")
                early = Signal(name=f"exists_early_{u}")
                m.d.sync += [early.eq(word < real_words), exists.eq(early)]
            m.d.comb += [
                unit.exists.eq(exists),
                unit.parameters.eq(parameters.word),
                unit.state.eq(states.word),
                self.fired.mask[u].eq(unit.spike),
                self.fired.potentials[u].eq(unit.next_state.v),
            ]
            for r in range(c.receptors):
                lanes = [self.take.sums[r][s * c.update_units + u] for s in range(self._subwords)]
                m.d.comb += unit.sums[r].eq(select(lanes, sub_late))
            clamps.append(Mux(self.fired.valid, unit.clamps, 0))
        m.d.sync += self.clamps.eq(sum(clamps[1:], clamps[0]))


class _Access:
    """Bus access to one field of one neuron: read the record, replace the field, write it back."""

    def __init__(self, updater: NeuronUpdate, m: Module) -> None:
        self._layout, self._access = updater._layout, updater.access
        unit_bits = (updater._config.update_units - 1).bit_length()
        neuron = self._access.where.neuron
        self.word = neuron[unit_bits:]
        self._unit = neuron[:unit_bits] if unit_bits else Const(0)
        *_, answers = answer_after(m, self._access, RECORD_LATENCY + 1)
        self._store = answers & self._access.write

    def connect(
        self, m: Module, memory: RecordMemory | SharedRecord, unit: int, *, states: bool
    ) -> None:
        """Give this unit's memory to the bus; its walk may override what is written."""
        access, where = self._access, self._access.where
        fields = self._layout.states if states else self._layout.parameters
        chosen = Signal(name=f"chosen_{'state' if states else 'parameter'}_{unit}")
        shared = isinstance(memory, SharedRecord)
        m.d.comb += chosen.eq((where.state == states) & (shared | (self._unit == unit)))
        m.d.comb += [
            memory.write.eq(self._store & chosen),
            memory.write_address.eq(0 if shared else self.word),
            memory.write_word.eq(memory.word),
        ]
        for k, field in enumerate(fields):
            with m.If(where.field == k):
                m.d.comb += memory.write_word[field.name].eq(access.data)
                with m.If(chosen):
                    m.d.comb += access.value.eq(as_word(memory.word[field.name], field))
