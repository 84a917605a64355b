"""The fabric: many cores, the mesh between them, and the barrier that keeps their steps together."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Array, Cat, Const, Module, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from ..contract.fabric_config import FabricConfig
from ..contract.memory_map import CORE_BITS, CORE_SHIFT
from ..contract.technology import Storage
from ..contract.widths import clog2
from ..core.core import Core, increments
from ..primitives.bus import BusSignature
from ..primitives.skid import Skid
from .barrier import Barrier
from .collector import Collector
from .coordinates import coordinates
from .mesh import Mesh

INBOX = 512
"""Packets that wait beside a core that still scans its arrivals; more of them wait in the mesh."""


def fabric_increments(config: FabricConfig) -> data.StructLayout:
    """What all cores together add to the counters in one clock cycle, by counter name."""
    single = {"steps", "cycles", "stalls"}
    return data.StructLayout(
        {
            name: field.shape if name in single else field.width + clog2(config.cores) + 1
            for name, field in increments(config.core)
        }
    )


class Fabric(wiring.Component):
    """Cores side by side that look like one core: the ports are those of `Core`.

    A step begins in all cores together, and ends when the last core is done, every packet has arrived,
    and every spike has been reported.  It takes as long as the slowest core, four cycles more for the
    barrier and the common `ready`, and the cycles that packets and reports need beyond that.

    Members
    -------
    start, ready, clear, step : as of `Core`, for all cores.
    arriving : stream of external axons, `core << axon_bits | axon`.
    reported : stream of external neurons, `core << neuron_bits | neuron`, in rising order.
    bus : as of `Core`; bits CORE_SHIFT and up of the address, below the region, name the core.
    increments : sums over the cores, a cycle later; `steps` and `cycles` are those of all together.
    unfinished : by core, the present step is not finished.
    """

    def __init__(self, config: FabricConfig, *, synapse_storage: Storage = "block") -> None:
        self._config = config
        self._storage = synapse_storage
        super().__init__(
            {
                "start": In(1),
                "ready": Out(1),
                "clear": In(1),
                "arriving": In(stream.Signature(16)),
                "reported": Out(stream.Signature(range(config.external.neurons))),
                "bus": In(BusSignature()),
                "step": In(32),
                "increments": Out(fabric_increments(config)),
                "unfinished": Out(config.cores),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Cores; packets to and from the mesh; barrier, reports, bus and counters."""
        m = Module()
        c = self._config
        m.submodules.mesh = mesh = Mesh(c)
        m.submodules.barrier = barrier = Barrier(c.cores, c.cores * c.core.route_entries)
        m.submodules.collector = collector = Collector(c)
        wiring.connect(m, collector.reported, wiring.flipped(self.reported))
        cores = [Core(c.core, synapse_storage=self._storage) for _ in range(c.cores)]
        unknown = Signal(c.cores)
        for k, core in enumerate(cores):
            m.submodules[f"core_{k}"] = core
            m.d.comb += [
                core.start.eq(self.start),
                core.clear.eq(self.clear),
                core.step.eq(self.step),
                core.release.eq(barrier.release),
                barrier.finished[k].eq(core.finished & collector.collected),
                collector.finished[k].eq(core.finished),
                self.unfinished[k].eq(~(core.finished | core.ready)),
            ]
            wiring.connect(m, core.reported, collector.spikes[k])
            self._send(m, k, core, mesh, barrier, unknown)
            self._receive(m, k, core, mesh, barrier)
        m.d.comb += collector.release.eq(barrier.release)
        # A register, because a path leads from here through the command processor back to all cores.
        ready = Cat(core.ready for core in cores).all() & ~self.start & ~self.clear
        m.d.sync += self.ready.eq(ready)
        dropped = self._arrive(m, cores)
        self._bus(m, cores)
        self._count(m, cores, Cat(unknown, dropped))
        return m

    def _send(
        self, m: Module, k: int, core: Core, mesh: Mesh, barrier: Barrier, unknown: Signal
    ) -> None:
        """Packets for cores and axons that exist go into the mesh, the others are counted.

        They are under way from the cycle in which the barrier counts them, also in the skid register.
        """
        c = self._config
        packet, inject = core.packets.payload, mesh.inject[k]
        m.submodules[f"outbox_{k}"] = outbox = Skid(inject.payload.shape())
        wiring.connect(m, outbox.output, inject)
        exists, taken = Signal(name=f"exists_{k}"), Signal(name=f"taken_{k}")
        into = outbox.input
        m.d.comb += [
            exists.eq(
                (packet.core < c.cores)
                & (packet.axon < c.core.axons)
                & (packet.delay < c.core.axonal_delay_slots)
            ),
            core.packets.ready.eq(into.ready),
            into.valid.eq(core.packets.valid & exists),
            taken.eq(core.packets.valid & into.ready),
            barrier.sent[k].eq(taken & exists),
            unknown[k].eq(taken & ~exists),
            Cat(into.payload.column, into.payload.row).eq(Cat(*coordinates(c, packet.core))),
            into.payload.axon.eq(packet.axon),
            into.payload.delay.eq(packet.delay),
        ]

    def _receive(self, m: Module, k: int, core: Core, mesh: Mesh, barrier: Barrier) -> None:
        """Delivered spikes wait in the inbox while the core scans."""
        deliver, inbound = mesh.deliver[k], core.inbound
        width = len(deliver.payload.as_value())
        m.submodules[f"inbox_{k}"] = inbox = SyncFIFOBuffered(width=width, depth=INBOX)
        m.d.comb += [
            inbox.w_data.eq(deliver.payload),
            inbox.w_en.eq(deliver.valid),
            deliver.ready.eq(inbox.w_rdy),
            inbound.payload.as_value().eq(inbox.r_data),
            inbound.valid.eq(inbox.r_rdy),
            inbox.r_en.eq(inbound.ready),
            barrier.arrived[k].eq(inbound.valid & inbound.ready),
        ]

    def _arrive(self, m: Module, cores: list[Core]) -> Value:
        """A spike of the host goes to the core that it names; all cores take them in the same cycles.

        Returns whether one is dropped because there is no such core.
        """
        bits = self._config.axon_bits
        axon = self.arriving.payload
        number = axon[bits:]
        m.d.comb += self.arriving.ready.eq(self.ready & ~self.start & ~self.clear)
        taken = self.arriving.valid & self.arriving.ready
        for k, core in enumerate(cores):
            m.d.comb += [
                core.arriving.valid.eq(taken & (number == k)),
                core.arriving.payload.eq(axon[:bits]),
            ]
        return taken & (number >= len(cores))

    def _bus(self, m: Module, cores: list[Core]) -> None:
        """A register towards the core, and one back."""
        bus = self.bus
        number = bus.address[CORE_SHIFT : CORE_SHIFT + CORE_BITS]
        inner = Cat(
            bus.address[:CORE_SHIFT], Const(0, CORE_BITS), bus.address[CORE_SHIFT + CORE_BITS :]
        )
        chosen, exists, active = Signal(range(len(cores))), Signal(), Signal()
        for k, core in enumerate(cores):
            m.d.comb += core.bus.valid.eq(active & (chosen == k))
            # Each core has registers of its own, which can be placed beside it.
            with m.If(number == k):
                m.d.sync += [
                    core.bus.write.eq(bus.write),
                    core.bus.address.eq(inner),
                    core.bus.data.eq(bus.data),
                ]
        done = Array(core.bus.done for core in cores)[chosen]
        with m.FSM(name="bus"):
            with m.State("IDLE"):
                m.d.sync += [bus.done.eq(0), bus.value.eq(0)]
                m.d.sync += [chosen.eq(number), exists.eq(number < len(cores))]
                with m.If(bus.valid & ~bus.done):
                    m.next = "ACCESS"
            with m.State("ACCESS"):
                m.d.comb += active.eq(exists)
                m.d.sync += [
                    bus.value.eq(Array(core.bus.value for core in cores)[chosen]),
                    bus.error.eq(~exists | Array(core.bus.error for core in cores)[chosen]),
                ]
                with m.If(~exists | done):
                    m.d.sync += bus.done.eq(1)
                    m.next = "IDLE"

    def _count(self, m: Module, cores: list[Core], unknown: Value) -> None:
        """Sums of the cores' increments; `steps` and `cycles` are those of all together."""
        total = self.increments
        first = cores[0].increments
        stepping = Signal()
        m.d.comb += [
            total.steps.eq(first.steps),
            total.cycles.eq(self.start | stepping & ~self.ready),
        ]
        with m.If(self.start):
            m.d.sync += stepping.eq(1)
        with m.Elif(self.ready):
            m.d.sync += stepping.eq(0)
        m.d.sync += total.stalls.eq(reduce(or_, (core.increments.stalls for core in cores)))
        for name in total.shape().members:
            if name in ("steps", "cycles", "stalls"):
                continue
            parts: list[Value] = [core.increments[name] for core in cores]
            if name == "unknown":
                parts += list(unknown)
            m.d.sync += total[name].eq(_sum(parts))


def _sum(parts: list[Value]) -> Value:
    """The sum, as a tree: its depth is the logarithm of their number."""
    half = len(parts) // 2
    return _sum(parts[:half]) + _sum(parts[half:]) if half else parts[0]
