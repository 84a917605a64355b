"""The command processor: requests in, bus accesses and steps, replies out (contract/commands.py)."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from ..contract.commands import (
    ADVANCE,
    END,
    MAX_ADVANCE,
    MONITOR,
    Opcode,
    Status,
)
from ..contract.core_config import CoreConfig
from ..contract.memory_map import REGION_SHIFT, Region
from ..primitives.bus import BusSignature
from ..primitives.layouts import halfword_layout
from .command_numbers import CommandNumbers
from .command_states import CommandStates
from .request_ids import RequestIds
from .spike_set import SpikeSet
from .ticks import Ticks

_KIND_BITS = 2
_KIND_MASK = (1 << _KIND_BITS) - 1
"""Opcodes differ in their lowest bits."""


class Processor(CommandStates):
    """Executes commands one after the other, and answers each in order.

    Back-pressure: requests wait until replies are taken, and a step until the spikes of the last one are.
    An unknown opcode is answered with PROTOCOL_ERROR; then all requests are ignored until reset.

    Members
    -------
    requests, replies : halfword streams, to `Receiver` and from there to `Transmitter`.
    bus : initiator.
    step_half, image_loaded, ticking, tick_period, monitor_count : from `Registers`.
    shows_step, step_high : which half of the number of the next step is to be `step_half`; else that is 0.
    start, ready, arriving, reported : to `Core`; `reported` is always taken.
    late, overrun : pulses for the counters.
    executed : pulses when a command is done and its reply is in the stream.
    stalled : in a run, something waits for `replies` to take it.

    Parameters
    ----------
    config : ids of neurons and axons, and monitors.
    core : whose synapse rows the addresses are of; default `config`.
    """

    def __init__(self, config: CoreConfig, *, core: CoreConfig | None = None) -> None:
        self._config = config
        self._core = core or config
        super().__init__(
            {
                "requests": In(stream.Signature(16)),
                "replies": Out(stream.Signature(halfword_layout)),
                "bus": Out(BusSignature()),
                "step_half": In(16),
                "shows_step": Out(1),
                "step_high": Out(1),
                "image_loaded": In(1),
                "ticking": In(1),
                "tick_period": In(32),
                "monitor_count": In(range(config.monitors + 1)),
                "start": Out(1),
                "ready": In(1),
                "arriving": Out(stream.Signature(16)),
                "reported": In(stream.Signature(range(config.neurons))),
                "late": Out(1),
                "overrun": Out(1),
                "executed": Out(1),
                "stalled": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """One state for each kind of halfword in the formats of contract/commands.py."""
        m = Module()
        self._refused, self._live, self._ended = Signal(), Signal(), Signal()
        self._status, self._kind = Signal(Status), Signal(_KIND_BITS)
        self._word = Signal(32)  # the value that is being taken, sent, or read
        self._takes, self._forgets = Signal(2), Signal()  # halves of it
        self._high = Signal()  # of two halfwords that belong together the second one is next
        self._silent = Signal(
            MAX_ADVANCE.bit_length()
        )  # steps since the last ADVANCE that was sent
        self._any_silent = Signal()
        begin, running = Signal(), Signal()
        m.submodules.numbers = self._numbers = CommandNumbers(self._core)
        m.submodules.spikes = self._spikes = spikes = SpikeSet(self._config.neurons)
        m.submodules.ids = self._request_ids = ids = RequestIds(self._config.axons)
        m.submodules.ticks = ticks = Ticks()
        m.d.comb += [
            self.reported.ready.eq(1),
            # A step that a new connection cut short may still report: outside a run its spikes are dropped.
            spikes.add.eq(self.reported.valid & running),
            spikes.neuron.eq(self.reported.payload),
            self.stalled.eq(running & self.replies.valid & ~self.replies.ready),
            self.bus.data.eq(self._word),
            self.bus.write.eq(self._kind == Opcode.WRITE & _KIND_MASK),
            ids.event.eq(self.requests.payload),
            self.arriving.payload.eq(ids.id),
        ]
        self._reply(m)
        self._hold(m)
        self._address(m)
        with m.FSM(name="command") as fsm:
            self._opcode(m)
            self._transfer(m)
            self._begin(m, begin)
            self._run(m, ticks.due)
            self._monitor(m)
            self._finish(m)
        m.d.comb += [
            ticks.ticking.eq(self.ticking),
            ticks.period.eq(self.tick_period),
            ticks.begin.eq(begin),
            ticks.start.eq(self.start),
            ticks.stepped.eq(fsm.ongoing("STEPPED")),
            self.overrun.eq(ticks.overrun),
            self.executed.eq(fsm.ongoing("SEND_STATUS") & self.replies.ready),
        ]
        with m.If(begin):
            m.d.sync += running.eq(1)
        with m.If(fsm.ongoing("SEND_END")):
            m.d.sync += running.eq(0)
        return m

    def _reply(self, m: Module) -> None:
        """What is sent: a half of the step or of `_word`, silent steps, an event, or what a state says."""
        self._of_word, self._said = Signal(), Signal(16)
        word = self._word.word_select(self._high, 16)
        m.d.comb += [
            self.step_high.eq(self._high),
            # What is not sent is 0: steps are silent or have events, and after END there are neither.
            self.replies.payload.value.eq(
                (word & self._of_word.replicate(16))
                | self.step_half
                | self._spikes.events.payload
                | self._silent
                | self._said
            ),
        ]

    def _hold(self, m: Module) -> None:
        """`_word` takes a halfword of the request, or what the bus has read; nothing, where that failed."""
        bus = self.bus
        value = Mux(bus.valid, bus.value, self.requests.payload.replicate(2))
        for half in range(2):
            with m.If(self._takes[half]):
                m.d.sync += self._word.word_select(half, 16).eq(value.word_select(half, 16))
        with m.If((bus.done & bus.error) | self._forgets):
            m.d.sync += self._word.eq(0)

    def _opcode(self, m: Module) -> None:
        taken = self.requests.payload
        opcode = Cat(self._kind, Const(Opcode.READ >> _KIND_BITS, 16 - _KIND_BITS))
        with self._take(m, "OPCODE", "ERROR"):
            with m.If((taken[_KIND_BITS:] == Opcode.READ >> _KIND_BITS) & taken[:_KIND_BITS].any()):
                m.next = "TAKE_COUNT"
                with m.If(taken[:_KIND_BITS].all()):
                    m.next = "AWAIT_CORE"
            m.d.sync += self._kind.eq(taken)
            m.d.comb += self._takes[0].eq(1)
            m.d.sync += [self._status.eq(Status.OK), self._refused.eq(0)]
            m.d.comb += self._numbers.clear.eq(1)
        self._say(m, "ERROR", "ERROR_OPCODE", Opcode.PROTOCOL_ERROR)
        with self._send(m, "ERROR_OPCODE", "HALT"):
            m.d.comb += [self._of_word.eq(1), self.replies.payload.flush.eq(1)]
        with m.State("HALT"):
            m.d.comb += self.requests.ready.eq(1)
        with self._send(m, "SEND_OPCODE", "SEND_COUNT"):
            m.d.comb += self._said.eq(opcode)
            with m.If(opcode[:_KIND_BITS].all() & self.replies.ready):
                m.next = "RUN_STATUS"

    def _transfer(self, m: Module) -> None:
        """READ and WRITE."""
        numbers, writes = self._numbers, self._kind == Opcode.WRITE & _KIND_MASK
        with self._take(m, "TAKE_COUNT", "TAKE_ADDRESS"):
            m.d.comb += [numbers.take_distance.eq(1), self._takes[0].eq(1)]
        with self._take(m, "TAKE_ADDRESS", "SEND_OPCODE", halves=2):
            self._take_place(m)
        with self._send(m, "SEND_COUNT", "NEXT_WORD"):
            m.d.comb += self._of_word.eq(1)
        with m.State("NEXT_WORD"):
            m.d.comb += numbers.step_distance.eq(1)
            m.next = "BUS"
            with m.If(writes):
                m.next = "TAKE_WORD"
            with m.If(numbers.no_distance):
                m.next = "SEND_STATUS"
                with m.If(writes):
                    m.d.sync += self.shows_step.eq(1)
                    m.next = "SEND_STEP"
        with self._take(m, "TAKE_WORD", "BUS", halves=2):
            m.d.comb += self._takes.bit_select(self._high, 1).eq(1)
        with self._access(m, "BUS", "SEND_WORD"):
            m.d.comb += numbers.onward.eq(1)
            with m.If(writes):
                m.next = "NEXT_WORD"
        self._send_word(m, "SEND_WORD", "NEXT_WORD")

    def _take_place(self, m: Module) -> None:
        numbers = self._numbers
        m.d.comb += [
            numbers.take_low.eq(~self._high),
            numbers.take_high.eq(self._high),
        ]

    def _begin(self, m: Module, begin: Value) -> None:
        """RUN: where it starts, and for how long."""
        numbers = self._numbers
        with m.State("AWAIT_CORE"), m.If(self.ready):
            m.d.sync += self.shows_step.eq(1)
            m.next = "TAKE_START"
        # `_refused` says so far that `start` is another one.
        with self._take(m, "TAKE_START", "TAKE_STEPS", halves=2):
            m.d.sync += self.shows_step.eq(~self._high)
            with m.If(self.requests.payload != self.step_half):
                m.d.sync += self._refused.eq(1)
        with self._take(m, "TAKE_STEPS", "CHECK", halves=2):
            self._take_place(m)
        with m.State("CHECK"):
            m.d.comb += begin.eq(1)
            m.d.sync += [self._silent.eq(0), self._any_silent.eq(0), self._ended.eq(0)]
            with m.If(self._refused):
                m.d.sync += self._status.eq(Status.WRONG_START)
            with m.If(~self.image_loaded):
                m.d.sync += [self._status.eq(Status.NO_IMAGE), self._refused.eq(1)]
            m.next = "SEND_OPCODE"
        with self._send(m, "RUN_STATUS", "RUN_START"):
            m.d.comb += self._said.eq(self._status)
            m.d.sync += [self._live.eq(~numbers.no_place), self.shows_step.eq(self.replies.ready)]
        self._send_step(m, "RUN_START", "RUN")

    def _run(self, m: Module, due: Value) -> None:
        """Steps and events in turn."""
        numbers, silent, ended = self._numbers, self._silent, self._ended
        requests, event = self.requests, self.requests.payload
        ids, next_id = self._request_ids, self._request_ids.next
        behind, arrived = Signal(), Signal()
        m.d.comb += numbers.taken.eq(event)
        # Registers, because what becomes of a halfword is a long path.
        m.d.sync += [
            arrived.eq(numbers.no_distance & ~self._refused),
            behind.eq(Mux(self._live, ~numbers.no_place, ~numbers.no_distance) & ~self._refused),
        ]
        with m.State("RUN"):
            with m.If(behind & due):
                m.next = "START"
            with m.Elif(ended & ~behind):
                m.next = "LAST_ADVANCE"
            with m.Elif(requests.valid & ~ended):
                m.d.comb += requests.ready.eq(next_id & ids.last)
                with m.If(ids.is_id & arrived):
                    m.d.comb += [self.arriving.valid.eq(1), next_id.eq(self.arriving.ready)]
                with m.Elif(ids.is_id):
                    # Its step is over, or not part of this run; or it has to wait.
                    dropped = numbers.distance[-1] | ~behind
                    m.d.comb += [next_id.eq(dropped), self.late.eq(dropped & ~self._refused)]
                with m.Else():
                    m.d.comb += next_id.eq(1)
                    with m.If(~ids.in_bitmap & (event == END)):
                        m.d.sync += ended.eq(1)
                    with m.Elif(~ids.in_bitmap & event[-2]):  # BITMAP: no other is left
                        m.d.comb += ids.begin.eq(1)
                    with m.Elif(~ids.in_bitmap):
                        m.d.comb += numbers.advance.eq(1)
                        m.next = "SETTLE"
        # Until it is known which step the cursor is at.
        for state, following in (
            ("SETTLE", "SETTLE_2"),
            ("SETTLE_2", "SETTLE_3"),
            ("SETTLE_3", "RUN"),
        ):
            with m.State(state):
                m.next = following
        with m.State("START"):
            m.d.comb += [self.start.eq(1), numbers.step_place.eq(1), numbers.step_distance.eq(1)]
            m.next = "STEP"

        spikes = self._spikes
        with m.State("STEP"), m.If(self.ready):
            self._report(m)
            with m.If(~spikes.empty):
                m.next = "SPIKES_ADVANCE"
        self._advance(m, "SPIKES_ADVANCE", "SPIKES")
        with m.State("SPIKES"):
            m.d.comb += [
                spikes.flush.eq(1),
                self.replies.valid.eq(spikes.events.valid),
                spikes.events.ready.eq(self.replies.ready),
            ]
            with m.If(spikes.flushed):
                self._report(m)
        with m.State("STEPPED"):
            m.d.sync += [silent.eq(silent + 1), self._any_silent.eq(1)]
            m.next = "RUN"
            with m.If(silent == MAX_ADVANCE - 1):
                m.next = "FULL_ADVANCE"
        self._advance(m, "FULL_ADVANCE", "RUN")
        self._advance(m, "LAST_ADVANCE", "SEND_END")

    def _report(self, m: Module) -> None:
        """What follows the spikes of a step."""
        m.next = "STEPPED"
        if self._config.monitors:
            with m.If(self.monitor_count != 0):
                m.next = "MONITORS"

    def _advance(self, m: Module, state: str, following: str) -> None:
        """A state that sends the number of silent steps, if there are any."""
        with m.State(state):
            m.d.comb += [self._said.eq(ADVANCE), self.replies.valid.eq(self._any_silent)]
            with m.If(~self._any_silent | self.replies.ready):
                m.d.sync += [self._silent.eq(0), self._any_silent.eq(0)]
                m.next = following

    def _address(self, m: Module) -> None:
        """Of the next word of a transfer; or of a monitor's slot, and then of what that names."""
        # Registers, because addresses go far.
        self._slot, self._monitoring, self._of_slot = (
            Signal.like(self.monitor_count),
            Signal(),
            Signal(),
        )
        m.d.comb += self.bus.address.eq(self._numbers.place)
        region = Const(Region.MONITORS, 32 - REGION_SHIFT)
        slot = Cat(self._slot, Const(0, REGION_SHIFT - len(self._slot)), region)
        with m.If(self._monitoring):
            # The word is 0 where the slot is read.
            m.d.comb += self.bus.address.eq(self._word | (slot & self._of_slot.replicate(32)))

    def _monitor(self, m: Module) -> None:
        """After a step: read each slot's address, then what is there."""
        if not self._config.monitors:
            return
        slot, monitoring, of_slot = self._slot, self._monitoring, self._of_slot
        self._advance(m, "MONITORS", "MONITORS_COUNT")
        with self._send(m, "MONITORS_COUNT", "MONITOR_ADDRESS"):
            m.d.comb += [self._said.eq(MONITOR | self.monitor_count), self._forgets.eq(1)]
            m.d.sync += [slot.eq(0), monitoring.eq(1), of_slot.eq(1)]
        with self._access(m, "MONITOR_ADDRESS", "MONITOR_VALUE"):
            m.d.sync += of_slot.eq(0)
        with self._access(m, "MONITOR_VALUE", "SEND_MONITOR"):
            pass
        self._send_word(m, "SEND_MONITOR", "MONITOR_NEXT")
        with m.State("MONITOR_NEXT"):
            m.d.sync += [slot.eq(slot + 1), of_slot.eq(1)]
            m.d.comb += self._forgets.eq(1)
            m.next = "MONITOR_ADDRESS"
            with m.If(slot == self.monitor_count - 1):
                m.d.sync += monitoring.eq(0)
                m.next = "STEPPED"

    def _finish(self, m: Module) -> None:
        """The end of replies."""
        with self._send(m, "SEND_END", "SEND_STEP"):
            m.d.comb += self._said.eq(END)
            m.d.sync += self.shows_step.eq(self.replies.ready)
        self._send_step(m, "SEND_STEP", "SEND_STATUS")
        self._say(m, "SEND_STATUS", "OPCODE", self._status, flush=1)
