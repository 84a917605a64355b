"""The UART: 8 data bits, no parity, one stop bit, with a fractional divisor."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ..contract.line_rate import PHASE_BITS, PHASE_STEP_BITS

REPLY_CYCLES = 256
"""Clock cycles: a reply begins earlier than that after its request."""


class UartReceiver(wiring.Component):
    """Bytes from the line.  No back-pressure: `valid` pulses once for each byte with a stop bit.

    Bits are sampled in their middle, which is known from the edge of the start bit to within one
    clock cycle; a byte without stop bit is dropped.  `step` is the phase of a clock cycle.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "step": In(PHASE_STEP_BITS),
                "rx": In(1, init=1),
                "valid": Out(1),
                "byte": Out(8),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A phase accumulator that starts half a bit after the edge.

        A one behind the bits says how many have come: at first it is in the highest place.
        """
        m = Module()
        line = Signal(init=1)
        m.submodules.synchroniser = FFSynchronizer(self.rx, line, init=1)
        phase, busy, begins = Signal(PHASE_BITS), Signal(), Signal()
        bits = Signal(10)
        quiet = Signal()  # a start bit is an edge: the line was high before it
        total = Signal(PHASE_BITS + 1)
        edge, turns = quiet & ~line, total[PHASE_BITS]
        ends = bits[0] | (begins & line)  # that was no start bit
        m.d.comb += total.eq(phase + self.step)
        m.d.sync += [phase.eq(total), self.valid.eq(0)]
        with m.If(Mux(busy, turns & ends, ~edge)):
            # Half a bit after the edge, less the cycle since it and the cycle to come, on average.
            m.d.sync += phase.eq(1 << (PHASE_BITS - 1))
        with m.If(~busy):
            m.d.sync += [bits.eq(1 << 9), begins.eq(1), busy.eq(edge), quiet.eq(line)]
        with m.Elif(turns):
            m.d.sync += [bits.eq(Cat(bits[1:], line)), begins.eq(0), busy.eq(~ends)]
            m.d.sync += [self.valid.eq(bits[0] & line), quiet.eq(line)]
        m.d.comb += self.byte.eq(bits[1:9])
        return m


class UartTransmitter(wiring.Component):
    """Bytes to the line; takes the next byte when the stop bit of the last one is over.

    `step` is the phase of a clock cycle.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "step": In(PHASE_STEP_BITS),
                "tx": Out(1, init=1),
                "bytes": In(stream.Signature(8)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A phase accumulator that shifts."""
        m = Module()
        phase, total = Signal(PHASE_BITS), Signal(PHASE_BITS + 1)
        bits = Signal(10, init=0x3FF)
        count = Signal(range(11))
        m.d.comb += [self.tx.eq(bits[0]), self.bytes.ready.eq(count == 0)]
        m.d.comb += total.eq(phase + self.step)
        m.d.sync += phase.eq(total)
        with m.If(count == 0):
            m.d.sync += phase.eq(0)
            with m.If(self.bytes.valid):
                m.d.sync += [bits.eq(Cat(0, self.bytes.payload, 1)), count.eq(10)]
        with m.Elif(total[PHASE_BITS]):
            m.d.sync += [bits.eq(Cat(bits[1:], 1)), count.eq(count - 1)]
        return m


class LineRate(wiring.Component):
    """The phase step that both directions use: a new one when the line is silent, or back.

    Members
    -------
    beat : pulses at a steady rate.
    requested : the step to change to, when nothing has been sent for `silence` beats.
    changes : pulses with a new request.
    step : in use.
    sending : the transmitter has something to send, or is sending.
    good_frame : confirms a step that is not the first one.
    fell : pulses when the first step is used again, because no good frame came for `hold` beats.

    Parameters
    ----------
    first : step after power-up.
    silence, hold : beats; `hold` is a power of two.
    """

    def __init__(self, first: int, *, silence: int, hold: int) -> None:
        self._first, self._silence, self._hold = first, silence, hold
        step = PHASE_STEP_BITS
        super().__init__(
            {
                "beat": In(1),
                "requested": In(step, init=first),
                "changes": In(1),
                "step": Out(step, init=first),
                "sending": In(1),
                "good_frame": In(1),
                "fell": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Two timers."""
        m = Module()
        silence, left = Signal(range(self._silence + 1)), Signal(range(2 * self._hold))
        silent = silence == self._silence
        with m.If(self.beat):
            m.d.sync += left.eq(left + 1)
            with m.If(~silent):
                m.d.sync += silence.eq(silence + 1)
        with m.If(self.sending | self.changes):
            m.d.sync += silence.eq(0)
        with m.Elif(silent):
            m.d.sync += self.step.eq(self.requested)

        with m.If(self.good_frame | self.fell):
            m.d.sync += left.eq(0)
        m.d.comb += self.fell.eq(left[-1])
        with m.If(self.fell):
            m.d.sync += self.step.eq(self._first)
        return m
