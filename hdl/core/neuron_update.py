"""The update of all neurons, U per clock cycle, and the memories of their states and parameters."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import ceil_div
from ..primitives.bits import as_word, select
from ..primitives.latencies import soma_latency
from ..primitives.layouts import record
from ..primitives.records import READ_LATENCY, RecordMemory, SharedRecord
from .soma import Soma


class NeuronUpdate(wiring.Component):
    """Walks over all neurons: accumulators in, spikes out, states updated.

    Word `k` holds neurons `k·U … k·U + U − 1`, one in each update unit.  A walk takes ceil(N/U) cycles
    (rounded up to whole groups of P neurons) and the latency of memory and soma after them.

    Members
    -------
    start : pulse; `busy` is 1 until every state is written.
    clear : pulse instead of `start`: sets every state and accumulator to 0, in a walk for each delay slot.
    take, take_lanes, take_group, take_slot, taken : to `Integrator`.
    fired_valid, fired_word, fired : spikes of one word, a mask over the units; no back-pressure.
    potentials : of the same word, by unit, as they are stored.
    clamps : stored values that were clamped in this cycle.
    clearing, sub : of the walk, with `take`: states are set to 0; which part of the group it is.
    access… : bus access between walks, to field `access_field` of neuron `access_neuron` in the states
        (`access_state`) or parameters.  Hold `access` until `access_done`; `access_value` is valid then.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._layout = layout = config.layout
        self._subwords = c.lanes // c.update_units
        sums = data.ArrayLayout(signed(layout.accumulator_bits), c.lanes)
        super().__init__(
            {
                "start": In(1),
                "clear": In(1),
                "busy": Out(1),
                "take": Out(1),
                "take_lanes": Out(c.lanes),
                "take_group": Out(range(layout.groups)),
                "take_slot": Out(range(c.delay_slots)),
                "taken": In(data.ArrayLayout(sums, c.receptors)),
                "fired_valid": Out(1),
                "fired_word": Out(range(layout.update_words)),
                "fired": Out(c.update_units),
                "potentials": Out(data.ArrayLayout(signed(c.state_bits), c.update_units)),
                "clearing": Out(1),
                "sub": Out(range(self._subwords)),
                "clamps": Out(range(5 * c.update_units + 1)),
                "access": In(1),
                "access_write": In(1),
                "access_state": In(1),
                "access_field": In(4),
                "access_neuron": In(range(c.neurons)),
                "access_data": In(32),
                "access_done": Out(1),
                "access_value": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A counter over the words, the units, and the bus access."""
        m = Module()
        layout = self._layout
        walking, clearing = Signal(), Signal()
        word = Signal(range(layout.update_words))
        with m.If(self.start | self.clear):
            m.d.sync += [walking.eq(1), clearing.eq(self.clear), word.eq(0)]
        with m.If(walking):
            m.d.sync += [word.eq(word + 1), walking.eq(word != layout.update_words - 1)]
        if self._config.delay_slots > 1:
            with m.If(walking & clearing & (word == layout.update_words - 1)):
                m.d.sync += [
                    self.take_slot.eq(self.take_slot + 1),
                    walking.eq(~self.take_slot.all()),
                    word.eq(0),
                ]

        depth = READ_LATENCY + soma_latency(self._config)
        flights = Signal(depth)
        m.d.sync += flights.eq(Cat(walking & ~clearing, flights))
        finished = Signal(range(layout.update_words))
        m.d.comb += [
            self.busy.eq(self.start | self.clear | walking | flights.any()),
            self.fired_valid.eq(flights[-1]),
            self.fired_word.eq(finished),
        ]
        with m.If(self.start):
            m.d.sync += finished.eq(0)
        with m.If(flights[-1]):
            m.d.sync += finished.eq(finished + 1)

        sub_bits = (self._subwords - 1).bit_length()
        sub = word[:sub_bits] if sub_bits else Const(0)
        units = self._config.update_units
        m.d.comb += [
            self.take.eq(walking),
            self.clearing.eq(clearing),
            self.sub.eq(sub),
            self.take_group.eq(word[sub_bits:]),
            self.take_lanes.eq(Cat(sub == lane // units for lane in range(self._config.lanes))),
        ]
        sub_late = sub
        for k in range(READ_LATENCY):
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
            m.submodules[f"soma_{u}"] = unit = Soma(c)
            m.submodules[f"states_{u}"] = states = RecordMemory(state_layout, layout.update_words)
            access.connect(m, states, u, states=True)
            m.d.comb += states.read_address.eq(read_address)
            with m.If(walking & clearing):
                m.d.comb += [
                    states.write.eq(1),
                    states.write_address.eq(word),
                    states.write_word.eq(Const(0, state_layout.size)),
                ]
            with m.If(self.fired_valid):
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
                self.fired[u].eq(unit.spike),
                self.potentials[u].eq(unit.next_state.v),
            ]
            for r in range(c.receptors):
                lanes = [self.taken[r][s * c.update_units + u] for s in range(self._subwords)]
                m.d.comb += unit.sums[r].eq(select(lanes, sub_late))
            clamps.append(Mux(self.fired_valid, unit.clamps, 0))
        m.d.sync += self.clamps.eq(sum(clamps[1:], clamps[0]))


class _Access:
    """Bus access to one field of one neuron: read the record, replace the field, write it back."""

    def __init__(self, updater: NeuronUpdate, m: Module) -> None:
        self._updater = u = updater
        units = u._config.update_units
        unit_bits = (units - 1).bit_length()
        self.word = u.access_neuron[unit_bits:]
        self._unit = u.access_neuron[:unit_bits] if unit_bits else Const(0)
        self._store = Signal()
        self._values: dict[bool, list[Value]] = {True: [], False: []}
        with m.FSM(name="access"):
            with m.State("IDLE"):
                with m.If(u.access & ~u.access_done):
                    m.next = "MEMORY"
                m.d.sync += u.access_done.eq(0)
            with m.State("MEMORY"):
                m.next = "WORD"
            with m.State("WORD"):
                m.d.comb += self._store.eq(u.access_write)
                m.d.sync += u.access_done.eq(1)
                m.next = "IDLE"

    def connect(
        self, m: Module, memory: RecordMemory | SharedRecord, unit: int, *, states: bool
    ) -> None:
        """Give this unit's memory to the bus; its walk may override what is written."""
        u = self._updater
        fields = u._layout.states if states else u._layout.parameters
        chosen = Signal(name=f"chosen_{'state' if states else 'parameter'}_{unit}")
        shared = isinstance(memory, SharedRecord)
        m.d.comb += chosen.eq((u.access_state == states) & (shared | (self._unit == unit)))
        m.d.comb += [
            memory.write.eq(self._store & chosen),
            memory.write_address.eq(0 if shared else self.word),
            memory.write_word.eq(memory.word),
        ]
        for k, field in enumerate(fields):
            with m.If(u.access_field == k):
                m.d.comb += memory.write_word[field.name].eq(u.access_data)
                with m.If(chosen):
                    m.d.comb += u.access_value.eq(as_word(memory.word[field.name], field))
