"""The whole chip: link, commands, registers and core."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.fabric_config import FabricConfig
from ..contract.frames import REPLY_BYTES
from ..contract.line_rate import PHASE_STEP_BITS, phase_step
from ..contract.memory_map import CORE_OVERRUNS, REGION_SHIFT, Region
from ..contract.technology import Storage
from ..core import Core
from ..core.core import increments
from ..fabric.fabric import Fabric, fabric_increments
from ..link.receiver import Receiver
from ..link.transmitter import Transmitter
from ..link.uart import REPLY_CYCLES, LineRate, UartReceiver, UartTransmitter
from ..sequencer import ROUND, Processor
from .connection_gate import ConnectionGate
from .overruns import COUNT_BITS, Overruns

IDLE_BEATS = 32
"""After which the transmitter sends what there is of a reply: about 3 000 clock cycles."""


class Chip(wiring.Component):
    """A core or a fabric behind the link, with byte streams where the UART would be.

    Members
    -------
    received : bytes from the host; ready again after `BYTE_CYCLES` at most.
    sent : bytes to the host; while it waits, replies wait, and with them steps.
    line, line_changes, line_fell, good_frame, beat : of `LineRate`.

    Parameters
    ----------
    clock_hz : frequency of the clock, which the host asks for.
    line : phase step of the UART, 0 when there is none.
    ticks : steps may begin at ticks.
    build : informational text in the identity block, at most 32 ASCII characters.
    reply_bytes : what may have been sent and not acknowledged; a power of two.
    synapse_storage : where the synapses are; `Lanes`.
    """

    def __init__(
        self,
        config: CoreConfig | FabricConfig,
        *,
        clock_hz: int,
        line: int = 0,
        ticks: bool = True,
        build: str = "",
        reply_bytes: int = REPLY_BYTES,
        synapse_storage: Storage = "block",
    ) -> None:
        self._reply_bytes = reply_bytes
        fabric = FabricConfig.of(config)
        self._core: Core | Fabric
        if fabric is None:
            assert isinstance(config, CoreConfig)
            self._config = self._rows = config
            self._core = Core(config, synapse_storage=synapse_storage)
            counts = increments(config)
        else:
            self._config, self._rows = fabric.external, fabric.core
            self._core = Fabric(fabric, synapse_storage=synapse_storage)
            counts = fabric_increments(fabric)
        self._processor = Processor(
            self._config,
            counts,
            clock_hz=clock_hz,
            build=build,
            core=self._rows,
            digest=config.digest,
            fabric=fabric is not None,
            line=line,
            ticks=ticks,
        )
        super().__init__(
            {
                "received": In(stream.Signature(8)),
                "sent": Out(stream.Signature(8)),
                "line": Out(PHASE_STEP_BITS),
                "line_changes": Out(1),
                "line_fell": In(1),
                "good_frame": Out(1),
                "beat": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Bytes → frames → commands → bus → core."""
        m = Module()
        m.submodules.receiver = receiver = Receiver()
        m.submodules.transmitter = transmitter = Transmitter(
            buffer_bytes=self._reply_bytes, idle_beats=IDLE_BEATS
        )
        m.submodules.gate = gate = ConnectionGate()
        m.submodules.processor = processor = self._processor
        m.submodules.core = core = self._core

        transmitter.connect(m, receiver)
        wiring.connect(m, receiver.halfwords, gate.received)
        wiring.connect(m, gate.requests, processor.requests)
        wiring.connect(m, processor.replies, gate.replies)
        wiring.connect(m, gate.sent, transmitter.halfwords)
        wiring.connect(m, transmitter.encoded, wiring.flipped(self.sent))
        wiring.connect(m, processor.arriving, core.arriving)
        wiring.connect(m, core.reported, processor.reported)
        # Registers between the two halves of the chip: the core is not ready from the pulse on.
        ready = Signal()
        m.d.sync += [core.start.eq(processor.start), core.clear.eq(processor.clear)]
        m.d.comb += ready.eq(core.ready & ~core.start & ~core.clear)
        m.d.comb += [
            self.received.ready.eq(receiver.ready),
            receiver.strobe.eq(self.received.valid & receiver.ready),
            receiver.byte.eq(self.received.payload),
            gate.opened.eq(receiver.opened),
            processor.restart.eq(gate.restart),
            gate.restarted.eq(processor.restarted),
            core.step.eq(processor.step),
            processor.line_fell.eq(self.line_fell),
            self.line.eq(processor.line),
            self.line_changes.eq(processor.line_changes),
            self.beat.eq(processor.beat),
            transmitter.beat.eq(processor.beat),
            self.good_frame.eq(receiver.good_frame),
            processor.ready.eq(ready),
        ]
        # The verdict on a frame is a long path of its own.
        m.d.sync += processor.link_opened.eq(receiver.opened)
        if isinstance(core, Fabric):
            m.submodules.overruns = overruns = Overruns(len(core.unfinished))
            m.d.comb += [
                overruns.overrun.eq(processor.overrun),
                overruns.unfinished.eq(core.unfinished),
                overruns.clear.eq(processor.clear),
            ]
            self._bus_with_overruns(m, processor, core, overruns)
        else:
            wiring.connect(m, processor.bus, core.bus)
        count = processor.increments
        m.d.comb += [
            count[name].eq(core.increments[name]) for name in core.increments.shape().members
        ]
        m.d.comb += [
            count.link_bad_frames.eq(receiver.bad_frame),
            count.link_out_of_sequence.eq(receiver.out_of_sequence),
            count.link_overflows.eq(receiver.overflow),
            count.connections.eq(receiver.opened),
        ]
        return m

    def _bus_with_overruns(
        self, m: Module, processor: Processor, core: Fabric, overruns: Overruns
    ) -> None:
        """The cores' own overruns answer in the region of the counters, the fabric in all others."""
        bus, counts = processor.bus, overruns.counts
        of_counts, done = Signal(), Signal()
        offset = bus.address[:REGION_SHIFT] - CORE_OVERRUNS
        m.d.comb += [
            of_counts.eq(bus.address[REGION_SHIFT:] == Region.COUNTERS),
            core.bus.valid.eq(bus.valid & ~of_counts),
            core.bus.write.eq(bus.write),
            core.bus.address.eq(bus.address),
            core.bus.data.eq(bus.data),
            bus.done.eq(core.bus.done | done),
            bus.value.eq(core.bus.value),
            bus.error.eq(core.bus.error),
        ]
        value, error = Signal(COUNT_BITS), Signal()
        m.d.sync += [
            done.eq(bus.valid & of_counts & ~done),
            value.eq(Array(counts)[offset]),
            error.eq((offset >= len(counts)) | (offset < 0)),
        ]
        with m.If(done):
            m.d.comb += [bus.value.eq(value), bus.error.eq(error)]


class Top(wiring.Component):
    """`Chip` behind a UART: the whole design but clock and pins.

    Members
    -------
    rx, tx : serial lines, idle high.

    Parameters
    ----------
    clock_hz, baud : of the core, and of the line after power-up.
    negotiable : the host may change the rate of the line.
    ticks : steps may begin at ticks.  Without either, logic cells are saved.
    reply_bytes : see `Chip`; fewer of them save block RAM.
    """

    def __init__(
        self,
        config: CoreConfig | FabricConfig,
        *,
        clock_hz: int,
        baud: int,
        negotiable: bool = True,
        ticks: bool = True,
        build: str = "",
        reply_bytes: int = REPLY_BYTES,
        synapse_storage: Storage = "block",
    ) -> None:
        self._step = phase_step(clock_hz, baud)
        self._negotiable = negotiable
        self._hold = 1 << (clock_hz // ROUND).bit_length() - 1
        self._chip = Chip(
            config,
            clock_hz=clock_hz,
            line=self._step if negotiable else 0,
            ticks=ticks,
            build=build,
            reply_bytes=reply_bytes,
            synapse_storage=synapse_storage,
        )
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        """UART on both sides of the chip."""
        m = Module()
        m.submodules.chip = chip = self._chip
        m.submodules.uart_rx = uart_rx = UartReceiver()
        m.submodules.uart_tx = uart_tx = UartTransmitter()
        wiring.connect(m, chip.sent, uart_tx.bytes)
        m.d.comb += [
            uart_rx.rx.eq(self.rx),
            self.tx.eq(uart_tx.tx),
            chip.received.valid.eq(uart_rx.valid),
            chip.received.payload.eq(uart_rx.byte),
        ]
        if not self._negotiable:
            m.d.comb += [uart_rx.step.eq(self._step), uart_tx.step.eq(self._step)]
            return m
        m.submodules.rate = rate = LineRate(
            self._step, silence=-(-REPLY_CYCLES // ROUND) + 1, hold=self._hold
        )
        m.d.comb += [
            rate.beat.eq(chip.beat),
            rate.requested.eq(chip.line),
            rate.changes.eq(chip.line_changes),
            rate.sending.eq(chip.sent.valid | ~uart_tx.bytes.ready),
            rate.good_frame.eq(chip.good_frame),
            chip.line_fell.eq(rate.fell),
            uart_rx.step.eq(rate.step),
            uart_tx.step.eq(rate.step),
        ]
        return m
