"""Calls of the public API with what nobody should give: a typed error, or a result; never a hang.

A few hundred calls by default; as many as SPIKELOOM_CALLS says.  Each one ends within seconds.
"""

from __future__ import annotations

import os
import random
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from designs import CONFIG, DESIGN, learning_config, make_design
from fake_board import FakeBoard

import spikeloom
from spikeloom.device.device import Device
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import InputError, SpikeLoomError
from spikeloom.hdl.contract.fields import ConfigError
from spikeloom.link.link import Link

CALLS = int(os.environ.get("SPIKELOOM_CALLS", 400))
LONGEST = 5
PATIENCE = 12
"""Times longer, on a computer that is busy."""
LEARNS = make_design(learning_config("pair"))


class Odd:
    """A value that nothing is prepared for."""

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


VALUES: list[object] = [
    None, True, False, 0, 1, -1, 3, 2**31, 2**32, 10**13, 10**400, -(10**30), 0.0, 0.5, -1.5, 1e308,
    float("nan"), float("inf"), 1j, "", "0", "v", "weights", "golden:", "\0", b"", b"x", [], [[]], [0],
    [-1], [0, 1], [0.5], [None], ["a"], [[1, 2], [3]], (), {}, {"in": [[1]]}, {"nope": 1}, {1: 2},
    set(), range(3), slice(None), slice(5, 1), ..., object(), Odd(), print, CONFIG, DESIGN,
    np.zeros(0), np.zeros((2, 9)), np.ones((2, 9), dtype=bool), np.full((2, 9), np.nan),
    np.full((9, 11), 10**9), np.zeros((9, 11)), np.zeros((9, 11), dtype=complex),
    np.zeros((9, 11), dtype="M8[s]"), np.array(["a", "b"]), np.array([None, 1], dtype=object),
    np.ma.masked_array(np.zeros((9, 11)), mask=True), np.ma.masked, np.float32("nan"), np.int8(-1),
    np.datetime64("2020"), np.zeros((1, 1, 1, 1)), np.array(2**63, dtype=np.uint64),
]  # fmt: skip


@contextmanager
def a_few_seconds() -> Iterator[None]:
    """Whatever takes longer is interrupted, and fails."""

    def late(*_: object) -> None:
        pytest.fail(f"it took more than {LONGEST} s")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LONGEST * PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


Call = Callable[[Device, list[object]], object]
DEVICE_CALLS: dict[str, Call] = {
    "run": lambda d, v: d.run(v[0], v[1]),  # type: ignore[arg-type]
    "run start": lambda d, v: d.run(steps=1, start=v[0]),  # type: ignore[arg-type]
    "run_live": lambda d, v: d.run_live(steps=1, tick_seconds=v[0]),  # type: ignore[arg-type]
    "run_live cycles": lambda d, v: d.run_live(steps=1, tick_period_cycles=v[0]),  # type: ignore[arg-type]
    "load": lambda d, v: d.load(v[0]),  # type: ignore[arg-type]
    "write_step": lambda d, v: d.write_step(v[0]),  # type: ignore[arg-type]
    "restore": lambda d, v: d.restore(v[0]),  # type: ignore[arg-type]
    "stream": lambda d, v: next(d.stream(v[0], v[1], every=v[2])),  # type: ignore[arg-type]
}
CALLS_WITHOUT: dict[str, Callable[[list[object]], object]] = {
    "open": lambda v: spikeloom.open(v[0] if v[0] is not None else 5, v[1]),  # type: ignore[arg-type]
    "open golden": lambda v: spikeloom.open("golden:", v[0], load=v[1], timeout=v[2]),  # type: ignore[arg-type]
    "CoreConfig": lambda v: CoreConfig(neurons=v[0], axons=v[1], lanes=v[2]),  # type: ignore[arg-type]
    "from_toml": lambda v: CoreConfig.from_toml(v[0]),  # type: ignore[arg-type]
    "Design.load": lambda v: spikeloom.Design.load(v[0]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("seed", range(4))
def test_hostile_calls_of_a_device_end_with_a_typed_error_or_a_result(seed: int) -> None:
    rng = random.Random(seed)
    design = (DESIGN, LEARNS)[seed % 2]

    def opened() -> Device:
        if seed < 2:
            return GoldenDevice(design)
        board = Board(Link(FakeBoard(design.config, window=2048, appetite=10_000)), design)
        board.load()
        return board

    device = opened()
    for _ in range(CALLS // 4):
        name, values = rng.choice(list(DEVICE_CALLS)), rng.choices(VALUES, k=3)
        if name.startswith("run_live") and isinstance(values[0], float) and values[0] > 1:
            continue  # a long time is a long time
        with warnings.catch_warnings(), a_few_seconds():
            warnings.simplefilter("ignore")
            try:
                DEVICE_CALLS[name](device, values)
            except (SpikeLoomError, StopIteration):
                continue
            except Exception as error:
                pytest.fail(
                    f"{name} with {list(map(shown_type, values))}: {type(error).__name__} {error}"
                )


def shown_type(value: object) -> str:
    return f"{type(value).__name__} {value!r}"[:60] if not isinstance(value, Odd) else "Odd"


@pytest.mark.parametrize("seed", range(2))
def test_hostile_calls_without_a_device_end_with_a_typed_error_or_a_result(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(CALLS // 4):
        name, values = rng.choice(list(CALLS_WITHOUT)), rng.choices(VALUES, k=3)
        if isinstance(values[0], str) and "golden" not in values[0]:
            continue  # names of ports
        with warnings.catch_warnings(), a_few_seconds():
            warnings.simplefilter("ignore")
            try:
                CALLS_WITHOUT[name](values)
            except (SpikeLoomError, ConfigError):
                continue
            except Exception as error:
                pytest.fail(
                    f"{name} with {list(map(shown_type, values))}: {type(error).__name__} {error}"
                )


@pytest.mark.parametrize("steps", [10**13, 2**64, 10**30])
def test_faults_23_a_run_too_long_for_memory_is_refused_with_the_numbers(steps: int) -> None:
    device = GoldenDevice(DESIGN)
    with pytest.raises(
        InputError, match=rf"{steps} steps of 9 axons and 11 neurons .* at most \d+"
    ):
        device.run(steps=steps)
    assert next(device.stream(steps=steps, every=3)).steps == 3


def test_faults_23_a_network_too_large_for_memory_is_refused_with_the_numbers() -> None:
    net = spikeloom.Network()
    with pytest.raises(InputError, match="size 1000000000; give at most 1048576"):
        net.population("a", 10**9, spikeloom.IF())
    with pytest.raises(InputError, match="size"):
        net.input("a", 10**9)
    one, other = net.input("one", 1 << 20), net.population("other", 1 << 10, spikeloom.IF())
    with pytest.raises(
        InputError, match=r"1048576 × 1024 = 1073741824 synapses; .* at most 67108864"
    ):
        net.connect(one, other, 0.5)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (
            lambda: spikeloom.open("golden:", "net.slm"),
            r"design is 'net.slm'.*Design\.load\('net.slm'\)",
        ),
        (lambda: spikeloom.open("golden:", spikeloom.Network()), r"from compile\(network\)"),
        (lambda: spikeloom.open(5), "where is 5"),
        (lambda: GoldenDevice(DESIGN).load(5), "design is 5"),
        (lambda: DESIGN.save(None), "path is None"),
        (lambda: GoldenDevice(DESIGN).run(steps=1, start="0"), "start is '0'"),
        (lambda: GoldenDevice(DESIGN).run_live(steps=1, tick_seconds="x"), "tick_seconds is 'x'"),
        (lambda: spikeloom.open("twin:", DESIGN, baud=0), "baud is 0"),
        (lambda: spikeloom.open("twin:", DESIGN, baud=999999999), r"999999999; .* 6000000"),
    ],
)
def test_faults_22_a_wrong_type_is_named(call: Callable[[], object], match: str) -> None:
    with pytest.raises(InputError, match=match):
        call()
