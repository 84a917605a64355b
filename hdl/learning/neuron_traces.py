"""Records of neurons for learning, and how a step changes them."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..primitives.bits import select
from ..primitives.latencies import RECORD_LATENCY, soma_latency
from ..primitives.layouts import record
from ..primitives.pipeline import pipeline
from ..primitives.signatures import FiredSignature, WalkSignature
from .lane_memory import LaneMemory
from .record_access import RecordAccess, record_access
from .rules.rule import NEURON_LATENCY, Rule, Unit


class NeuronTraces(wiring.Component):
    """Records of `CoreLayout.neuron_fields`, changed in parallel with the walk of `NeuronUpdate`.

    Members
    -------
    walk : that of the update.
    modulation : accumulators of the modulatory axons by lane, `TAKE_LATENCY` cycles after their word
        was walked.
    first : the step begins a period.
    fired : from the update.
    busy : a record is still to be written.
    clamps : in this cycle.
    pass_group, records : for passes, between walks: records of a group, `RECORD_LATENCY` cycles later.
    hold : freezes the reading of passes.
    access : to a field of a neuron's record, see `RecordAccess`.
    """

    def __init__(self, config: CoreConfig, rule: Rule) -> None:
        self._config, self._rule = config, rule
        c, layout = config, config.layout
        self._layout = record(layout.neuron_fields)
        self._subwords = c.lanes // c.update_units
        self._access = RecordAccess(layout.neuron_fields, c.lanes, c.neurons)
        super().__init__(
            {
                "walk": In(WalkSignature(c)),
                "modulation": In(data.ArrayLayout(signed(layout.accumulator_bits), c.lanes)),
                "first": In(1),
                "fired": In(FiredSignature(c)),
                "parameters": In(record(layout.learning)),
                "busy": Out(1),
                "clamps": Out(range(2 * c.update_units + 1)),
                "pass_group": In(range(layout.groups)),
                "hold": In(1),
                "records": Out(data.ArrayLayout(self._layout, c.lanes)),
                "access": In(record_access(c.neurons)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Memory; units; and where the walk's words go."""
        m = Module()
        c, walk = self._config, self.walk
        m.submodules.memory = store = LaneMemory(self._layout, c.lanes, c.layout.groups)
        m.submodules.access = access = self._access
        wiring.connect(m, wiring.flipped(self.access), access.access)
        access.connect(m, store)
        m.d.comb += [
            store.read_address.eq(
                Mux(
                    walk.active,
                    walk.group,
                    Mux(self.access.active, access.address, self.pass_group),
                )
            ),
            store.hold.eq(self.hold),
            self.records.eq(store.words),
        ]

        depth = RECORD_LATENCY + soma_latency(c) + NEURON_LATENCY
        stages: list[tuple[Value, Value, Value, Value]] = [
            (walk.active, walk.clear, walk.group, walk.part)
        ]
        for k in range(depth):
            stages.append(
                tuple(pipeline(m, v, 1, f"walk_{k}_{n}") for n, v in enumerate(stages[-1]))
            )  # type: ignore[arg-type]
        m.d.comb += self.busy.eq(Cat(s[0] for s in stages).any())
        sub = stages[RECORD_LATENCY][3]
        valid, clearing, group, sub_written = stages[-1]

        clamps: list[Value] = []
        for u in range(c.update_units):
            lanes = [s * c.update_units + u for s in range(self._subwords)]
            state = Signal(self._layout, name=f"state_{u}")
            modulation = Signal(signed(c.layout.accumulator_bits), name=f"modulation_{u}")
            m.d.comb += [
                state.as_value().eq(select([store.words[k].as_value() for k in lanes], sub)),
                modulation.eq(select([self.modulation[k] for k in lanes], sub)),
            ]
            unit = Unit(
                name=str(u),
                latency=soma_latency(c),
                state=state,
                modulation=modulation,
                first=self.first,
                spike=self.fired.mask[u],
                v=self.fired.potentials[u],
                parameters=self.parameters,
            )
            following, counts = self._rule.neuron(m, unit)
            word = Signal(self._layout, name=f"word_{u}")
            for field in c.layout.neuron_states:
                value = following[field.name]
                m.d.comb += word[field.name].eq(Mux(clearing, 0, value))
            for field in c.layout.neuron_fields[len(c.layout.neuron_states) :]:
                kept = pipeline(m, state[field.name], depth - RECORD_LATENCY, f"{field.name}_{u}")
                m.d.comb += word[field.name].eq(kept)
            for s, k in enumerate(lanes):
                with m.If(valid):
                    m.d.comb += [
                        store.write_address.eq(group),
                        store.write[k].eq(sub_written == s),
                        store.write_words[k].eq(word),
                    ]
            exists = group * c.lanes + sub_written * c.update_units + u < c.neurons
            clamps += [flag & valid & ~clearing & exists for flag in counts]
        m.d.sync += self.clamps.eq(sum(clamps, Const(0)))
        return m
