"""What a design space may be, and what its digests depend on."""

from pathlib import Path

import pytest

from spikeloom.exploration import cache
from spikeloom.exploration.space import Space
from spikeloom.hdl.contract.errors import SpikeLoomError

FILE = Path(__file__).parents[2] / "support" / "sweep_space.py"
TARGET = f"{FILE}:partly"
OBJECTIVES = {"k": "min"}


def space(**changes):
    settings = {"function": TARGET, "axes": {"k": [0, 1]}, "objectives": OBJECTIVES}
    return Space.of(**(settings | changes))


def test_all_combinations_are_points_in_order():
    s = space(axes={"k": [2, 1], "name": ["a", "b"]})
    assert s.points() == [
        {"k": 2, "name": "a"}, {"k": 2, "name": "b"}, {"k": 1, "name": "a"}, {"k": 1, "name": "b"},
    ]  # fmt: skip


def test_a_sample_is_a_part_of_the_points_and_is_repeatable():
    axes = {"k": list(range(100)), "m": list(range(100))}
    some = space(axes=axes, sample=50, seed=3).points()
    assert len(some) == 50
    assert some == space(axes=axes, sample=50, seed=3).points()
    assert some != space(axes=axes, sample=50, seed=4).points()
    every = space(axes=axes).points()
    assert all(point in every for point in some)


def test_the_digest_is_of_everything_the_result_depends_on(tmp_path, monkeypatch):
    data = tmp_path / "data.txt"
    data.write_text("one")
    module = tmp_path / "m.py"
    module.write_text("def f(k):\n    return {'k': k}\n")
    base = {"function": f"{module}:f", "files": [str(data)]}

    def digest(point=None, **changes):
        return space(**(base | changes)).digest(point or {"k": 1})

    first = digest()
    assert first == digest()
    assert first == digest(axes={"k": [0, 1, 2]}), "other points do not count"
    assert first == digest(objectives={"other": "max"}), "nor what is looked for"
    found = {
        first,
        digest({"k": 0}),
        digest(constants={"c": 1}),
        digest(hardware={"family": "ice40"}),
    }
    data.write_text("two")
    found.add(digest())
    module.write_text("def f(k):\n    return {'k': k + 1}\n")
    found.add(digest())
    monkeypatch.setattr("spikeloom.exploration.space.numerics_digest", lambda: "another")
    found.add(digest())
    assert len(found) == 7


def test_the_numerics_are_the_code_that_computes(tmp_path, monkeypatch):
    assert len(cache.numerics_digest()) == 64
    for room in cache._NUMERICS:
        monkeypatch.setattr(cache, "_NUMERICS", (room,))
        cache.numerics_digest.cache_clear()
        assert cache.numerics_digest()
    cache.numerics_digest.cache_clear()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"axes": {}}, "no axes"),
        ({"axes": {"k": []}}, "no values"),
        ({"axes": {"k": [1, 1]}}, "twice"),
        ({"axes": {"k": "abc"}}, "list of values"),
        ({"axes": {"k": [object()]}}, "numbers, text"),
        ({"objectives": {}}, "no objectives"),
        ({"objectives": {"k": "most"}}, '"min" or "max"'),
        ({"constants": {"k": 1}}, "both an axis and a constant"),
        ({"hardware": {"lanes": 1}}, "unknown setting"),
        ({"hardware": {"stage": "guessed"}}, "guessed"),
        ({"hardware": {"family": 3}}, "give a name"),
        ({"files": ["none.txt"]}, "cannot read"),
        ({"sample": 0}, "at least 1"),
        ({"axes": {n: list(range(101)) for n in "abc"}}, "sample = 1000"),
        ({"function": "nothing"}, "FILE.py:NAME"),
        ({"function": f"{FILE}:nobody"}, None),
        ({"function": "none.py:f"}, "cannot read"),
        ({"function": "no.such.module:f"}, "cannot import"),
        ({"function": 3}, "give a function"),
        ({"function": (lambda n: lambda k: {"k": n})(1)}, "constants="),
    ],
)
def test_what_cannot_be_is_refused(changes, message):
    if message is None:
        with pytest.raises(SpikeLoomError, match="no function"):
            space(**changes).target.load()
        return
    with pytest.raises(SpikeLoomError, match=message):
        space(**changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no function"),
        ("function = 3", "no function"),
        ('function = "x.py:f"\nlanes = [1]', "unknown lanes"),
        ('function = "x.py:f"\naxes = 3', r"make it a table"),
        ("function = ", "not TOML"),
    ],
)
def test_files_that_describe_no_space_are_refused(tmp_path, text, message):
    path = tmp_path / "space.toml"
    path.write_text(text)
    with pytest.raises(SpikeLoomError, match=message):
        Space.from_toml(path)
