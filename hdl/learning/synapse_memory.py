"""The transposable synapse memory: P synapses of a row, or P of a column, in every clock cycle."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.layouts import synapse_layout

WRITE_LATENCY = 1


def xor_lanes(lanes: list[Value], by: Value) -> list[Value]:
    """`result[k] = lanes[k xor by]`, as one layer of two-way multiplexers for each bit of `by`."""
    for bit in range(len(by)):
        lanes = [Mux(by[bit], lanes[k ^ (1 << bit)], lanes[k]) for k in range(len(lanes))]
    return lanes


class TransposableMemory(wiring.Component):
    """Synapse (i, j) is in bank (i xor j) mod P, at address `(j div P)·row_stride(config) + i`.

    So a row (axon `i` and the neurons of a group) and a column (neuron `j` and P consecutive axons)
    both have one synapse in every bank.  An access names `word = address div P` and `low`: `i mod P`
    in a row, `j mod P` in a column.  Lane `k` is neuron `group·P + k`, or axon `h·P + k`.

    One read and one write per cycle.  A write is in the memory two cycles later; until then its synapses
    must not be read.

    Members
    -------
    read_column, read_word, read_low : `words` is what they name, by lane, `TRANSPOSABLE_LATENCY` cycles
        later.
    write, write_column, write_word, write_low, write_words : stores the lanes of the mask `write`.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._lanes = lanes = config.lanes
        self._layout = synapse_layout(config)
        words = config.layout.groups * config.layout.axon_groups
        self._depth = words * lanes
        by_lane = data.ArrayLayout(self._layout, lanes)
        super().__init__(
            {
                "read_column": In(1),
                "read_word": In(range(words)),
                "read_low": In(range(lanes)),
                "words": Out(by_lane),
                "write": In(lanes),
                "write_column": In(1),
                "write_word": In(range(words)),
                "write_low": In(range(lanes)),
                "write_words": In(by_lane),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Banks, and the permutations before and behind them."""
        m = Module()
        low_1, low_2 = Signal.like(self.read_low), Signal.like(self.read_low)
        m.d.sync += [low_1.eq(self.read_low), low_2.eq(low_1)]

        mask = Signal.like(self.write)
        column = Signal()
        word, low = Signal.like(self.write_word), Signal.like(self.write_low)
        m.d.sync += [
            Cat(mask).eq(Cat(xor_lanes(list(self.write), self.write_low))),
            column.eq(self.write_column),
            word.eq(self.write_word),
            low.eq(self.write_low),
        ]
        to_banks = xor_lanes([self.write_words[k].as_value() for k in range(self._lanes)],
                             self.write_low)  # fmt: skip
        outputs: list[Value] = []
        for b in range(self._lanes):
            bank = memory.Memory(shape=self._layout.size, depth=self._depth, init=[])
            m.submodules[f"bank_{b}"] = bank
            read, write = bank.read_port(), bank.write_port()
            write_data = Signal(self._layout.size, name=f"write_{b}")
            output = Signal(self._layout.size, name=f"output_{b}")
            m.d.sync += [write_data.eq(to_banks[b]), output.eq(read.data)]
            m.d.comb += [
                read.addr.eq(self._address(self.read_word, self.read_low, self.read_column, b)),
                write.addr.eq(self._address(word, low, column, b)),
                write.data.eq(write_data),
                write.en.eq(mask[b]),
            ]
            outputs.append(output)
        for k, value in enumerate(xor_lanes(outputs, low_2)):
            m.d.sync += self.words[k].as_value().eq(value)
        return m

    def _address(self, word: Value, low: Value, column: Value, bank: int) -> Value:
        """In a column each bank has another axon."""
        bits = clog2(self._lanes)
        return Cat(low ^ (Const(bank, bits) & column.replicate(bits)), word)
