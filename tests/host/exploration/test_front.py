"""Pareto fronts: against the definition, for any numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.exploration.front import pareto_front
from spikeloom.hdl.contract.errors import InputError

numbers = st.integers(-3, 3)
values = st.one_of(*[numbers] * 9, st.sampled_from([None, "text", float("nan")]))
rows = st.lists(st.fixed_dictionaries({"a": values, "b": values, "c": values}), max_size=12)
ways = st.sampled_from(["min", "max"])


def is_number(value):
    return isinstance(value, int | float) and value == value


def dominates(one, other, objectives):
    signs = {name: 1 if way == "min" else -1 for name, way in objectives.items()}
    a = [signs[n] * one[n] for n in objectives]
    b = [signs[n] * other[n] for n in objectives]
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


@given(rows, ways, ways, ways, st.integers(1, 3))
def test_the_front_is_what_no_other_beats(table, wa, wb, wc, count):
    objectives = dict(list({"a": wa, "b": wb, "c": wc}.items())[:count])
    complete = [k for k, r in enumerate(table) if all(is_number(r[n]) for n in objectives)]
    front = pareto_front(table, objectives)
    assert len(set(front)) == len(front)
    for k in complete:
        beaten = any(dominates(table[j], table[k], objectives) for j in complete)
        equal_before = any(
            all(table[j][n] == table[k][n] for n in objectives) for j in complete if j < k
        )
        assert (k in front) == (not beaten and not equal_before)
    assert set(front) <= set(complete)
    sign = 1 if wa == "min" else -1
    firsts = [sign * table[k]["a"] for k in front]
    assert firsts == sorted(firsts)


@pytest.mark.parametrize("objectives", [{}, {"a": "most"}])
def test_objectives_are_checked(objectives):
    with pytest.raises(InputError):
        pareto_front([], objectives)
