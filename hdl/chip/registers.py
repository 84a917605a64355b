"""Regions IDENTITY, CONTROL, COUNTERS and MONITORS of the memory map."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
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
from ..primitives.bus import BusSignature
from .counters import Counters, counter_increments
from .overruns import COUNT_BITS

REGIONS = (Region.IDENTITY, Region.CONTROL, Region.COUNTERS, Region.MONITORS)


class Registers(wiring.Component):
    """Identity, control registers, counters and monitor slots.

    Members
    -------
    bus : an access takes three cycles, of a counter about a hundred; RESET takes until the core is
        `ready` again.
    increments : added to the counters in every cycle.  `link_opened` clears the link's counters.
    ready, clear : of the core.
    step : number of the next step.  image_loaded, tick_period, monitor_count, line : registers.
    line_fell : sets `line` back.
    core_overruns : of each core, to be read.

    Parameters
    ----------
    digest : in the identity block; default that of `config`.
    cores : of a fabric, that have overruns of their own.
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
        line: int = 0,
        ticks: bool = True,
    ) -> None:
        self._ticks = ticks
        self._config = config
        self._digest = config.digest if digest is None else digest
        self._line = line
        self._core_increments = core_increments
        self._clock_hz = clock_hz
        self._build = build.encode("ascii", "replace")[: 4 * BUILD_WORDS]
        super().__init__(
            {
                "bus": In(BusSignature()),
                "increments": In(counter_increments(core_increments)),
                "link_opened": In(1),
                "ready": In(1),
                "clear": Out(1),
                "step": Out(32),
                "image_loaded": Out(1),
                "tick_period": Out(32),
                "monitor_count": Out(range(config.monitors + 1)),
                "line": Out(PHASE_STEP_BITS, init=line),
                "line_fell": In(1),
                "core_overruns": In(data.ArrayLayout(COUNT_BITS, cores)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Registers, one cycle to look them up, and the sequence of a reset."""
        m = Module()
        bus = self.bus
        offset = bus.address[:REGION_SHIFT]
        region = bus.address[REGION_SHIFT:]
        begins, write, resets, reset_begins = Signal(), Signal(), Signal(), Signal()
        self._counts = counters = Counters(self._core_increments)
        m.d.sync += reset_begins.eq(resets)
        with m.FSM(name="bus"):
            with m.State("IDLE"):
                m.d.sync += bus.done.eq(0)
                with m.If(bus.valid & ~bus.done):
                    m.d.comb += begins.eq(bus.write)
                    m.next = "LOOK"
                    with m.If((region == Region.COUNTERS) & (offset < 2 * len(COUNTERS))):
                        m.next = "COUNT"
            with m.State("COUNT"):
                m.d.comb += counters.read.eq(1)
                with m.If(counters.done):
                    m.next = "LOOK"
            with m.State("LOOK"):
                m.d.comb += write.eq(bus.write)
                m.d.sync += bus.done.eq(~reset_begins)
                m.next = "IDLE"
                with m.If(reset_begins):
                    m.next = "WAIT_FOR_STEP"
            with m.State("WAIT_FOR_STEP"):
                m.d.comb += self.clear.eq(self.ready)
                with m.If(self.ready):
                    m.next = "BEGIN"
            with m.State("BEGIN"):
                m.next = "CLEAR"
            with m.State("CLEAR"), m.If(self.ready):
                m.d.sync += bus.done.eq(1)
                m.next = "IDLE"

        # Each region looks its word up in one cycle; in the next one a region is chosen, and written to.
        lookups = {
            Region.IDENTITY: self._identity,
            Region.CONTROL: self._control,
            Region.COUNTERS: self._counters,
            Region.MONITORS: self._monitors,
        }
        regions = []
        for code, lookup in lookups.items():
            value, error, written = Signal(32), Signal(), Signal()
            late_value, late_error = Signal(32), Signal()
            m.d.comb += written.eq(write & (region == code) & ~late_error)
            if code == Region.CONTROL:
                reset = (region == code) & (offset == Register.RESET)
                m.d.comb += resets.eq(begins & reset & ~error)
            stored = lookup(m, offset, value, error, written)
            m.d.sync += [late_value.eq(value), late_error.eq(error)]
            regions.append((code, late_value if stored is None else stored, late_error))
        with m.Switch(region):
            for code, late_value, late_error in regions:
                with m.Case(code):
                    m.d.sync += [bus.value.eq(late_value), bus.error.eq(late_error)]
        # A reset that has begun is one of the two; its data stays until it is done.
        with m.If(reset_begins & ((bus.data & RESET_ALL) != 0)):
            m.d.sync += [r.eq(0) for r in (self._image, self.tick_period, self.monitor_count)]
        with m.If(self.clear):
            m.d.sync += self.step.eq(0)
        return m

    def _identity(
        self, m: Module, offset: Signal, value: Signal, error: Signal, write: Signal
    ) -> Value | None:
        digest = self._digest
        words: dict[int, int] = {
            Identity.MAGIC: MAGIC,
            Identity.LINK_VERSION: LINK_VERSION,
            Identity.MAP_VERSION: MAP_VERSION,
            Identity.DIGEST_LOW: digest & 0xFFFFFFFF,
            Identity.DIGEST_HIGH: digest >> 32,
        }
        for k in range(BUILD_WORDS):
            words[Identity.BUILD + k] = int.from_bytes(self._build[4 * k : 4 * k + 4], "little")
        last = Identity.BUILD + BUILD_WORDS
        m.d.comb += error.eq(self.bus.write | (offset >= last))
        with m.Switch(offset[: last.bit_length()]):
            for k, word in words.items():
                with m.Case(k):
                    m.d.comb += value.eq(word)
        return None

    def _control(
        self, m: Module, offset: Signal, value: Signal, error: Signal, write: Signal
    ) -> Value | None:
        bus = self.bus
        self._image = Signal(32)
        m.d.comb += self.image_loaded.eq(self._image != 0)
        with m.If(self.increments.steps):
            m.d.sync += self.step.eq(self.step + 1)

        read_only = {Register.CLOCK_HZ: self._clock_hz}
        writable = {
            Register.STEP: self.step,
            Register.IMAGE: self._image,
            Register.TICK_PERIOD: self.tick_period,
            Register.MONITOR_COUNT: self.monitor_count,
        }
        (writable if self._line else read_only)[Register.LINE] = self.line
        known_bits = max(Register).bit_length()
        exists = (offset >> known_bits) == 0
        m.d.comb += error.eq(1)
        with m.Switch(offset[:known_bits]):
            with m.Case(Register.RESET):
                is_reset = (bus.data == RESET_STATE) | (bus.data == RESET_ALL)
                m.d.comb += error.eq(~bus.write | ~is_reset | ~exists)
            for register, content in read_only.items():
                with m.Case(register):
                    m.d.comb += [value.eq(content), error.eq(bus.write | ~exists)]
            for register, content in writable.items():
                with m.Case(register):
                    m.d.comb += [value.eq(content), error.eq(~exists)]
                    if register == Register.MONITOR_COUNT:
                        too_many = bus.write & (bus.data > self._config.monitors)
                        m.d.comb += error.eq(too_many | ~exists)
                    if register == Register.TICK_PERIOD and not self._ticks:
                        m.d.comb += error.eq(bus.write & (bus.data != 0) | ~exists)
                        continue
                    if register == Register.LINE:
                        m.d.comb += error.eq(
                            (bus.data >> PHASE_STEP_BITS != 0) & bus.write | ~exists
                        )
                    with m.If(write):
                        m.d.sync += content.eq(bus.data)
        with m.If(self.line_fell):
            m.d.sync += self.line.eq(self._line)
        return None

    def _counters(
        self, m: Module, offset: Signal, value: Signal, error: Signal, write: Signal
    ) -> Value | None:
        m.submodules.counters = counters = self._counts
        m.d.comb += [
            counters.increments.eq(self.increments),
            counters.clear.eq(self.clear),
            counters.clear_link.eq(self.link_opened),
            counters.index.eq(offset >> 1),
            value.eq(Mux(offset[0], counters.value[32:], counters.value[:32])),
            error.eq(self.bus.write | (offset >= 2 * len(COUNTERS))),
        ]
        for k, count in enumerate(self.core_overruns):
            with m.If(offset == CORE_OVERRUNS + k):
                m.d.comb += [value.eq(count), error.eq(self.bus.write)]
        return None

    def _monitors(
        self, m: Module, offset: Signal, value: Signal, error: Signal, write: Signal
    ) -> Value | None:
        slots = self._config.monitors
        m.d.comb += error.eq(offset >= slots)
        if not slots:
            return None
        m.submodules.monitors = store = memory.Memory(shape=32, depth=slots, init=[])
        write_port, read_port = store.write_port(), store.read_port()
        m.d.comb += [
            write_port.addr.eq(offset),
            write_port.data.eq(self.bus.data),
            write_port.en.eq(write),
            read_port.addr.eq(offset),
        ]
        return read_port.data
