"""Why survivors cannot be noticed: what is said of those that no proof is found for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Judgement:
    """What is said of survivors.

    Attributes
    ----------
    block : its place begins with it.
    place : is part of its place.
    code : is part of one of its source lines; "" if it has none, or any will do.
    verdict : "equivalent": it does the same in all states that are reached; "slower": the same, later.
    reason : why.
    """

    block: str
    place: str
    code: str
    verdict: Literal["equivalent", "slower"]
    reason: str


JUDGEMENTS: tuple[Judgement, ...] = ()


def judge(survivor: dict[str, Any]) -> Judgement | None:
    """What is said of a survivor, if anything is."""
    code = "\n".join(_source(line) for line in survivor["lines"])
    for judgement in JUDGEMENTS:
        matches = judgement.place in survivor["place"] and judgement.code in code
        if survivor["place"].startswith(judgement.block) and matches:
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
