"""Reports of many cores, as one rising sequence."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from ..contract.fabric_config import FabricConfig
from ..primitives.skid import Skid


class Collector(wiring.Component):
    """Takes the spikes of each core in rising order, and reports those of core 0, of core 1, and so on.

    Throughput: one spike per cycle, and one cycle for each core.  Latency: one cycle.  Each core has a
    queue that holds the spikes of a whole step, so that no core waits for another.

    Members
    -------
    spikes[k] : stream of neurons of core k; always ready within a step.
    finished : by core, it has no more.
    reported : stream of external neurons.
    collected : all spikes of the step are out, until `release`.
    """

    def __init__(self, config: FabricConfig) -> None:
        self._config = config
        neurons = range(config.core.neurons)
        super().__init__(
            {
                "spikes": In(stream.Signature(neurons)).array(config.cores),
                "finished": In(config.cores),
                "reported": Out(stream.Signature(range(config.external.neurons))),
                "collected": Out(1),
                "release": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A queue per core; the core whose turn it is; a register in front of `reported`."""
        m = Module()
        c = self._config
        turn = Signal(range(c.cores))
        m.submodules.skid = skid = Skid(self.reported.payload.shape())
        wiring.connect(m, skid.output, wiring.flipped(self.reported))
        queues = []
        for k in range(c.cores):
            queue = SyncFIFOBuffered(width=max(1, c.neuron_bits), depth=c.core.neurons + 1)
            m.submodules[f"queue_{k}"] = queue
            m.d.comb += [
                queue.w_data.eq(self.spikes[k].payload),
                queue.w_en.eq(self.spikes[k].valid),
                self.spikes[k].ready.eq(queue.w_rdy),
                queue.r_en.eq(skid.input.ready & (turn == k)),
            ]
            queues.append(queue)
        m.d.comb += [
            skid.input.valid.eq(Array(queue.r_rdy for queue in queues)[turn]),
            skid.input.payload.eq(
                Array(queue.r_data for queue in queues)[turn] | turn << c.neuron_bits
            ),
        ]
        # A level counts from the cycle after a spike came, and a core finishes later than that.
        silent = Array(queue.level == 0 for queue in queues)[turn]
        with m.If(self.release):
            m.d.sync += [turn.eq(0), self.collected.eq(0)]
        with m.Elif(~self.collected & silent & self.finished.bit_select(turn, 1)):
            m.d.sync += turn.eq(turn + 1)
            with m.If(turn == c.cores - 1):
                m.d.sync += [turn.eq(turn), self.collected.eq(~skid.output.valid)]
        return m
