"""The sequence of a time step: when the blocks of a core begin, and when the step is over."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class StepSequence(wiring.Component):
    """Spikes arrive, rows are integrated, neurons updated, spikes routed; then the step is closed.

    Members
    -------
    start : pulse while `ready`; runs one step.
    clear : pulse while `ready`; clears all state, as happens after power-up.
    ready : between steps, with the memories clear.
    arriving : spikes are on their way into the arrival bitmap.
    scan, scanning : to and from `Arrivals`: hand over the spikes of this step.
    integrating : rows are under way.
    update, updating : to and from `NeuronUpdate`; `update` is a pulse.
    routing : spikes of this step are under way.
    learning : the learning engine is busy.
    close, closed : to and from the learning engine: the step's spikes are all out.
    wipe : pulse to all blocks: set all state to 0.
    clearing : from `wipe` until that is done.
    scanned : from the scan until the end of the step.
    finished, release : in a core of a fabric, all is done; only `release` ends the step.
    done : pulse, the step is over.
    running : in a step.

    Parameters
    ----------
    fabric : the core is one of a fabric.
    """

    def __init__(self, *, fabric: bool) -> None:
        self._fabric = fabric
        super().__init__(
            {
                "start": In(1),
                "clear": In(1),
                "ready": Out(1),
                "arriving": In(1),
                "scan": Out(1),
                "scanning": In(1),
                "integrating": In(1),
                "update": Out(1),
                "updating": In(1),
                "routing": In(1),
                "learning": In(1),
                "close": Out(1),
                "closed": In(1),
                "wipe": Out(1),
                "clearing": Out(1),
                "scanned": Out(1),
                "finished": Out(1),
                "release": In(1),
                "done": Out(1),
                "running": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """One state for each phase."""
        m = Module()
        # Registers: what all blocks say together comes late in a cycle.
        integrated, updated, cleared = Signal(), Signal(), Signal()
        m.d.sync += [
            integrated.eq(~self.scanning & ~self.integrating),
            updated.eq(~self.updating & ~self.routing & ~self.update),
            cleared.eq(~self.scanning & ~self.updating & ~self.learning),
        ]
        m.d.comb += self.running.eq(self.start | ~self.ready)
        with m.FSM() as fsm:
            with m.State("POWER_UP"):
                m.d.comb += [self.running.eq(0), self.wipe.eq(1), self.clearing.eq(1)]
                m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += [self.running.eq(0), self.clearing.eq(1)]
                m.next = "CLEAR"
            with m.State("CLEAR"):
                m.d.comb += [self.running.eq(0), self.clearing.eq(1)]
                with m.If(cleared):
                    m.next = "READY"
            with m.State("READY"):
                m.d.comb += self.ready.eq(1)
                with m.If(self.clear):
                    m.next = "POWER_UP"
                with m.Elif(self.start):
                    m.next = "ARRIVE"
                    with m.If(~self.arriving):
                        m.d.comb += self.scan.eq(1)
                        m.next = "INTEGRATE"
            with m.State("ARRIVE"), m.If(~self.arriving):
                m.d.comb += self.scan.eq(1)
                m.next = "INTEGRATE"
            with m.State("INTEGRATE"), m.If(integrated):
                m.d.comb += self.update.eq(1)
                m.next = "UPDATE"
            with m.State("UPDATE"), m.If(updated):
                m.d.comb += self.close.eq(1)
                with m.If(self.closed & ~self.learning):
                    if self._fabric:
                        m.next = "FINISHED"
                    else:
                        m.d.comb += self.done.eq(1)
                        m.next = "READY"
            if self._fabric:
                with m.State("FINISHED"):
                    m.d.comb += self.finished.eq(1)
                    with m.If(self.release):
                        m.d.comb += self.done.eq(1)
                        m.next = "READY"
        if self._fabric:
            states = ("INTEGRATE", "UPDATE", "FINISHED")
            m.d.comb += self.scanned.eq(Cat(fsm.ongoing(state) for state in states).any())
        return m
