"""Golden model and board answer alike: information, the end, and what is refused."""

import json

import numpy as np
import pytest
from designs import CONFIG, DESIGN
from fake_board import FakeBoard

import spikeloom
from spikeloom import LIF, Network
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.fast import FastDevice
from spikeloom.hdl.contract.errors import BoardRefusedError, InputError, LinkError
from spikeloom.link.link import Link
from spikeloom.sim.twin import verilator


def open_device(kind, design=DESIGN):
    if kind == "golden":
        return GoldenDevice(design)
    if kind == "fast":
        return FastDevice(design)
    board = Board(Link(FakeBoard(design.config, window=2048, appetite=10_000)), design)
    board.load()
    return board


@pytest.fixture(params=("golden", "fast", "board"))
def device(request):
    return open_device(request.param)


def test_faults_14_information_has_the_same_names():
    golden, board = open_device("golden"), open_device("board")
    for each in (golden, board):
        each.run(steps=3)
    ours, theirs = golden.info(), board.info()
    assert ours.keys() == theirs.keys()
    assert json.loads(json.dumps(ours)) == ours
    for name in ("image", "step", "config", "tick_period", "monitor_count"):
        assert ours[name] == theirs[name], name
    assert ours["identity"]["digest"] == theirs["identity"]["digest"]
    assert "golden model" in repr(ours)
    assert repr(ours) in ours._repr_html_()


def test_faults_14_counters_that_a_model_does_not_have_say_why():
    counters = open_device("golden").counters()
    for name in ("cycles", "stalls", "link_bad_frames"):
        assert name in open_device("board").counters()
        with pytest.raises(InputError, match=f"{name}.*no clock and no link; it has steps, "):
            counters[name]
        assert counters.get(name) is None
    with pytest.raises(InputError, match="no such counter"):
        counters["spiks"]


EVERYTHING = {
    "run": lambda d: d.run(steps=1),
    "run_live": lambda d: d.run_live(steps=1, tick_seconds=1e-3),
    "run_batch": lambda d: d.run_batch([np.ones((2, 9))]),
    "stream": lambda d: list(d.stream(steps=1)),
    "watch_weights": lambda d: list(d.watch_weights(steps=1, every=1)),
    "read": lambda d: d.read("v"),
    "write": lambda d: d.write("v", 0),
    "view": lambda d: np.asarray(d.weights),
    "assign": lambda d: d.parameters.__setitem__("v_threshold", 1.0),
    "step": lambda d: d.step,
    "write_step": lambda d: d.write_step(3),
    "counters": lambda d: d.counters(),
    "info": lambda d: d.info(),
    "load": lambda d: d.load(),
    "reset": lambda d: d.reset(),
    "snapshot": lambda d: d.snapshot(),
}


@pytest.mark.parametrize("call", EVERYTHING.values(), ids=EVERYTHING)
def test_faults_14_nothing_works_after_close(device, call):
    call(device)
    device.close()
    device.close()
    with pytest.raises(LinkError, match=r"was closed; open .* anew"):
        call(device)
    assert "closed" in repr(device) or "not connected" in repr(device)
    assert "closed" in device.weights.__repr__() or "not connected" in repr(device.weights)


@pytest.mark.parametrize("start", [2**32, -1, "0", 1.0, True])
def test_faults_14_a_start_that_no_step_has_is_refused(device, start):
    for call in (device.run, lambda **k: device.run_live(tick_seconds=1e-3, **k)):
        with pytest.raises(InputError, match=r"start is .*give an integer from 0 to 4294967295"):
            call(steps=1, start=start)
    assert device.step == 0
    with pytest.raises(BoardRefusedError):
        device.run(steps=1, start=7)


@pytest.mark.parametrize("seconds", ["x", 0, -1.0, np.nan, np.inf, True, [1.0]])
def test_faults_22_ticks_that_are_no_time_are_refused(device, seconds):
    with pytest.raises(InputError, match="tick_seconds is"):
        device.run_live(steps=1, tick_seconds=seconds)


@pytest.mark.parametrize(
    ("design", "advice"),
    [
        ("net.slm", r"Design.load\('net.slm'\)"),
        (Network(), r"compile\(network\)"),
        (5, r"Design.load\(path\)"),
    ],
)
def test_faults_22_what_is_no_design_is_refused(device, design, advice):
    for call in (
        lambda: device.load(design),
        lambda: spikeloom.open("golden:", design),
        lambda: spikeloom.open("twin:", design),
    ):
        with pytest.raises(InputError, match=f"give a Design.*{advice}"):
            call()


@pytest.mark.parametrize(
    ("where", "options", "match"),
    [
        ("golden:", {"foo": 1}, "golden: has no option 'foo'"),
        ("golden:", {"seed": 1}, "no option 'seed'"),
        ("golden:", {"baud": -5}, "baud is -5; give a positive"),
        ("golden:", {"baud": 3_000_000}, "no line: omit it"),
        ("golden:", {"line_rate": 9600}, "no line: omit it"),
        ("golden:", {"load": "no"}, "load is 'no'; give True, False or None"),
        ("golden:", {"timeout": -1}, "timeout is -1"),
        ("twin:", {"foo": 1}, "twin: has no option 'foo'; it has seed, clock_hz"),
        ("twin:", {"baud": 0}, "baud is 0; give a positive integer"),
        ("twin:", {"baud": True}, "baud is True"),
        ("twin:", {"baud": "fast"}, "baud is 'fast'"),
        ("twin:", {"baud": 10**7}, "at most 6000000"),
        ("twin:", {"line_rate": 0}, "line_rate is 0"),
        ("twin:", {"clock_hz": 0}, "clock_hz is 0"),
        ("twin:", {"seed": -1}, "seed is -1"),
        ("netlist:icebreaker", {"baud": 9600}, "its rate is the board's"),
        ("netlist:icebreaker", {"clock_hz": 1}, "no option 'clock_hz'; it has seed"),
        ("/dev/nowhere", {"foo": 1}, "no option 'foo'; it has bytesize"),
        ("/dev/nowhere", {"baud": 0}, "baud is 0"),
        (None, {"foo": 1}, "a port has no option 'foo'"),
        (5, {}, "where is 5"),
    ],
)
def test_faults_14_options_are_refused_by_name_before_anything_is_compiled(
    where, options, match, monkeypatch
):
    monkeypatch.setattr(verilator, "compile_cached", lambda *_, **__: pytest.fail("it compiles"))
    with pytest.raises(InputError, match=match):
        spikeloom.open(where, DESIGN, **options)


def test_a_closed_view_of_an_open_model_is_shown():
    net = Network()
    net.connect(net.input("eye", 1), net.population("cells", 1, LIF(tau_mem=20e-3)), 0.5)
    device = spikeloom.open("golden:", spikeloom.compile(net))
    with device:
        pass
    assert "closed" in repr(device.weights)
    assert "closed" in device._repr_html_()
    assert CONFIG.neurons == 11
