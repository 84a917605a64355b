"""ECP5's block RAM, with the register at its output that Yosys does not infer."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Array, Cat, ClockSignal, Const, Instance, Module, Mux, Signal, Value

from ..contract.widths import ceil_div, clog2

ADDRESS_BITS = 14
"""Of a single bit; wider words leave the lowest ones out."""

WIDTHS = {18: 10, 9: 11, 4: 12, 2: 13, 1: 14}
"""Bits of an address by bits of a word, the widest first."""

MOST_WORDS = 1 << ADDRESS_BITS
"""Of one block: deeper memories are left to synthesis."""

MOST_TWIN_WORDS = 1024
"""With two readers: in the widest words."""

_DATA_PINS = 18


@dataclass(frozen=True)
class Reader:
    """A read port: an address, and where its word goes, two cycles later."""

    address: Value
    word: Value


def dp16kd(
    m: Module,
    depth: int,
    *,
    fewest: bool = False,
    reader: Reader,
    writing_reader: Reader | None = None,
    reset: Value,
    hold: Value,
    write: Value,
    write_address: Value,
    write_word: Value,
) -> None:
    """Connect as many blocks as a memory takes: port A writes, port B reads.

    Ports and parameters: ECP5 and ECP5-5G memory usage guide FPGA-TN-02204, which pins a width takes as
    in Yosys' `synth_ecp5`.  At most `MOST_WORDS` words.

    Parameters
    ----------
    fewest : cut by depth where that takes fewer blocks; else they all lie side by side.
    writing_reader : reads at port A while nothing is written; for up to `MOST_TWIN_WORDS` words.
    """
    bits = len(write_word)
    width = next(w for w, bits in WIDTHS.items() if depth <= 1 << bits)
    if fewest:
        width = min(WIDTHS, key=lambda w: (_blocks(depth, bits, w), w != width, -w))
    parts = ceil_div(depth, 1 << WIDTHS[width])
    part_bits = clog2(parts)
    inside = len(write_address) - part_bits
    found: list[Value] = [
        reader.word if parts == 1 else Signal(bits, name=f"part_{k}") for k in range(parts)
    ]
    for k, word in enumerate(found):
        _side_by_side(
            m,
            k,
            width,
            reader=Reader(reader.address[:inside], word),
            writing_reader=writing_reader,
            reset=reset,
            hold=hold,
            write=write if parts == 1 else write & (write_address[inside:] == k),
            write_address=write_address[:inside],
            write_word=write_word,
        )
    if parts > 1:
        chosen: list[Value] = [reader.address[inside:]]
        for k in range(2):
            later = Signal(part_bits, name=f"chosen_{k}")
            with m.If(~hold):
                m.d.sync += later.eq(chosen[-1])
            chosen.append(later)
        m.d.comb += reader.word.eq(Array(found)[chosen[-1]])


def _blocks(depth: int, bits: int, width: int) -> int:
    return ceil_div(depth, 1 << WIDTHS[width]) * ceil_div(bits, width)


def _side_by_side(
    m: Module,
    part: int,
    width: int,
    *,
    reader: Reader,
    writing_reader: Reader | None,
    reset: Value,
    hold: Value,
    write: Value,
    write_address: Value,
    write_word: Value,
) -> None:
    """Blocks for all bits of a word, with an address of no more bits than they have."""
    a_address, a_word = write_address, None
    if writing_reader is not None:
        a_address = Mux(write, write_address, writing_reader.address)
        a_word = writing_reader.word
    below = ADDRESS_BITS - WIDTHS[width]
    for first in range(0, len(write_word), width):
        bits = min(width, len(write_word) - first)
        ports: dict[str, Value] = {}
        for port, address in (("A", a_address), ("B", reader.address)):
            # The lowest two bits of an address say which bytes of 18 bits are written.
            low = Const((3 if width == 18 else 0), below) if port == "A" else Const(0, below)
            whole = Cat(low, address, Const(0, ADDRESS_BITS))[:ADDRESS_BITS]
            ports |= {f"i_AD{port}{k}": whole[k] for k in range(ADDRESS_BITS)}
            ports |= {f"i_CS{port}{k}": Const(0) for k in range(3)}
            ports[f"i_CLK{port}"] = ClockSignal()
        given = Cat(write_word[first : first + bits], Const(0, _DATA_PINS))
        ports |= {f"i_DIA{k}": given[k] for k in range(_DATA_PINS)}
        ports |= {f"i_DIB{k}": Const(0) for k in range(_DATA_PINS)}
        ports |= {f"o_DOB{k}": reader.word[first + k] for k in range(bits)}
        if a_word is not None:
            ports |= {f"o_DOA{k}": a_word[first + k] for k in range(bits)}
        m.submodules[f"block_{part}_{first}"] = Instance(
            "DP16KD",
            p_DATA_WIDTH_A=width,
            p_DATA_WIDTH_B=width,
            p_REGMODE_A="NOREG" if a_word is None else "OUTREG",
            p_REGMODE_B="OUTREG",
            p_RESETMODE="SYNC",
            p_ASYNC_RESET_RELEASE="SYNC",
            p_WRITEMODE_A="NORMAL",
            p_WRITEMODE_B="NORMAL",
            p_CSDECODE_A="0b000",
            p_CSDECODE_B="0b000",
            p_GSR="DISABLED",
            i_CEA=write if a_word is None else Const(1),
            i_OCEA=Const(0) if a_word is None else Const(1),
            i_WEA=write,
            i_RSTA=Const(0),
            i_CEB=~hold,
            i_OCEB=~hold,
            i_WEB=Const(0),
            i_RSTB=reset,
            **ports,
        )
