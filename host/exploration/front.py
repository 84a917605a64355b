"""Pareto fronts: points that no other point beats in every respect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import InputError

DIRECTIONS = ("min", "max")


def pareto_front(rows: Sequence[Mapping[str, object]], objectives: Mapping[str, str]) -> list[int]:
    """Numbers of the rows that no other row dominates, in the order of the first objective.

    A row dominates another if it is at least as good in all objectives and better in one; of equal
    rows the first is on the front.  Rows without a number for each objective are not.

    Parameters
    ----------
    rows : figures by name.
    objectives : by name, "min" or "max".
    """
    check_objectives(objectives)
    complete = [k for k, row in enumerate(rows) if all(_is_number(row.get(n)) for n in objectives)]
    if not complete:
        return []
    signs = np.array([1.0 if way == "min" else -1.0 for way in objectives.values()])
    costs = np.array([[float(rows[k][n]) for n in objectives] for k in complete]) * signs  # type: ignore[arg-type]
    # In the order of the first cost, then of the others, a row is dominated by an earlier one alone.
    order = np.lexsort(costs.T[::-1])
    kept: list[int] = []
    best: NDArray[np.float64] = np.empty((0, len(signs)))
    for k in order.tolist():
        if not np.any(np.all(best <= costs[k], axis=1)):
            kept.append(complete[k])
            best = np.vstack([best, costs[k]])
    return kept


def check_objectives(objectives: Mapping[str, str]) -> None:
    """Raise `InputError` for no objectives, and for directions that are none."""
    if not objectives:
        raise InputError('there are no objectives; give some, such as accuracy = "max"')
    for name, way in objectives.items():
        if way not in DIRECTIONS:
            raise InputError(f'the objective {name} is {way!r}; give "min" or "max"')


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
