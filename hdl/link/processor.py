"""The command processor: requests in, bus accesses and steps, replies out (contract/commands.py)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from amaranth.hdl import Module, Mux, Signal, Value, ValueLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.commands import (
    ADVANCE,
    BITMAP_IDS,
    END,
    MAX_ADVANCE,
    MONITOR,
    Opcode,
    Status,
    bitmap_halfwords,
)
from ..contract.core_config import CoreConfig
from ..contract.memory_map import REGION_SHIFT, SYNAPSE_REGIONS, Region
from ..contract.widths import clog2
from ..primitives.bus import BusSignature
from ..primitives.layouts import halfword_layout
from .spike_set import SpikeSet


class Processor(wiring.Component):
    """Executes commands one after the other, and answers each in order.

    Back-pressure: requests wait until replies are taken, and a step until the spikes of the last one are.
    An unknown opcode is answered with PROTOCOL_ERROR; then all requests are ignored until reset.

    Members
    -------
    requests, replies : halfword streams, to `Receiver` and from there to `Transmitter`.
    bus : initiator.
    step, image_loaded, tick_period, monitor_count : from `Registers`.
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
        self._fields = (core or config).layout.synapse_fields.values()
        super().__init__(
            {
                "requests": In(stream.Signature(16)),
                "replies": Out(stream.Signature(halfword_layout)),
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
                "stalled": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """One state for each halfword of the formats in contract/commands.py."""
        m = Module()
        self._status = Signal(Status)
        self._word = Signal(32)  # the value that is being taken, sent, or read
        self._begin, self._stepped, running = Signal(), Signal(), Signal()
        self._refused = Signal()
        due = self._tick(m)
        self._silent = Signal(14)  # steps since the last ADVANCE that was sent
        # Where the board keeps the pace, `_left` steps of the run have not begun.
        self._cursor, self._left, self._live = Signal(32), Signal(32), Signal()
        m.d.comb += self.bus.data.eq(self._word)
        # Comparisons of the cursor have a register; the states before RUN leave it a cycle.
        behind, arrived, overtaken = Signal(), Signal(), Signal()
        ahead = Signal(32)
        m.d.comb += ahead.eq(self._cursor - self.step)
        m.d.sync += [
            behind.eq(Mux(self._live, self._left != 0, ahead != 0) & ~self._refused),
            arrived.eq((ahead == 0) & ~self._refused),
            overtaken.eq(ahead[-1]),
        ]
        m.submodules.spikes = self._spikes = spikes = SpikeSet(self._config.neurons)
        m.d.comb += [
            self.reported.ready.eq(1),
            # A step that a new connection cut short may still report: outside a run its spikes are dropped.
            spikes.add.eq(self.reported.valid & running),
            spikes.neuron.eq(self.reported.payload),
            self.stalled.eq(running & self.replies.valid & ~self.replies.ready),
        ]
        self._ids(m)
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
            m.d.sync += self._refused.eq(0)
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
        for field in self._fields:
            row_bits = clog2(field.words_per_row)
            region = SYNAPSE_REGIONS[field.name]
            last = address[:row_bits] == field.words_per_row - 1
            with m.If((address[REGION_SHIFT:] == region) & last):
                m.d.comb += beyond.eq((1 << row_bits) - 1)
        return (address | beyond) + 1

    def _ids(self, m: Module) -> None:
        """The id in a request's halfword: the halfword itself, or each set bit of a bitmap's in turn."""
        count = BITMAP_IDS * bitmap_halfwords(self._config.axons)
        event = self.requests.payload
        self._in_bitmap, axon = Signal(), Signal(range(count))
        self._is_id, self._last_id, self._next_id = Signal(), Signal(), Signal()
        bit = axon[: (BITMAP_IDS - 1).bit_length()]
        m.d.comb += [
            self._is_id.eq(Mux(self._in_bitmap, event.bit_select(bit, 1), ~event[-1])),
            self._last_id.eq(~self._in_bitmap | bit.all()),
            self.arriving.payload.eq(Mux(self._in_bitmap, axon, event)),
        ]
        with m.If(self._next_id & self._in_bitmap):
            m.d.sync += axon.eq(axon + 1)
            with m.If(axon == count - 1):
                m.d.sync += [axon.eq(0), self._in_bitmap.eq(0)]

    def _run(self, m: Module, due: Value, behind: Value, arrived: Value, overtaken: Value) -> None:
        """RUN: start values, then steps and events in turn."""
        ended = Signal()
        cursor, left, live, silent = self._cursor, self._left, self._live, self._silent
        self._take(m, "TAKE_START", "TAKE_START_HIGH", cursor[:16])
        self._take(m, "TAKE_START_HIGH", "TAKE_STEPS", cursor[16:])
        self._take(m, "TAKE_STEPS", "TAKE_STEPS_HIGH", left[:16])
        self._take(m, "TAKE_STEPS_HIGH", "AWAIT_CORE", left[16:])
        with m.State("AWAIT_CORE"), m.If(self.ready):
            m.next = "CHECK"
        with m.State("CHECK"):
            m.d.comb += self._begin.eq(1)
            m.d.sync += [
                cursor.eq(self.step),
                live.eq(left != 0),
                silent.eq(0),
                ended.eq(0),
                self._refused.eq(~arrived | ~self.image_loaded),
            ]
            with m.If(~arrived):
                m.d.sync += self._status.eq(Status.WRONG_START)
            with m.If(~self.image_loaded):
                m.d.sync += self._status.eq(Status.NO_IMAGE)
            m.next = "RUN_OPCODE"
        self._send(m, "RUN_OPCODE", "RUN_STATUS", self._op)
        self._send(m, "RUN_STATUS", "RUN_START", self._status)
        self._send_word(m, "RUN_START", "RUN", cursor)

        requests, event = self.requests, self.requests.payload
        in_bitmap, next_id = self._in_bitmap, self._next_id
        with m.State("RUN"):
            with m.If(behind & due):
                m.next = "START"
            with m.Elif(ended & ~behind):
                m.next = "LAST_ADVANCE"
            with m.Elif(requests.valid & ~ended):
                m.d.comb += requests.ready.eq(next_id & self._last_id)
                with m.If(self._is_id & arrived):
                    m.d.comb += [self.arriving.valid.eq(1), next_id.eq(self.arriving.ready)]
                with m.Elif(self._is_id):
                    # Its step is over, or not part of this run; or it has to wait.
                    dropped = overtaken | ~behind
                    m.d.comb += [next_id.eq(dropped), self.late.eq(dropped & ~self._refused)]
                with m.Else():
                    m.d.comb += next_id.eq(1)
                    with m.If(~in_bitmap & (event == END)):
                        m.d.sync += ended.eq(1)
                    with m.Elif(~in_bitmap & event[-2]):  # BITMAP: no other is left
                        m.d.sync += in_bitmap.eq(1)
                    with m.Elif(~in_bitmap):
                        m.d.sync += cursor.eq(cursor + event[: MAX_ADVANCE.bit_length()])
                        m.next = "SETTLE"
        with m.State("SETTLE"):
            m.next = "RUN"
        with m.State("START"):
            m.d.comb += self.start.eq(1)
            m.d.sync += left.eq(left - 1)
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
                self.replies.payload.value.eq(spikes.events.payload),
                spikes.events.ready.eq(self.replies.ready),
            ]
            with m.If(spikes.flushed):
                self._report(m)
        with m.State("STEPPED"):
            m.d.sync += silent.eq(silent + 1)
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
            tick.eq(ticking & (counter == 1)),
            due.eq(~ticking | waiting),
            self.overrun.eq(tick & (stepping | self.start)),
        ]
        m.d.sync += counter.eq(Mux(tick | self._begin, self.tick_period, counter - 1))
        with m.If(self.start):
            m.d.sync += [stepping.eq(1), waiting.eq(0)]
        with m.Elif(tick & ~stepping):
            m.d.sync += waiting.eq(1)
        with m.If(self._stepped):
            m.d.sync += stepping.eq(0)
        with m.If(self._begin):  # the first tick of a run comes after a whole period
            m.d.sync += waiting.eq(0)
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
