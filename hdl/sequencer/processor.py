"""Commands, registers and counters of a chip: the sequencer, and what goes too fast for its programs."""

from __future__ import annotations

from amaranth.hdl import Module, ResetInserter, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.commands import MAX_ADVANCE
from ..contract.core_config import CoreConfig
from ..contract.line_rate import PHASE_STEP_BITS
from ..contract.memory_map import BUILD_WORDS
from ..link.request_ids import RequestIds
from ..link.spike_set import SpikeSet
from ..link.ticks import Ticks
from ..primitives.bus import BusSignature
from ..primitives.layouts import halfword_layout
from .counters import Accumulators, accumulator_bits, counter_increments
from .firmware import firmware
from .instruction import HALF_BITS, Condition, Flag, Pulse, Put
from .machine import Machine
from .programs.counters import OPENED_CYCLES, round_cycles

ROUND = round_cycles()
"""Clock cycles from one visit of a counter to the next, but where a connection is opened."""


class Processor(wiring.Component):
    """Executes commands one after the other, and answers each in order; has the registers, and counts.

    Back-pressure: requests wait until replies are taken, and a step until the spikes of the last one are.
    An unknown opcode is answered with PROTOCOL_ERROR; then all requests are ignored until `restart`.

    Members
    -------
    requests, replies : halfword streams, to `Receiver` and from there to `Transmitter`.
    restart : stays until `restarted`, a pulse: then no command is under way, and nothing of a reply.
        Commands are not cut short in the middle of an access.
    bus : initiator; of the core's regions, and of COUNTERS where cores have overruns of their own.
    ready, start, clear : of the core.  step : number of the step that begins with `start`.
    arriving, reported : to the core; `reported` is always taken.
    increments : added to the counters in every cycle; late, overruns and those of `PROGRAMMED` are not used.
    link_opened : pulse; clears the link's counters.
    overrun : pulses when a tick comes during a step.
    line, line_changes, line_fell, beat : of `LineRate`; `line` changes by halves, each with a pulse.
        `beat` pulses every `ROUND` clock cycles.

    Parameters
    ----------
    config : ids of neurons and axons, and monitors.
    core : whose synapse rows the addresses are of; default `config`.
    core_increments : of the counters.
    digest : in the identity block; default that of `config`.
    fabric : cores have overruns of their own.
    line : phase step of the UART after power-up; 0 where there is no UART.
    ticks : without them TICK_PERIOD is always 0.
    max_advance : steps in an ADVANCE of a reply, at most.
    """

    def __init__(
        self,
        config: CoreConfig,
        core_increments: data.StructLayout,
        *,
        clock_hz: int,
        build: str = "",
        core: CoreConfig | None = None,
        digest: int | None = None,
        fabric: bool = False,
        line: int = 0,
        ticks: bool = True,
        max_advance: int = MAX_ADVANCE,
    ) -> None:
        self._config, self._ticks = config, ticks
        core = core or config
        increments = counter_increments(core_increments)
        bits = accumulator_bits(increments, ROUND + OPENED_CYCLES, core.layout.groups)
        self._accumulators = Accumulators(core_increments, bits)
        self._firmware = firmware(
            config,
            core,
            bits=bits,
            clock_hz=clock_hz,
            line=line,
            ticks=ticks,
            fabric=fabric,
            digest=config.digest if digest is None else digest,
            build=build.encode("ascii", "replace")[: 4 * BUILD_WORDS],
            max_advance=max_advance,
        )
        super().__init__(
            {
                "requests": In(stream.Signature(HALF_BITS)),
                "replies": Out(stream.Signature(halfword_layout)),
                "restart": In(1),
                "restarted": Out(1),
                "bus": Out(BusSignature()),
                "ready": In(1),
                "start": Out(1),
                "clear": Out(1),
                "step": Out(32),
                "arriving": Out(stream.Signature(HALF_BITS)),
                "reported": In(stream.Signature(range(config.neurons))),
                "increments": In(increments),
                "link_opened": In(1),
                "overrun": Out(1),
                "line": Out(PHASE_STEP_BITS, init=line),
                "line_changes": Out(1),
                "line_fell": In(1),
                "beat": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """The machine, and each unit around it with its conditions, puts and pulses."""
        m = Module()
        made = self._firmware
        m.submodules.machine = machine = Machine(made.microcode, made.contents, made.counting)
        self._machine = machine
        self._flags = {flag: Signal(name=f"flag_{flag.name.lower()}") for flag in Flag}
        with m.If(self._pulse(Pulse.FLAGS)):
            m.d.sync += [signal.eq(machine.immediate[flag]) for flag, signal in self._flags.items()]
        m.d.comb += [
            machine.restart.eq(self.restart),
            self.restarted.eq(self._pulse(Pulse.FRESH)),
            self.clear.eq(self._pulse(Pulse.CLEAR)),
        ]
        self._requests(m)
        self._reply(m)
        self._access(m)
        self._step(m)
        self._count(m)
        self._rate(m)
        return m

    def _pulse(self, pulse: Pulse) -> Signal:
        return self._machine.pulses[pulse]

    def _put(self, put: Put) -> Signal:
        return self._machine.puts[put]

    def _when(self, m: Module, condition: Condition, value: Signal) -> None:
        """A condition that is far away: in a register."""
        m.d.sync += self._machine.conditions[condition].eq(value)

    def _sticky(self, m: Module, name: str, *, sets: Signal, clears: Signal) -> Signal:
        flag = Signal(name=name)
        with m.If(clears):
            m.d.sync += flag.eq(0)
        with m.If(sets):
            m.d.sync += flag.eq(1)
        return flag

    def _requests(self, m: Module) -> None:
        machine, flags = self._machine, self._flags
        ids = RequestIds(self._config.axons)
        m.submodules.ids = ResetInserter(self.restarted)(ids)
        wiring.connect(m, wiring.flipped(self.requests), ids.requests)
        wiring.connect(m, ids.arriving, wiring.flipped(self.arriving))
        m.d.comb += [
            machine.request.eq(self.requests.payload),
            ids.takes.eq(machine.takes_request),
            ids.begin.eq(self._pulse(Pulse.BITMAP)),
            ids.passes.eq(flags[Flag.PASS]),
            ids.drops.eq(flags[Flag.DROP]),
        ]
        self._event = ids.event
        self._late = ids.dropped & flags[Flag.LATE]
        self._when(m, Condition.NO_REQUEST, ~self.requests.valid)
        self._when(m, Condition.EVENT, ids.event)
        self._when(m, Condition.NO_EVENT, ~ids.event)

    def _reply(self, m: Module) -> None:
        """A register in front of the stream.  Where it is full, the machine waits with the next halfword."""
        replies = self.replies
        with m.If(replies.ready):
            m.d.sync += replies.valid.eq(0)
        sends = self._put(Put.SEND) | self._put(Put.LAST)
        with m.If(sends):
            m.d.sync += [
                replies.valid.eq(1),
                replies.payload.value.eq(self._machine.value),
                replies.payload.flush.eq(self._put(Put.LAST)),
            ]
        with m.If(self.restarted):
            m.d.sync += replies.valid.eq(0)
        m.d.comb += self._machine.conditions[Condition.SENDING].eq(replies.valid)
        self._stalled = self._flags[Flag.RUNNING] & replies.valid & ~replies.ready

    def _access(self, m: Module) -> None:
        """The bus, and the word that was read: 0, where there was an error."""
        bus, machine, word = self.bus, self._machine, Signal(32)
        for low, high, register in (
            (Put.ADDRESS_LOW, Put.ADDRESS_HIGH, bus.address),
            (Put.DATA_LOW, Put.DATA_HIGH, bus.data),
        ):
            self._halves(m, low, high, register)
        error = Signal()
        with m.If(self._pulse(Pulse.READ) | self._pulse(Pulse.WRITE)):
            m.d.sync += [bus.valid.eq(1), bus.write.eq(self._pulse(Pulse.WRITE))]
        with m.If(bus.valid & bus.done):
            m.d.sync += [bus.valid.eq(0), error.eq(bus.error), word.eq(bus.value)]
        # Apart, so that synthesis finds a reset.
        with m.If(bus.valid & bus.done & bus.error):
            m.d.sync += word.eq(0)
        m.d.comb += [
            machine.word.eq(word),
            machine.conditions[Condition.ACCESSING].eq(bus.valid),
            machine.conditions[Condition.BUS_ERROR].eq(error),
        ]

    def _halves(self, m: Module, low: Put, high: Put, register: Signal) -> None:
        for half, put in enumerate((low, high)):
            with m.If(self._put(put)):
                m.d.sync += register[HALF_BITS * half :][:HALF_BITS].eq(self._machine.value)

    def _step(self, m: Module) -> None:
        """Begin, ticks, and the spikes that come of it."""
        machine, flags = self._machine, self._flags
        self._halves(m, Put.STEP_LOW, Put.START, self.step)
        m.d.sync += self.start.eq(self._put(Put.START))
        spikes, running = SpikeSet(self._config.neurons), flags[Flag.RUNNING]
        m.submodules.spikes = ResetInserter(self.restarted)(spikes)
        # A register, because it is known late that the last halfword is taken.
        flushed = Signal()
        m.d.sync += flushed.eq(spikes.flushed)
        with m.If(flushed):
            m.d.sync += flags[Flag.FLUSH].eq(0)
        m.d.comb += [
            # A step that a new connection cut short may still report: outside a run its spikes are dropped.
            spikes.add.eq(self.reported.valid & running),
            spikes.neuron.eq(self.reported.payload),
            self.reported.ready.eq(1),
            spikes.flush.eq(flags[Flag.FLUSH] & ~flushed),
            spikes.events.ready.eq(machine.takes_spike),
            machine.spike.eq(spikes.events.payload),
        ]
        due = Signal()
        if self._ticks:
            ticks, ran, ticking, period = Ticks(), Signal(), Signal(), Signal(32)
            m.submodules.ticks = ResetInserter(self.restarted)(ticks)
            self._halves(m, Put.PERIOD_LOW, Put.PERIOD_HIGH, period)
            with m.If(self._put(Put.TICKING)):
                m.d.sync += ticking.eq(machine.value[0])
            m.d.sync += ran.eq(running)
            m.d.comb += [
                ticks.ticking.eq(ticking),
                ticks.period.eq(period),
                ticks.begin.eq(running & ~ran),
                ticks.start.eq(self.start),
                ticks.stepped.eq(self._pulse(Pulse.STEPPED)),
                due.eq(ticks.due),
                self.overrun.eq(ticks.overrun),
            ]
        else:
            m.d.comb += due.eq(1)
        self._when(m, Condition.NOT_READY, ~self.ready)
        self._when(m, Condition.BUSY, ~self.ready)
        self._when(m, Condition.READY, self.ready)
        self._when(m, Condition.SPIKES, ~spikes.empty)
        self._when(m, Condition.NO_SPIKE, ~spikes.events.valid)
        self._when(m, Condition.DUE, due)
        self._when(m, Condition.QUIET, ~(due | self._event))

    def _count(self, m: Module) -> None:
        machine, counts = self._machine, self._accumulators
        m.submodules.accumulators = counts
        m.d.comb += [
            counts.increments.eq(self.increments),
            counts.increments.stalls.eq(self.increments.stalls | self._stalled),
            counts.increments.late.eq(self._late),
            counts.increments.overruns.eq(self.overrun),
            counts.clear_link.eq(self.link_opened),
            counts.visit.eq(machine.counts),
            machine.count.eq(counts.count),
            self.beat.eq(self._pulse(Pulse.ROUND)),
        ]
        rounds = self._sticky(
            m, "round", sets=self._pulse(Pulse.ROUND), clears=self._pulse(Pulse.ROUND_SEEN)
        )
        opened = self._sticky(
            m, "opened", sets=self.link_opened, clears=self._pulse(Pulse.OPENED_SEEN)
        )
        booted = self._sticky(m, "booted", sets=self._pulse(Pulse.BOOTED), clears=Signal())
        m.d.comb += [
            machine.conditions[Condition.NO_ROUND].eq(~rounds),
            machine.conditions[Condition.NOT_OPENED].eq(~opened),
            machine.conditions[Condition.BOOTED].eq(booted),
        ]

    def _rate(self, m: Module) -> None:
        """The rate of the line falls back to the first one."""
        line_set = Signal()
        self._halves(m, Put.LINE_LOW, Put.LINE_HIGH, self.line)
        m.d.comb += self.line_changes.eq(self._put(Put.LINE_LOW) | self._put(Put.LINE_HIGH))
        with m.If(self.line_changes):
            m.d.sync += line_set.eq(1)
        with m.If(self.line_fell):
            m.d.sync += [self.line.eq(self.line.init), line_set.eq(0)]
        m.d.comb += self._machine.conditions[Condition.LINE_SET].eq(line_set)
