"""Regions IDENTITY, CONTROL, COUNTERS and MONITORS of the memory map."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import MAX_MONITORS, CoreConfig
from ..contract.image import MAX_CORES
from ..contract.line_rate import PHASE_STEP_BITS
from ..contract.memory_map import (
    BUILD_WORDS,
    CORE_OVERRUNS,
    COUNTERS,
    LINK_VERSION,
    MAGIC,
    MAP_VERSION,
    REGION_SHIFT,
    RESET_ALL,
    RESET_STATE,
    Identity,
    Region,
    Register,
)
from ..contract.widths import clog2
from ..primitives.arithmetic import load_or_count
from ..primitives.bus import BusSignature
from .counters import counter_increments
from .overruns import COUNT_BITS
from .register_memory import COUNTER_BITS, HALF_BITS, RegisterMemory

_IDENTITY_WORDS = Identity.BUILD + BUILD_WORDS
_FIRST_LINE = Register.LINE | 1
"""Where the register memory has the first value of LINE; no register has this number."""

_NEAR_BITS = clog2(CORE_OVERRUNS + MAX_CORES)
_DIGIT_BITS = MAX_MONITORS.bit_length()

REGIONS = (Region.IDENTITY, Region.CONTROL, Region.COUNTERS, Region.MONITORS)


class Registers(wiring.Component):
    """Identity, control registers, counters and monitor slots.

    Members
    -------
    bus : an access takes three cycles, of a counter about a hundred; RESET takes until the core is
        `ready` again.
    increments : added to the counters in every cycle.  `link_opened` clears the link's counters.
    ready, clear : of the core.
    step : number of the next step.  shows_step, step_high, step_half : see `Processor`.
    image_loaded, ticking, tick_period, monitor_count, line : registers.  There are ticks where `ticking`.
    line_changes : pulses when `line` is written.  line_fell : sets `line` back.
    beat : pulses at a steady rate, every `ROUND` clock cycles.
    core_overruns : of each core, to be read.

    Parameters
    ----------
    digest : in the identity block; default that of `config`.
    cores : of a fabric, that have overruns of their own.
    row_cycles : clock cycles that a core takes for a row of synapses, at least.
    line : phase step of the UART after power-up; 0 where there is no UART.
    ticks : without them TICK_PERIOD is always 0.
    """

    def __init__(
        self,
        config: CoreConfig,
        core_increments: data.StructLayout,
        *,
        clock_hz: int,
        build: str,
        digest: int | None = None,
        cores: int = 0,
        row_cycles: int = 1,
        line: int = 0,
        ticks: bool = True,
    ) -> None:
        self._ticks = ticks
        self._row_cycles = row_cycles
        self._config = config
        self._digest = config.digest if digest is None else digest
        self._line = line
        self._core_increments = core_increments
        self._clock_hz = clock_hz
        self._build = build.encode("ascii", "replace")[: 4 * BUILD_WORDS]
        self._monitoring, self._line_set = Signal(), Signal()
        super().__init__(
            {
                "bus": In(BusSignature()),
                "increments": In(counter_increments(core_increments)),
                "link_opened": In(1),
                "ready": In(1),
                "clear": Out(1),
                "step": Out(32),
                "shows_step": In(1),
                "step_high": In(1),
                "step_half": Out(HALF_BITS),
                "image_loaded": Out(1),
                "ticking": Out(1),
                "tick_period": Out(32),
                "monitor_count": Out(range(config.monitors + 1)),
                "line": Out(PHASE_STEP_BITS, init=line),
                "line_changes": Out(1),
                "line_fell": In(1),
                "beat": Out(1),
                "core_overruns": In(data.ArrayLayout(COUNT_BITS, cores)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """One cycle to judge the address; then the memory, or the sequence of a reset."""
        m = Module()
        bus = self.bus
        self._region = bus.address[REGION_SHIFT:]
        # What all comparisons share: nothing here has an offset, or is written a number, with higher bits.
        self._offset, self._far = bus.address[:_NEAR_BITS], Signal()
        self._digit, self._some, self._large = bus.data[:_DIGIT_BITS], Signal(), Signal()
        m.d.comb += [
            self._far.eq(bus.address[_NEAR_BITS:REGION_SHIFT].any()),
            self._large.eq(bus.data[PHASE_STEP_BITS:].any()),
            self._some.eq(self._large | bus.data[_DIGIT_BITS:PHASE_STEP_BITS].any()),
        ]
        m.submodules.memory = store = self._memory()
        m.d.comb += [
            store.increments.eq(self.increments),
            store.clear.eq(self.clear),
            store.clear_link.eq(self.link_opened),
            store.write.eq(bus.write),
            store.data.eq(bus.data),
            bus.value.eq(store.value),
            store.forget.eq(~bus.valid),
            self.beat.eq(store.ends_round),
        ]
        self._show_step(m, store)
        error, resets, accepted = Signal(), Signal(), Signal()
        m.d.sync += [bus.error.eq(error | self._far), bus.done.eq(0)]
        m.d.comb += [error.eq(1), resets.eq(0)]
        regions = {
            Region.IDENTITY: self._identity,
            Region.CONTROL: self._control,
            Region.COUNTERS: self._counters,
            Region.MONITORS: self._monitors,
        }
        with m.Switch(self._region[:2]):
            for code, region in regions.items():
                with m.Case(code):
                    region(m, store, error, resets)
        is_reset = Signal()
        m.d.sync += is_reset.eq(resets)
        with m.FSM(name="bus"):
            with m.State("IDLE"), m.If(bus.valid & ~bus.done):
                m.next = "LOOK"
            with m.State("LOOK"):
                m.next = "IDLE"
                with m.If(bus.error):
                    m.d.sync += bus.done.eq(1)
                with m.Elif(is_reset):
                    m.next = "WAIT_FOR_STEP"
                with m.Else():
                    m.d.comb += accepted.eq(bus.write)
                    m.next = "MEMORY"
            with m.State("MEMORY"):
                m.d.comb += store.active.eq(1)
                with m.If(store.done):
                    m.d.sync += bus.done.eq(1)
                    m.next = "IDLE"
            with m.State("WAIT_FOR_STEP"):
                m.d.comb += self.clear.eq(self.ready & store.ends_round)
                with m.If(self.clear):
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.next = "CLEAR"
            with m.State("CLEAR"), m.If(self.ready):
                m.d.sync += bus.done.eq(1)
                m.next = "IDLE"
        self._written(m, accepted)
        return m

    def _memory(self) -> RegisterMemory:
        slots = self._config.monitors
        self._slots_from = 1 << max(clog2(slots), max(Register).bit_length())
        return RegisterMemory(
            self._core_increments,
            words=2 * self._slots_from,
            row_cycles=self._row_cycles,
            initial={Register.CLOCK_HZ: self._clock_hz, _FIRST_LINE: self._line},
            constants=self._identity_words(),
        )

    def _identity_words(self) -> list[int]:
        words: dict[int, int] = {
            Identity.MAGIC: MAGIC,
            Identity.LINK_VERSION: LINK_VERSION,
            Identity.MAP_VERSION: MAP_VERSION,
            Identity.DIGEST_LOW: self._digest & 0xFFFFFFFF,
            Identity.DIGEST_HIGH: self._digest >> 32,
        }
        for k in range(BUILD_WORDS):
            words[Identity.BUILD + k] = int.from_bytes(self._build[4 * k : 4 * k + 4], "little")
        return [words.get(k, 0) for k in range(_IDENTITY_WORDS)]

    def _identity(self, m: Module, store: RegisterMemory, error: Signal, resets: Signal) -> None:
        # The last words among those of the counters.
        offset_bits = clog2(_IDENTITY_WORDS)
        word = self._offset[:offset_bits]
        m.d.comb += [
            error.eq(self.bus.write | (self._offset >= _IDENTITY_WORDS)),
            store.is_counter.eq(1),
            store.word.eq(Cat(word, Const(-1, COUNTER_BITS - offset_bits))),
        ]

    def _control(self, m: Module, store: RegisterMemory, error: Signal, resets: Signal) -> None:
        bus, offset = self.bus, self._offset
        self._known_bits = known_bits = max(Register).bit_length()
        exists = (offset >> known_bits) == 0
        bad = Signal()
        m.d.comb += [error.eq(bad | ~exists), store.word.eq(offset[:known_bits])]
        # Not in the memory: what counts, or was not written since power-up or a reset.
        elsewhere = {
            Register.STEP: 1,
            Register.IMAGE: ~self.image_loaded,
            Register.TICK_PERIOD: ~self.ticking,
            Register.MONITOR_COUNT: ~self._monitoring,
        }
        is_some = self._some | self._digit.any()
        refused = {
            Register.RESET: ~bus.write
            | self._some
            | ((self._digit != RESET_STATE) & (self._digit != RESET_ALL)),
            Register.IMAGE: 0,
            Register.STEP: 0,
            Register.TICK_PERIOD: 0 if self._ticks else bus.write & is_some,
            Register.MONITOR_COUNT: bus.write
            & (self._some | (self._digit > self._config.monitors)),
            Register.CLOCK_HZ: bus.write,
            Register.LINE: bus.write & (self._large if self._line else 1),
        }
        m.d.comb += bad.eq(1)
        with m.Switch(offset[:known_bits]):
            for register, refuses in refused.items():
                with m.Case(register):
                    m.d.comb += [
                        bad.eq(refuses),
                        store.is_constant.eq(~bus.write & elsewhere.get(register, 0)),
                    ]
                    if register == Register.RESET:
                        m.d.comb += resets.eq(1)
                    if register == Register.STEP:
                        m.d.comb += self._reads_step.eq(bus.valid)
                    if register == Register.LINE:
                        m.d.comb += store.word[0].eq(~self._line_set & ~bus.write)

    def _show_step(self, m: Module, store: RegisterMemory) -> None:
        """The memory and the processor look at the number of the step in the same way."""
        self._reads_step = reads = Signal()
        half = self.step.word_select(Mux(self.bus.valid, store.half, self.step_high), HALF_BITS)
        m.d.comb += [
            self.step_half.eq(half & (reads | self.shows_step).replicate(HALF_BITS)),
            store.constant.eq(self.step_half),
        ]

    def _written(self, m: Module, accepted: Signal) -> None:
        """The registers that something else looks at, too."""
        data, offset = self.bus.data, self._offset
        is_some = self._some | self._digit.any()
        # In registers, like the judgement.
        writes = {r: Signal(name=f"writes_{r.name.lower()}") for r in Register}
        for register, written in writes.items():
            here = self._region[:2] == Region.CONTROL
            m.d.sync += written.eq(here & (offset[: self._known_bits] == register))
        sets_step = Signal()
        m.d.comb += sets_step.eq(accepted & writes[Register.STEP])
        with m.If(sets_step | self.increments.steps):
            m.d.sync += self.step.eq(load_or_count(self.step, sets_step, data))
        with m.If(accepted & writes[Register.IMAGE]):
            m.d.sync += self.image_loaded.eq(is_some)
        if self._ticks:
            with m.If(accepted & writes[Register.TICK_PERIOD]):
                m.d.sync += [self.tick_period.eq(data), self.ticking.eq(is_some)]
        with m.If(accepted & writes[Register.MONITOR_COUNT]):
            m.d.sync += [self.monitor_count.eq(data), self._monitoring.eq(is_some)]
        with m.If(accepted & writes[Register.LINE]):
            m.d.sync += [self.line.eq(data), self._line_set.eq(1)]
            m.d.comb += self.line_changes.eq(1)
        with m.If(self.line_fell):
            m.d.sync += [self.line.eq(self._line), self._line_set.eq(0)]
        # The data of a reset is one of the two.
        with m.If(self.clear):
            m.d.sync += self.step.eq(0)
        # One condition, which synthesis finds to be a reset.
        forgets = Signal()
        m.d.comb += forgets.eq(self.clear & data[RESET_ALL.bit_length() - 1])
        with m.If(forgets):
            m.d.sync += [self.image_loaded.eq(0), self.ticking.eq(0), self._monitoring.eq(0)]
            m.d.sync += [self.tick_period.eq(0), self.monitor_count.eq(0)]

    def _counters(self, m: Module, store: RegisterMemory, error: Signal, resets: Signal) -> None:
        offset = self._offset
        m.d.comb += [
            store.is_counter.eq(1),
            store.fresh.eq(1),
            store.word.eq(offset[: len(store.word)]),
            # No counter has more than three halfwords.
            store.is_constant.eq(offset[0] & store.half),
            error.eq(self.bus.write | (offset >= 2 * len(COUNTERS))),
        ]
        for k, count in enumerate(self.core_overruns):
            with m.If(offset == CORE_OVERRUNS + k):
                m.d.comb += [error.eq(self.bus.write), store.is_constant.eq(1)]
                m.d.comb += store.constant.eq(Mux(store.half, 0, count) | self.step_half)

    def _monitors(self, m: Module, store: RegisterMemory, error: Signal, resets: Signal) -> None:
        m.d.comb += error.eq(self._offset >= self._config.monitors)
        m.d.comb += store.word.eq(self._offset[: len(store.word)] | self._slots_from)
