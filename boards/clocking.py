"""The core clock and its reset: oscillator → PLL → `sync`."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import (
    ClockDomain,
    ClockSignal,
    Const,
    Elaboratable,
    Instance,
    IOValue,
    Module,
    ResetSignal,
    Signal,
    Value,
)
from amaranth.lib import io, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from spikeloom.hdl.contract.core_config import ceil_div

from .definition import BoardDefinition
from .pll import Ecp5Pll, Ice40Pll

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

    On iCE40 that is a signal to all flip-flops.  On ECP5, which is large and has no global network for
    such a signal, GSR resets them: the global set/reset of the chip, which each flip-flop has besides its
    wires, puts them into the state that they have after configuration.  It lasts while the PLL has no
    lock; then the clock of `sync` stands still until the reset of `PowerUpReset` ends, so it does not
    matter that GSR does not end everywhere at once.
    """

    def __init__(self, board: BoardDefinition) -> None:
        self.board = board

    def domains(self) -> list[ClockDomain]:
        """What the module around this one must define: `sync`, and `power_up` without a reset."""
        by_gsr = isinstance(self.board.pll, Ecp5Pll)
        return [
            ClockDomain("sync", reset_less=by_gsr),
            ClockDomain("power_up", reset_less=True),
        ]

    def elaborate(self, platform: Any) -> Module:
        """Make the hardware; nextpnr derives the clock's constraint from the PLL's settings."""
        m = Module()
        pll = self.board.pll
        clock = Signal()
        m.submodules.power_up_reset = power_up = PowerUpReset(self.board.clock_hz)
        pin = platform.request(platform.default_clk, dir="-")
        m.d.comb += ClockSignal("power_up").eq(clock)
        if isinstance(pll, Ice40Pll):
            m.submodules.pll = _ice40_pll(pll, pin.io, clock, power_up.locked)
            m.d.comb += [ClockSignal("sync").eq(clock), ResetSignal("sync").eq(power_up.reset)]
        elif isinstance(pll, Ecp5Pll):
            m.submodules.clock_buffer = buffer = io.Buffer("i", pin)
            m.submodules.pll = _ecp5_pll(pll, buffer.i, clock, power_up.locked)
            m.submodules.reset = Instance("GSR", i_GSR=power_up.locked)  # while it is 0
            running = Instance(
                "DCCA", i_CLKI=clock, i_CE=~power_up.reset, o_CLKO=ClockSignal("sync")
            )
            m.submodules.running = running
        else:
            raise TypeError(f"no hardware for {type(pll).__name__}")
        return m


def _ice40_pll(pll: Ice40Pll, pad: IOValue, clock: Signal, locked: Signal) -> Instance:
    # The PAD variant, because the oscillator is on the pin that belongs to the PLL; nothing
    # else can use that pin then.
    return Instance(
        "SB_PLL40_PAD",
        p_FEEDBACK_PATH="SIMPLE",
        p_PLLOUT_SELECT="GENCLK",
        p_DIVR=Const(pll.divr, 4),
        p_DIVF=Const(pll.divf, 7),
        p_DIVQ=Const(pll.divq, 3),
        p_FILTER_RANGE=Const(pll.filter_range, 3),
        i_PACKAGEPIN=pad,
        i_RESETB=Const(1),
        i_BYPASS=Const(0),
        o_PLLOUTGLOBAL=clock,
        o_LOCK=locked,
    )


def _ecp5_pll(pll: Ecp5Pll, oscillator: Value, clock: Signal, locked: Signal) -> Instance:
    return Instance(
        "EHXPLLL",
        # Analogue settings as Project Trellis' ecppll sets them for every frequency.
        a_ICP_CURRENT="12",
        a_LPF_RESISTOR="8",
        a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        a_FREQUENCY_PIN_CLKI=f"{pll.input_hz / 1e6:g}",
        a_FREQUENCY_PIN_CLKOP=f"{float(pll.output_hz) / 1e6:g}",
        p_PLLRST_ENA="DISABLED",
        p_INTFB_WAKE="DISABLED",
        p_STDBY_ENABLE="DISABLED",
        p_DPHASE_SOURCE="DISABLED",
        p_OUTDIVIDER_MUXA="DIVA",
        p_OUTDIVIDER_MUXB="DIVB",
        p_OUTDIVIDER_MUXC="DIVC",
        p_OUTDIVIDER_MUXD="DIVD",
        p_CLKI_DIV=pll.reference_divider,
        p_CLKOP_ENABLE="ENABLED",
        p_CLKOP_DIV=pll.output_divider,
        p_CLKOP_CPHASE=pll.output_divider // 2,
        p_CLKOP_FPHASE=0,
        p_FEEDBK_PATH="CLKOP",
        p_CLKFB_DIV=pll.feedback_divider,
        i_RST=Const(0),
        i_STDBY=Const(0),
        i_CLKI=oscillator,
        i_CLKFB=clock,
        i_PHASESEL0=Const(0),
        i_PHASESEL1=Const(0),
        i_PHASEDIR=Const(1),
        i_PHASESTEP=Const(1),
        i_PHASELOADREG=Const(1),
        i_PLLWAKESYNC=Const(0),
        i_ENCLKOP=Const(0),
        o_CLKOP=clock,
        o_LOCK=locked,
    )
