"""Records of axons for learning, and how a step changes their traces."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import WORD_BITS, clog2
from ..primitives.bits import select
from ..primitives.latencies import RECORD_LATENCY
from ..primitives.layouts import record
from ..primitives.pipeline import pipeline
from ..primitives.signatures import ScannedSignature
from .lane_memory import LaneMemory
from .record_access import RecordAccess, record_access
from .rules import Rule
from .traces import DECAY_LATENCY, bumped


class AxonTraces(wiring.Component):
    """Records of `CoreLayout.axon_fields`; a walk of ceil(A / U) cycles decays and bumps all traces.

    Members
    -------
    scanned : words of the step's arrival bitmap, before the walk.
    start, clear : pulses; begin a walk, or one that sets all traces to 0.
    busy : a walk is under way.
    clamps : in this cycle.
    pass_word, records : for passes, between walks: records of P axons, `RECORD_LATENCY` cycles later.
    hold : freezes the reading of passes.
    access : to a field of an axon's record, see `RecordAccess`.
    """

    def __init__(self, config: CoreConfig, rule: Rule) -> None:
        self._config, self._rule = config, rule
        c, layout = config, config.layout
        self._layout = record(layout.axon_fields)
        self._words = layout.axon_groups * c.lanes // c.update_units
        self._access = RecordAccess(layout.axon_fields, c.lanes, c.axons)
        super().__init__(
            {
                "scanned": In(ScannedSignature(c)),
                "start": In(1),
                "clear": In(1),
                "parameters": In(record(layout.learning)),
                "busy": Out(1),
                "clamps": Out(range(c.update_units + 1)),
                "pass_word": In(range(layout.axon_groups)),
                "hold": In(1),
                "records": Out(data.ArrayLayout(self._layout, c.lanes)),
                "access": In(record_access(c.axons)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Memory, and the walk if there are traces."""
        m = Module()
        c = self._config
        m.submodules.memory = store = LaneMemory(self._layout, c.lanes, c.layout.axon_groups)
        m.submodules.access = access = self._access
        wiring.connect(m, wiring.flipped(self.access), access.access)
        access.connect(m, store)
        address = Mux(self.access.active, access.address, self.pass_word)
        m.d.comb += [store.hold.eq(self.hold), self.records.eq(store.words)]
        m.d.comb += store.read_address.eq(address)
        if c.layout.axon_states:
            self._walk(m, store)
        return m

    def _walk(self, m: Module, store: LaneMemory) -> None:
        c, units = self._config, self._config.update_units
        sub_bits = clog2(c.lanes // units)
        walking, clearing = Signal(), Signal()
        word = Signal(range(self._words))
        with m.If(self.start | self.clear):
            m.d.sync += [walking.eq(1), clearing.eq(self.clear), word.eq(0)]
        with m.If(walking):
            m.d.comb += store.read_address.eq(word[sub_bits:])
            m.d.sync += [word.eq(word + 1), walking.eq(word != self._words - 1)]

        depth = RECORD_LATENCY + DECAY_LATENCY + 1
        stages: list[tuple[Value, Value]] = [(walking, word)]
        for k in range(depth):
            stages.append(
                tuple(pipeline(m, v, 1, f"walk_{k}_{n}") for n, v in enumerate(stages[-1]))
            )  # type: ignore[arg-type]
        m.d.comb += self.busy.eq(self.start | self.clear | Cat(s[0] for s in stages).any())
        arrived = self._arrived(m, stages)
        sub = stages[RECORD_LATENCY][1][:sub_bits] if sub_bits else Const(0)
        valid, written = stages[-1]
        sub_written = written[:sub_bits] if sub_bits else Const(0)

        increment = self._rule.trace_increment(self.parameters, "x")
        clamps: list[Value] = []
        for u in range(units):
            lanes = [s * units + u for s in range(c.lanes // units)]
            state = Signal(self._layout, name=f"state_{u}")
            m.d.comb += state.as_value().eq(select([store.words[k].as_value() for k in lanes], sub))
            decayed = self._rule.decayed(m, state.x, self.parameters, "x")
            value, clamp = bumped(decayed, arrived[u], increment, replace=self._rule.replace)
            trace = Signal(len(state.x), name=f"x_{u}")
            clamped = Signal(name=f"clamped_{u}")
            m.d.sync += [trace.eq(value), clamped.eq(clamp)]
            following = Signal(self._layout, name=f"word_{u}")
            m.d.comb += following.x.eq(Mux(clearing, 0, trace))
            for field in c.layout.axon_fields[1:]:
                kept = pipeline(m, state[field.name], depth - RECORD_LATENCY, f"{field.name}_{u}")
                m.d.comb += following[field.name].eq(kept)
            for s, k in enumerate(lanes):
                with m.If(valid):
                    m.d.comb += [
                        store.write_address.eq(written[sub_bits:]),
                        store.write[k].eq(sub_written == s),
                        store.write_words[k].eq(following),
                    ]
            exists = written * units + u < c.axons
            clamps.append(clamped & valid & ~clearing & exists)
        m.d.sync += self.clamps.eq(sum(clamps, Const(0)))

    def _arrived(self, m: Module, stages: list[tuple[Value, Value]]) -> Value:
        """Bits of the U axons whose decayed traces are there."""
        units = self._config.update_units
        bitmap = memory.Memory(shape=WORD_BITS, depth=self._config.layout.arrival_words, init=[])
        m.submodules.arrived = bitmap
        write, read = bitmap.write_port(), bitmap.read_port()
        part_bits = clog2(WORD_BITS // units)
        early = stages[RECORD_LATENCY + DECAY_LATENCY - 2][1]
        m.d.comb += [
            write.en.eq(self.scanned.valid),
            write.addr.eq(self.scanned.word),
            write.data.eq(self.scanned.bits),
            read.addr.eq(early[part_bits:]),
        ]
        part = stages[RECORD_LATENCY + DECAY_LATENCY - 1][1][:part_bits] if part_bits else Const(0)
        chosen = Signal(units)
        m.d.sync += chosen.eq(read.data.word_select(part, units))
        return Cat(chosen)
