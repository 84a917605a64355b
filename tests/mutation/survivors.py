"""Why survivors cannot be noticed: what is said of those that no proof is found for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Judgement:
    """What is said of survivors.

    Attributes
    ----------
    chips : of which it is true, by name; all, if there is none.
    block : its place begins with it.
    place : a regular expression that is found in its place, or in what its cell is connected to.
    code : is part of one of its source lines; "" if it has none, or any will do.
    verdict : "equivalent": it does the same in all states that are reached; "slower": the same, later.
    reason : why.
    """

    chips: tuple[str, ...]
    block: str
    place: str
    code: str
    verdict: Literal["equivalent", "slower"]
    reason: str


_APART = (
    "The bus touches synapses so far apart that what an earlier touch wrote is in memory: `settled` "
    "is 1 whenever it looks."
)
_FIXED_RULES = ("plain", "delays")
"""Chips whose synapses only the bus writes."""

JUDGEMENTS: tuple[Judgement, ...] = (
    Judgement(
        chips=("plain", "delays", "pair", "three_factor"),  # the axons are no power of two
        block="core.arrivals.list ",
        place=r"EN\[\d+\] const1",
        code="",
        verdict="equivalent",
        reason="What is written too much is behind the end of the list, and written again before it counts.",
    ),
    Judgement(
        chips=_FIXED_RULES,
        block="core.conductor ",
        place=r"[BQ]\[0\] \(core\.conductor\.single_late\) const0",
        code="",
        verdict="equivalent",
        reason=_APART,
    ),
    Judgement(
        chips=_FIXED_RULES,
        block="core.conductor ",
        place=r"const0",
        code="single = self.touch | self.peek | self.put",
        verdict="equivalent",
        reason=_APART,
    ),
    Judgement(
        chips=_FIXED_RULES,
        block="core.rows ",
        place=r"B\[0\] const1",
        code="self.touch.eq(self._touching & ~is_arrival & self.settled)",
        verdict="equivalent",
        reason=_APART,
    ),
    Judgement(
        chips=("plain",),
        block="core.conductor ",
        place=r"A\[1\] inv",
        code="part.eq(part + 1)",
        verdict="slower",
        reason="A row takes its groups in the order 0, 3, 2, 1, 0. There is no group 3, and group 0 comes "
        "again before its sums are back in memory: they are stored twice with the same values.",
    ),
    Judgement(
        chips=(),
        block="core.lanes ",
        place=r" B\[0\] .*const0",
        code="adder.own.eq(weighs | inputs.hit[lane])",
        verdict="equivalent",
        reason="Only the first accumulator shows the bus the weight of a synapse; in that one no weight "
        "could be read.",
    ),
    Judgement(
        chips=("delays",),
        block="core.lanes ",
        place=r"\(core\.lanes\.adder_0_\d\.passes\) const1",
        code="adder.passes.eq(~inputs.add[lane] & ~inputs.hit[lane])",
        verdict="equivalent",
        reason="Before the first lane there is a sum only where the bus puts one, and then nothing is added.",
    ),
    Judgement(
        chips=_FIXED_RULES,
        block="core.conductor ",
        place=r"A\[\d\] (const0|cnot1)",
        code="high.eq(Mux(row, item[lane_bits:], part))",
        verdict="equivalent",
        reason="`part` is 0 where there is no row.",
    ),
    Judgement(
        chips=("delays",),
        block="core.conductor ",
        place=r"\[2\] \(core\.conductor\.group\) const0",
        code="",
        verdict="equivalent",
        reason="There are four groups; a larger number comes only where nothing is done.",
    ),
    Judgement(
        chips=("plain",),
        block="core.conductor ",
        place=r"A=core\.conductor\.low_[01] ",
        code="blocked = blocked | (valid & (low == following))",
        verdict="equivalent",
        reason="A row takes three cycles: in the two after it began, no other begins in any case.",
    ),
    Judgement(
        chips=("plain",),
        block="core.rows ",
        place=r"\[[456]\] \(core\.number\) const0",
        code="",
        verdict="equivalent",
        reason="Neither of 11 neurons nor of 9 axons, which are one word, has a number this large.",
    ),
    Judgement(
        chips=("plain", "pair", "three_factor"),
        block="core ",
        place=r"\$add A=core\.wiped_slot ",
        code="m.d.sync += [slot.eq(slot + 1), again.eq(1)]",
        verdict="equivalent",
        reason="Without delays there is one slot: the next lines put 0 in its place.",
    ),
    Judgement(
        chips=(),
        block="core.arrivals ",
        place=r" B\[0\] const1",
        code="going & ~more & ~fetching & moves",
        verdict="equivalent",
        reason="Once `more` is 0 the last axon is on its way out, and nothing asks for `going`: it may "
        "fall sooner.",
    ),
    Judgement(
        chips=("delays",),
        block="core.sum_access ",
        place=r"A\[0\] inv",
        code="waited == latency + RETURN_STAGES",
        verdict="equivalent",
        reason="An access ends a cycle sooner, and its sum is in memory long before the next one.",
    ),
)


def judge(survivor: dict[str, Any], chip: str) -> Judgement | None:
    """What is said of a survivor of a chip, if anything is."""
    code = "\n".join(_source(line) for line in survivor["lines"])
    for judgement in JUDGEMENTS:
        where = f"{survivor['place']}: {survivor.get('cell', '')}"
        found = re.search(judgement.place, where) and judgement.code in code
        here = not judgement.chips or chip in judgement.chips
        if here and found and survivor["place"].startswith(judgement.block):
            return judgement
    return None


def _source(line: str) -> str:
    """The text of "hdl/core/core.py:100"; "" if there is no such line."""
    name, _, number = line.rpartition(":")
    path = _ROOT / name
    if not path.is_file():
        return ""
    lines = path.read_text().splitlines()
    return lines[int(number) - 1] if int(number) <= len(lines) else ""
