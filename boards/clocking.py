"""The core clock and its reset: oscillator → PLL → `sync`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockDomain, ClockSignal, Elaboratable, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from spikeloom.hdl.contract.core_config import ceil_div

from .definition import BoardDefinition
from .families import ClockNets, Oscillator
from .platform import oscillator_name

POWER_UP_MICROSECONDS = 16
"""Reset lasts this long after the PLL has locked.

Block RAMs of iCE40 read as zero for about 3 µs after configuration, a hardware property found
by its users (YosysHQ/icestorm issue 76, cliffordwolf/icotools issue 2); this is five times that.
"""


def power_up_cycles(clock_hz: int) -> int:
    """Clock cycles that the reset lasts after the lock."""
    return ceil_div(POWER_UP_MICROSECONDS * clock_hz, 1_000_000)


class PowerUpReset(wiring.Component):
    """A reset that begins with configuration and ends POWER_UP_MICROSECONDS after the lock.

    It begins again whenever the lock is lost. It belongs to the domain `power_up`, which has no
    reset of its own.

    Members
    -------
    locked : from the PLL, asynchronous.
    reset : synchronous to the clock of `power_up`.
    """

    def __init__(self, clock_hz: int) -> None:
        self.cycles = power_up_cycles(clock_hz)
        super().__init__({"locked": In(1), "reset": Out(1, init=1)})

    def elaborate(self, platform: Any) -> Module:
        """A counter that waits."""
        m = Module()
        locked = Signal()
        waited = Signal(range(self.cycles + 1))
        m.submodules.lock_sync = FFSynchronizer(self.locked, locked, o_domain="power_up")
        with m.If(~locked):
            m.d.power_up += [waited.eq(0), self.reset.eq(1)]
        with m.Elif(waited == self.cycles):
            m.d.power_up += self.reset.eq(0)
        with m.Else():
            m.d.power_up += waited.eq(waited + 1)
        return m


class CoreClock(Elaboratable):
    """Drives the domains of a board (`domains`) from its PLL: clocks, and the reset of `sync`.

    How the reset reaches the flip-flops, the family says (`Flow.drive_clock`).
    """

    def __init__(self, board: BoardDefinition) -> None:
        self.board = board
        self._flow = board.fpga.family.required_flow()

    def domains(self) -> list[ClockDomain]:
        """What the module around this one must define: `sync`, and `power_up` without a reset."""
        return [
            ClockDomain("sync", reset_less=self._flow.reset_by_gsr),
            ClockDomain("power_up", reset_less=True),
        ]

    def elaborate(self, platform: Any) -> Module:
        """Make the hardware; nextpnr derives the clock's constraint from the PLL's settings."""
        m = Module()
        clock = Signal()
        m.submodules.power_up_reset = power_up = PowerUpReset(self.board.clock_hz)
        port = platform.request(oscillator_name(self.board, platform), dir="-")
        m.d.comb += ClockSignal("power_up").eq(clock)
        pins = {pin.name for pin in port.io.metadata}
        oscillator = Oscillator(port, on_pll_pin=bool(pins & set(self.board.fpga.pll_pins)))
        nets = ClockNets(clock, power_up.locked, power_up.reset)
        self._flow.drive_clock(m, self.board.pll, oscillator, nets)
        return m
