"""The command processor: requests in, bus accesses and steps, replies out (hdl/commands.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from amaranth.hdl import Module, Mux, Signal, Value, ValueLike
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..bus import BusSignature
from ..commands import ADVANCE, END, MAX_ADVANCE, MONITOR, Opcode, Status
from ..config import CoreConfig, clog2
from ..memory_map import REGION_SHIFT, SYNAPSE_REGIONS, Region


class Processor(wiring.Component):
    """Executes one command after the other, and answers each in order.

    Back-pressure: requests wait for replies to be taken, and steps wait for their spikes to be taken.
    An unknown opcode is answered with PROTOCOL_ERROR; then all is ignored until reset.

    Members
    -------
    requests, replies : halfword streams, to `Receiver` and from there to `Transmitter`.
    bus : initiator.
    step, image_loaded, tick_period, monitor_count : from `Registers`.
    start, ready, arriving, reported : to `Core`.
    late, overrun : pulses for the counters.
    executed : pulses when a command is done and its reply is in the stream.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        halfword = data.StructLayout({"value": 16, "flush": 1})
        super().__init__(
            {
                "requests": In(stream.Signature(16)),
                "replies": Out(stream.Signature(halfword)),
                "bus": Out(BusSignature()),
                "step": In(32),
                "image_loaded": In(1),
                "tick_period": In(32),
                "monitor_count": In(range(config.monitors + 1)),
                "start": Out(1),
                "ready": In(1),
                "arriving": Out(stream.Signature(16)),
                "reported": In(stream.Signature(range(config.neurons))),
                "late": Out(1),
                "overrun": Out(1),
                "executed": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """One state for each halfword of the formats in hdl/commands.py."""
        m = Module()
        self._status = Signal(Status)
        self._word = Signal(32)  # the value that is being taken, sent, or read
        self._begin, self._stepped, running = Signal(), Signal(), Signal()
        due = self._tick(m)
        self._silent = Signal(14)  # steps since the last ADVANCE that was sent
        self._cursor, self._target, self._live = Signal(32), Signal(32), Signal()
        m.d.comb += self.bus.data.eq(self._word)
        # Comparisons of the cursor have a register; the states before RUN leave it a cycle.
        behind, arrived, overtaken = Signal(), Signal(), Signal()
        ahead = Signal(32)
        m.d.comb += ahead.eq(self._cursor - self.step)
        m.d.sync += [
            behind.eq(self.step != Mux(self._live, self._target, self._cursor)),
            arrived.eq(ahead == 0),
            overtaken.eq(ahead[-1]),
        ]
        # Outside a run, a step that a new connection cut short has spikes that nobody wants.
        m.d.comb += self.reported.ready.eq(~running)
        with m.FSM(name="command") as fsm:
            self._opcode(m)
            self._transfer(m)
            self._run(m, due, behind, arrived, overtaken)
            self._monitor(m)
            self._finish(m)
        m.d.comb += self._stepped.eq(fsm.ongoing("STEPPED"))
        m.d.comb += self.executed.eq(fsm.ongoing("SEND_STATUS") & self.replies.ready)
        with m.If(self._begin):
            m.d.sync += running.eq(1)
        with m.If(fsm.ongoing("SEND_END")):
            m.d.sync += running.eq(0)
        return m

    def _take(self, m: Module, state: str, following: str, target: Value) -> None:
        """A state that takes one halfword into `target`."""
        with m.State(state):
            m.d.comb += self.requests.ready.eq(1)
            with m.If(self.requests.valid):
                m.d.sync += target.eq(self.requests.payload)
                m.next = following

    def _send(
        self, m: Module, state: str, following: str, value: object, *, flush: bool = False
    ) -> None:
        """A state that sends one halfword."""
        with m.State(state):
            self._put(m, value, flush=flush)
            with m.If(self.replies.ready):
                m.next = following

    def _put(self, m: Module, value: object, *, flush: bool = False) -> None:
        m.d.comb += [
            self.replies.valid.eq(1),
            self.replies.payload.value.eq(value),
            self.replies.payload.flush.eq(flush),
        ]

    def _send_word(self, m: Module, state: str, following: str, value: Signal) -> None:
        """Two states that send a 32-bit value."""
        self._send(m, state, state + "_HIGH", value[:16])
        self._send(m, state + "_HIGH", following, value[16:])

    def _opcode(self, m: Module) -> None:
        self._op = op = Signal(16)
        with m.State("OPCODE"):
            m.d.comb += self.requests.ready.eq(1)
            m.d.sync += [op.eq(self.requests.payload), self._status.eq(Status.OK)]
            with m.If(self.requests.valid):
                m.next = "ERROR"
                with m.If(self.requests.payload == Opcode.RUN):
                    m.next = "TAKE_START"
                with m.If(self._is_transfer(self.requests.payload)):
                    m.next = "TAKE_COUNT"
        self._send(m, "ERROR", "ERROR_OPCODE", Opcode.PROTOCOL_ERROR)
        self._send(m, "ERROR_OPCODE", "HALT", op, flush=True)
        with m.State("HALT"):
            m.d.comb += self.requests.ready.eq(1)

    @staticmethod
    def _is_transfer(op: Value) -> Value:
        return (op == Opcode.READ) | (op == Opcode.WRITE)

    def _transfer(self, m: Module) -> None:
        """READ and WRITE."""
        op = self._op
        count = Signal(16)
        address = Signal(32)
        self._take(m, "TAKE_COUNT", "TAKE_ADDRESS", count)
        self._take(m, "TAKE_ADDRESS", "TAKE_ADDRESS_HIGH", address[:16])
        self._take(m, "TAKE_ADDRESS_HIGH", "SEND_OPCODE", address[16:])
        self._send(m, "SEND_OPCODE", "SEND_COUNT", op)
        self._send(m, "SEND_COUNT", "NEXT_WORD", count)
        with m.State("NEXT_WORD"):
            m.d.sync += count.eq(count - 1)
            with m.If(op == Opcode.READ):
                m.next = "BUS"
                with m.If(count == 0):
                    m.next = "SEND_STATUS"
            with m.Else():
                m.next = "TAKE_WORD"
                with m.If(count == 0):
                    m.next = "SEND_STEP"
        self._take(m, "TAKE_WORD", "TAKE_WORD_HIGH", self._word[:16])
        self._take(m, "TAKE_WORD_HIGH", "BUS", self._word[16:])
        with m.State("BUS"):
            self._access(m, address, op == Opcode.WRITE)
            m.next = "BUS_WAIT"
        with m.State("BUS_WAIT"), self._accessed(m):
            m.d.sync += address.eq(self._next_address(m, address))
            m.next = "SEND_WORD"
            with m.If(op == Opcode.WRITE):
                m.next = "NEXT_WORD"
        self._send_word(m, "SEND_WORD", "NEXT_WORD", self._word)

    def _access(self, m: Module, address: ValueLike, write: ValueLike = 0) -> None:
        """Begin a bus access; a write takes its data from `_word`."""
        bus = self.bus
        m.d.sync += [bus.valid.eq(1), bus.write.eq(write), bus.address.eq(address)]

    @contextmanager
    def _accessed(self, m: Module) -> Iterator[None]:
        """What follows happens when the access is done; a value read is then in `_word`."""
        bus = self.bus
        with m.If(bus.done):
            m.d.sync += [bus.valid.eq(0), self._word.eq(Mux(bus.error, 0, bus.value))]
            with m.If(bus.error):
                m.d.sync += self._status.eq(Status.BAD_ADDRESS)
            yield

    def _next_address(self, m: Module, address: Signal) -> Value:
        """One further; at the end of a synapse row the first word of the next."""
        # Ones in the low bits carry beyond the gap at the end of a row.
        beyond = Signal(32)
        for field in self._config.layout.synapse_fields.values():
            row_bits = clog2(field.words_per_row)
            region = SYNAPSE_REGIONS[field.name]
            last = address[:row_bits] == field.words_per_row - 1
            with m.If((address[REGION_SHIFT:] == region) & last):
                m.d.comb += beyond.eq((1 << row_bits) - 1)
        return (address | beyond) + 1

    def _run(self, m: Module, due: Value, behind: Value, arrived: Value, overtaken: Value) -> None:
        """RUN: start values, then steps and events in turn."""
        ended = Signal()
        cursor, target, live, silent = self._cursor, self._target, self._live, self._silent
        self._take(m, "TAKE_START", "TAKE_START_HIGH", cursor[:16])
        self._take(m, "TAKE_START_HIGH", "TAKE_STEPS", cursor[16:])
        self._take(m, "TAKE_STEPS", "TAKE_STEPS_HIGH", target[:16])
        self._take(m, "TAKE_STEPS_HIGH", "AWAIT_CORE", target[16:])
        with m.State("AWAIT_CORE"), m.If(self.ready):
            m.next = "CHECK"
        with m.State("CHECK"):
            m.d.comb += self._begin.eq(1)
            m.d.sync += [
                cursor.eq(self.step),
                target.eq(self.step + target),
                live.eq(target != 0),
                silent.eq(0),
                ended.eq(0),
            ]
            with m.If(~arrived):
                m.d.sync += self._status.eq(Status.WRONG_START)
            with m.If(~self.image_loaded):
                m.d.sync += self._status.eq(Status.NO_IMAGE)
            m.next = "RUN_OPCODE"
        self._send(m, "RUN_OPCODE", "RUN_STATUS", self._op)
        self._send(m, "RUN_STATUS", "RUN_START", self._status)
        self._send_word(m, "RUN_START", "REFUSE", cursor)
        with m.State("REFUSE"):
            m.next = "RUN"
            with m.If(self._status != Status.OK):
                m.d.comb += self.requests.ready.eq(1)
                m.next = "REFUSE"
                with m.If(self.requests.valid & (self.requests.payload == END)):
                    m.next = "SEND_END"

        requests, event = self.requests, self.requests.payload
        with m.State("RUN"):
            with m.If(behind & due):
                m.next = "START"
            with m.Elif(ended & ~behind):
                m.next = "LAST_ADVANCE"
            with m.Elif(requests.valid & ~ended):
                with m.If(event == END):
                    m.d.comb += requests.ready.eq(1)
                    m.d.sync += ended.eq(1)
                with m.Elif(event[-1]):
                    m.d.comb += requests.ready.eq(1)
                    m.d.sync += cursor.eq(cursor + event[: MAX_ADVANCE.bit_length()])
                    m.next = "SETTLE"
                with m.Elif(arrived):
                    m.d.comb += [
                        self.arriving.valid.eq(1),
                        self.arriving.payload.eq(event),
                        requests.ready.eq(self.arriving.ready),
                    ]
                with m.Elif(overtaken | ~behind):  # its step is over, or not part of this run
                    m.d.comb += [requests.ready.eq(1), self.late.eq(1)]
        with m.State("SETTLE"):
            m.next = "RUN"
        with m.State("START"):
            m.d.comb += self.start.eq(1)
            m.next = "STEP"

        with m.State("STEP"):
            m.d.comb += self.reported.ready.eq(0)
            with m.If(self.reported.valid):
                self._put(m, self.reported.payload)
                m.d.comb += self.reported.ready.eq(self.replies.ready)
                with m.If(silent != 0):
                    self._put(m, ADVANCE | silent)
                    m.d.comb += self.reported.ready.eq(0)
                    with m.If(self.replies.ready):
                        m.d.sync += silent.eq(0)
            with m.Elif(self.ready):
                m.next = "STEPPED"
                if self._config.monitors:
                    with m.If(self.monitor_count != 0):
                        m.next = "MONITORS"
        with m.State("STEPPED"):
            m.d.sync += silent.eq(silent + 1)
            m.next = "RUN"
            with m.If(silent == MAX_ADVANCE - 1):
                m.next = "FULL_ADVANCE"
        self._advance(m, "FULL_ADVANCE", "RUN")
        self._advance(m, "LAST_ADVANCE", "SEND_END")

    def _advance(self, m: Module, state: str, following: str) -> None:
        """A state that tells the host of the silent steps, if there are any."""
        with m.State(state):
            with m.If(self._silent == 0):
                m.next = following
            with m.Else():
                self._put(m, ADVANCE | self._silent)
                with m.If(self.replies.ready):
                    m.d.sync += self._silent.eq(0)
                    m.next = following

    def _tick(self, m: Module) -> Signal:
        """May a step begin?  With a tick period, once for each tick; else always."""
        counter = Signal(32)
        ticking, tick, waiting, stepping, due = (
            Signal(name=n) for n in ("ticking", "tick", "waiting", "stepping", "due")
        )
        m.d.sync += ticking.eq(self.tick_period != 0)
        m.d.comb += [
            tick.eq(ticking & (counter == 0)),
            due.eq(~ticking | waiting),
            self.overrun.eq(tick & (stepping | self.start)),
        ]
        m.d.sync += counter.eq(Mux(tick, self.tick_period - 1, counter - 1))
        with m.If(self.start):
            m.d.sync += [stepping.eq(1), waiting.eq(0)]
        with m.Elif(tick & ~stepping):
            m.d.sync += waiting.eq(1)
        with m.If(self._stepped):
            m.d.sync += stepping.eq(0)
        with m.If(self._begin):  # the first tick of a run comes after a whole period
            m.d.sync += [counter.eq(self.tick_period), waiting.eq(0)]
        return due

    def _monitor(self, m: Module) -> None:
        """After a step: read each slot's address, then what is there."""
        if not self._config.monitors:
            return
        slot = Signal.like(self.monitor_count)
        self._advance(m, "MONITORS", "MONITORS_COUNT")
        with m.State("MONITORS_COUNT"):
            self._put(m, MONITOR | self.monitor_count)
            m.d.sync += slot.eq(0)
            with m.If(self.replies.ready):
                m.next = "MONITOR_ADDRESS"
        for state, following, address in (
            ("MONITOR_ADDRESS", "MONITOR_VALUE", Region.MONITORS.base | slot),
            ("MONITOR_VALUE", "SEND_MONITOR", self._word),
        ):
            with m.State(state):
                self._access(m, address)
                m.next = f"{state}_WAIT"
            with m.State(f"{state}_WAIT"), self._accessed(m):
                m.next = following
        self._send_word(m, "SEND_MONITOR", "MONITOR_NEXT", self._word)
        with m.State("MONITOR_NEXT"):
            m.d.sync += slot.eq(slot + 1)
            m.next = "MONITOR_ADDRESS"
            with m.If(slot == self.monitor_count - 1):
                m.next = "STEPPED"

    def _finish(self, m: Module) -> None:
        """The end of replies."""
        self._send(m, "SEND_END", "SEND_STEP", END)
        self._send_word(m, "SEND_STEP", "SEND_STATUS", self.step)
        self._send(m, "SEND_STATUS", "OPCODE", self._status, flush=True)
