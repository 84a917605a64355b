"""ECP5's block RAM: the cell with its model does what the inferred memory does."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from amaranth.back import verilog

from spikeloom.hdl.contract.technology import Technology
from spikeloom.hdl.memories import BlockMemory
from spikeloom.sim.twin.verilator import MAKE_FLAGS, compile_cached

SHAPES = [(1, 16384), (3, 5000), (8, 8192), (7, 3000), (9, 2048), (20, 1000), (36, 64), (1, 2)]
CUT_BY_DEPTH = [(9, 4096), (9, 6144), (18, 3000)]
CYCLES = 30_000
ECP5 = Technology(block_ram="dp16kd")
FEWEST = replace(ECP5, fewest_blocks=True)
MODEL = Path(str(files("spikeloom.boards"))) / "models" / "ecp5_dp16kd.v"

PAIR = """
module pair_{n} (input clk, input [31:0] random, input [31:0] other,
    output reg wrong, output reg [31:0] same);
    wire [5:0] reads = other[15:0] % {near}, writes = random[15:0] % {near};
    wire [{a}:0] read_address = reads * {stride}, write_address = writes * {stride};
    wire hold = (random[31:30] == 0), nothing = (random[29:27] == 0) && !hold;
    wire write = other[31] && !(write_address == read_address && !hold);
    wire [{w}:0] write_word = {{random, other, random}} >> 3;
    wire [{w}:0] expected, got;
    rtl_{n} rtl (.clk(clk), .rst(1'b0), .read_address(read_address), .word(expected), .nothing(nothing),
        .hold(hold), .write(write), .write_address(write_address), .write_word(write_word));
    cell_{n} cells (.clk(clk), .read_address(read_address), .word(got), .nothing(nothing),
        .hold(hold), .write(write), .write_address(write_address), .write_word(write_word));
    // What was never written is not known, in neither of them.
    reg [{near}-1:0] written = 0;
    reg reading = 0, known = 0;
    initial begin wrong = 0; same = 0; end
    always @(posedge clk) begin
        if (write) written[writes] <= 1;
        if (!hold) reading <= written[reads];
        if (nothing) known <= 1; else if (!hold) known <= reading;
        if (known && got !== expected) wrong <= 1;
        if (known && got === expected) same <= same + 1;
    end
endmodule
"""

MAIN = """
#include "Vbench.h"
#include <cstdio>
#include <random>
int main() {{
    Vbench bench;
    std::mt19937 generator(1);
    for (int k = 0; k < {cycles}; k++) {{
        bench.random = generator();
        bench.other = generator();
        bench.clk = 0; bench.eval();
        bench.clk = 1; bench.eval();
    }}
    std::printf("wrong %x few %x\\n", (unsigned)bench.wrong, (unsigned)bench.few);
}}
"""


def test_the_cell_does_what_the_inferred_memory_does() -> None:
    text: list[str] = []
    pairs: list[str] = []
    for n, (width, depth) in enumerate(SHAPES + CUT_BY_DEPTH):
        rtl = BlockMemory(width, depth)
        text.append(verilog.convert(rtl, name=f"rtl_{n}", emit_src=False))
        cells, technology = BlockMemory(width, depth), ECP5 if n < len(SHAPES) else FEWEST
        text.append(verilog.convert(cells, name=f"cell_{n}", platform=technology, emit_src=False))
        assert "DP16KD" in text[-1]
        assert ("block_1_0" in text[-1]) == (n >= len(SHAPES))
        address, near = len(rtl.read_address), min(depth, 61)
        text.append(PAIR.format(n=n, a=address - 1, w=width - 1, near=near, stride=depth // near))
        turn = n * 0x9E3779B9 & 0xFFFFFFFF
        pairs.append(
            f"wire [31:0] same_{n}; assign few[{n}] = same_{n} < {CYCLES // 4};\n"
            f"pair_{n} p_{n} (clk, random ^ {turn}, other ^ {turn >> 1}, wrong[{n}], same_{n});\n"
        )
    most = len(SHAPES + CUT_BY_DEPTH) - 1
    text.append(
        "module bench (input clk, input [31:0] random, input [31:0] other, "
        f"output [{most}:0] wrong, output [{most}:0] few);\n{''.join(pairs)}endmodule\n"
    )
    program = compile_cached(
        "memories",
        [MODEL, ("bench.v", "".join(text)), ("main.cpp", MAIN.format(cycles=CYCLES))],
        [
            *("--cc", "--exe", "--build", "-Wno-lint", "-Wno-fatal", "--x-assign", "unique"),
            *(
                "--x-initial",
                "unique",
                "--top-module",
                "bench",
                "--prefix",
                "Vbench",
                "-o",
                "bench",
            ),
            *("-MAKEFLAGS", f"{MAKE_FLAGS} OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1"),
        ],
        "bench",
    )
    result = subprocess.run([str(program)], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["wrong", "0", "few", "0"]
