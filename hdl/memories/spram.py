"""Single-port RAM of iCE40 UltraPlus, in which the fields of a synapse lie side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.technology import NIBBLE, SPRAM_BITS, SPRAM_WORDS, nibbles


@dataclass(frozen=True)
class FieldPort:
    """A field of a bank: what was read, and what is written."""

    word: Value
    write: Value
    write_word: Value


class SpramBank(wiring.Component):
    """Words of several fields in one SB_SPRAM256KA; each field begins at a nibble, which has a mask.

    - What it does: a word is read in every cycle in which no field is written.
    - Latency: `BLOCK_LATENCY` cycles from `read_address` to `words`.
    - Back-pressure: none.  A write takes the cycle: what would have been read then is not.
    - Widths: `SPRAM_BITS` in whole nibbles, and `SPRAM_WORDS` words.
    - Errors: `ValueError` for more.  What it holds at power-up is not defined.

    Members
    -------
    read_address, words : of the read.
    writes : by field.
    write_address, write_words : of the write.
    """

    def __init__(self, fields: Mapping[str, int], depth: int) -> None:
        self._fields = dict(fields)
        if depth > SPRAM_WORDS:
            raise ValueError(f"a lane has {depth} synapses, and SPRAM {SPRAM_WORDS} words")
        if nibbles(self._fields.values()) * NIBBLE > SPRAM_BITS:
            widths = ", ".join(f"{name} {bits}" for name, bits in fields.items())
            raise ValueError(
                f"a synapse ({widths} bits) is wider than SPRAM, which has {SPRAM_BITS} bits "
                f"in nibbles of {NIBBLE}"
            )
        layout = data.StructLayout(self._fields)
        super().__init__(
            {
                "read_address": In(range(depth)),
                "words": Out(layout),
                "writes": In(data.StructLayout(dict.fromkeys(self._fields, 1))),
                "write_address": In(range(depth)),
                "write_words": In(layout),
            }
        )

    def port(self, field: str) -> FieldPort:
        """What belongs to a field."""
        return FieldPort(self.words[field], self.writes[field], self.write_words[field])

    def elaborate(self, platform: object) -> Module:
        """The cell, and the output register."""
        m = Module()
        given: list[Value] = []
        mask: list[Value] = []
        found = Signal(SPRAM_BITS)
        first = 0
        for name, bits in self._fields.items():
            count = nibbles([bits])
            width = count * NIBBLE
            given.append(Cat(self.write_words[name], Const(0, width))[:width])
            mask.append(self.writes[name].replicate(count))
            m.d.sync += self.words[name].eq(found[first : first + bits])
            first += width
        write = self.writes.as_value().any()
        address = Mux(write, self.write_address, self.read_address)
        m.submodules.cell = Instance(
            "SB_SPRAM256KA",
            i_ADDRESS=Cat(address, Const(0, 14))[:14],
            i_DATAIN=Cat(*given, Const(0, SPRAM_BITS))[:SPRAM_BITS],
            i_MASKWREN=Cat(*mask, Const(0, NIBBLE))[:NIBBLE],
            i_WREN=write,
            i_CHIPSELECT=Const(1, 1),
            i_CLOCK=ClockSignal(),
            i_STANDBY=Const(0, 1),
            i_SLEEP=Const(0, 1),
            i_POWEROFF=Const(1, 1),
            o_DATAOUT=found,
        )
        return m
