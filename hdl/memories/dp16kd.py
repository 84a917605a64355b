"""ECP5's block RAM, with the register at its output that Yosys does not infer."""

from __future__ import annotations

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Value

ADDRESS_BITS = 14
"""Of a single bit; wider words leave the lowest ones out."""

WIDTHS = {18: 10, 9: 11, 4: 12, 2: 13, 1: 14}
"""Bits of an address by bits of a word, the widest first."""

MOST_WORDS = 1 << ADDRESS_BITS
"""Of one block; memories are never cut by depth, because a multiplexer would follow."""

_DATA_PINS = 18


def dp16kd(
    m: Module,
    depth: int,
    *,
    read_address: Value,
    word: Value,
    reset: Value,
    hold: Value,
    write: Value,
    write_address: Value,
    write_word: Value,
) -> None:
    """Connect as many blocks side by side as a memory takes: port A writes, port B reads.

    Ports and parameters: ECP5 and ECP5-5G memory usage guide FPGA-TN-02204, which pins a width takes as
    in Yosys' `synth_ecp5`.  At most `MOST_WORDS` words.
    """
    width = next(w for w, bits in WIDTHS.items() if depth <= 1 << bits)
    for first in range(0, len(word), width):
        bits = min(width, len(word) - first)
        ports: dict[str, Value] = {}
        for port, address in (("A", write_address), ("B", read_address)):
            below = ADDRESS_BITS - WIDTHS[width]
            # The lowest two bits of an address say which bytes of 18 bits are written.
            low = Const((3 if width == 18 else 0), below) if port == "A" else Const(0, below)
            whole = Cat(low, address, Const(0, ADDRESS_BITS))[:ADDRESS_BITS]
            ports |= {f"i_AD{port}{k}": whole[k] for k in range(ADDRESS_BITS)}
            ports |= {f"i_CS{port}{k}": Const(0) for k in range(3)}
            ports[f"i_CLK{port}"] = ClockSignal()
        given = Cat(write_word[first : first + bits], Const(0, _DATA_PINS))
        ports |= {f"i_DIA{k}": given[k] for k in range(_DATA_PINS)}
        ports |= {f"i_DIB{k}": Const(0) for k in range(_DATA_PINS)}
        ports |= {f"o_DOB{k}": word[first + k] for k in range(bits)}
        m.submodules[f"block_{first}"] = Instance(
            "DP16KD",
            p_DATA_WIDTH_A=width,
            p_DATA_WIDTH_B=width,
            p_REGMODE_A="NOREG",
            p_REGMODE_B="OUTREG",
            p_RESETMODE="SYNC",
            p_ASYNC_RESET_RELEASE="SYNC",
            p_WRITEMODE_A="NORMAL",
            p_WRITEMODE_B="NORMAL",
            p_CSDECODE_A="0b000",
            p_CSDECODE_B="0b000",
            p_GSR="DISABLED",
            i_CEA=write,
            i_OCEA=Const(0),
            i_WEA=write,
            i_RSTA=Const(0),
            i_CEB=~hold,
            i_OCEB=~hold,
            i_WEB=Const(0),
            i_RSTB=reset,
            **ports,
        )
