import dataclasses
import io
import zipfile

import numpy as np
import pytest
from designs import CONFIG, DESIGN, LEARNING, learning_config, make_design
from fake_board import FakeBoard
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.design.design import Design
from spikeloom.design.snapshot import Snapshot
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl import ImageError
from spikeloom.hdl.contract.errors import (
    BoardRefusedError,
    DesignError,
    InputError,
    WrongBoardError,
)
from spikeloom.link.link import Link

ADAPTIVE = dataclasses.replace(CONFIG, adaptation="rate", state_bits=32)
DESIGNS = {
    **{case: make_design(learning_config(case)) for case in LEARNING},
    "plain": DESIGN,
    "adaptive": make_design(ADAPTIVE),
    "delays": make_design(dataclasses.replace(CONFIG, delay_slots=8)),
    "delays of both kinds": make_design(
        learning_config("three_factor", delay_slots=4, route_entries=20, axonal_delay_slots=4)
    ),
}


def board_for(design):
    board = Board(Link(FakeBoard(design.config, window=2048, appetite=10_000)), design)
    board.load()
    return board


def spikes_for(design, steps, seed):
    return np.random.default_rng(seed).random((steps, design.config.axons)) < 0.35


@settings(max_examples=12)
@given(
    st.sampled_from(sorted(DESIGNS)),
    st.sampled_from(["golden", "board"]),
    st.sampled_from(["golden", "board"]),
    st.integers(0, 12),
    st.integers(0, 99),
)
def test_a_run_goes_on_from_its_snapshot_on_any_device(case, source, target, steps, seed):
    design = DESIGNS[case]
    make = {"golden": GoldenDevice, "board": board_for}
    one, other = make[source](design), make[target](design)
    one.run(spikes_for(design, steps, seed))
    other.run(spikes_for(design, 5, seed + 1))  # something to overwrite
    snapshot = Snapshot.from_bytes(one.snapshot().to_bytes())
    assert snapshot.step == steps
    other.restore(snapshot)
    assert other.snapshot() == snapshot
    spikes = spikes_for(design, 10, seed + 2)
    ours, theirs = one.run(spikes), other.run(spikes)
    assert theirs.start == steps
    assert np.array_equal(ours.spikes, theirs.spikes)
    assert one.snapshot().first_difference(other.snapshot()) is None


def test_pending_spikes_are_part_of_it():
    design = DESIGNS["plain"]
    device = GoldenDevice(design)
    for _ in range(20):
        device.run(spikes_for(design, 1, device.step))
        if device.read("arrivals").any():
            break
    snapshot = device.snapshot()
    assert snapshot["arrivals"].any()
    again = GoldenDevice(design)
    again.restore(snapshot)
    assert np.array_equal(again.read("arrivals"), snapshot["arrivals"])
    without = snapshot.replaced(arrivals=np.zeros_like(snapshot["arrivals"]))
    assert str(without.first_difference(snapshot)).startswith("arrivals[")


def test_sums_and_spikes_for_later_steps_are_part_of_it():
    design = DESIGNS["delays of both kinds"]
    device = GoldenDevice(design)
    for _ in range(40):
        device.run(spikes_for(design, 1, device.step))
        if device.read("later_arrivals").any() and device.read("pending")[-1].any():
            break
    taken = device.snapshot()
    assert taken["later_arrivals"].any()
    assert taken["pending"][-1].any()  # the modulator's
    for name in ("delays", "pending", "later_arrivals"):
        without = taken.replaced(**{name: np.zeros_like(taken[name])})
        assert str(without.first_difference(taken)).startswith(f"{name}[")
    with pytest.raises(ImageError, match="delays"):
        taken.replaced(delays=taken["delays"] + 4)
    with pytest.raises(ImageError, match="pending"):
        taken.replaced(pending=taken["pending"] + (1 << 20))


def test_archives_of_the_first_format_are_read():
    data = edited("snapshot.toml", lambda text: text.replace(b"format = 3", b"format = 1"))
    assert not Snapshot.from_bytes(data)["later_arrivals"].size


@pytest.mark.parametrize("make", [GoldenDevice, board_for])
def test_delays_are_read_and_written(make):
    device = make(DESIGNS["delays"])
    delays = device.read("delays")
    assert np.array_equal(delays, DESIGNS["delays"].image.delays)
    device.delays.raw[2:4, 1] = 7
    delays[2:4, 1] = 7
    assert np.array_equal(device.delays.raw, delays)
    assert np.allclose(device.delays, delays * device.design.dt)
    device.delays = 1e-3
    assert (device.read("delays") == 1).all()
    with pytest.raises(ImageError, match="0…7"):
        device.write("delays", delays + 1)
    with pytest.raises(ImageError, match="0…7"):
        device.delays.raw[0, 0] = 8
    plain = make(DESIGN)
    for access in (
        lambda: plain.read("delays"),
        lambda: plain.read("pending"),
        lambda: plain.delays,
    ):
        with pytest.raises(InputError, match="delay_slots of 2 to 64"):
            access()
    assert plain.read("later_arrivals").shape == (0, DESIGN.config.axons)


def test_differences_are_named():
    design = DESIGNS["three_factor"]
    device = GoldenDevice(design)
    before = device.snapshot()
    weights, y = device.read("weights"), device.read("y")
    weights[3, 4] += 1 if weights[3, 4] < 5 else -1
    y[[2, 7]] = 9
    device.write("weights", weights)
    device.write("y", y)
    found = list(before.differences(device.snapshot()))
    assert [(d.name, d.index, d.ours, d.theirs, d.count) for d in found] == [
        ("y", (2,), 0, 9, 2),
        ("weights", (3, 4), before.weights[3, 4], weights[3, 4], 1),
    ]
    assert [d.where for d in found] == ["y[2]", "weights[3, 4]"]
    assert str(found[0]) == "y[2]: 0 and 9, the first of 2"
    assert before != device.snapshot()
    device.write("d_e", int(before["d_e"]) - 1)
    device.write_step(7)
    names = [d.where for d in before.differences(device.snapshot())]
    assert names == ["step", "d_e", "y[2]", "weights[3, 4]"]
    with pytest.raises(WrongBoardError, match="different cores"):
        before.first_difference(GoldenDevice(DESIGN).snapshot())


@pytest.mark.parametrize("make", [GoldenDevice, board_for])
def test_a_snapshot_of_something_else_is_refused_and_changes_nothing(make):
    device = make(DESIGNS["pair"])
    device.run(spikes_for(DESIGNS["pair"], 5, 0))
    before = device.snapshot()
    for design, error, match in (
        (DESIGNS["sdsp"], WrongBoardError, "another core, with learning = .*sdsp.*same config"),
        (DESIGN, WrongBoardError, "another core, with weight_bits = 5 .there 6."),
        (make_design(learning_config("pair"), 1), DesignError, "another network.*load the design"),
    ):
        with pytest.raises(error, match=match):
            device.restore(GoldenDevice(design).snapshot())
        assert device.snapshot() == before


def test_a_board_that_holds_no_image_is_not_restored():
    board = Board(Link(FakeBoard(CONFIG)), DESIGN)
    snapshot = GoldenDevice(DESIGN).snapshot()
    with pytest.raises(BoardRefusedError, match=r"holds no image.*load\(\) its design first"):
        board.restore(snapshot)
    board.load()
    board.restore(snapshot)


# The archive


def edited(member, change):
    buffer = io.BytesIO()
    whole = GoldenDevice(DESIGNS["pair"]).snapshot().to_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            content = change(old.read(name)) if name == member else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("member", "change", "match"),
    [
        ("snapshot.toml", lambda t: t.replace(b"format = 3", b"format = 4"), "newer SpikeLoom"),
        ("snapshot.toml", lambda _: None, r"no 'snapshot\.toml' in it"),
        ("snapshot.toml", lambda t: t.replace(b"lanes = 2", b"lanes = 1"), "not the one that was"),
        ("snapshot.toml", lambda t: t.replace(b"step = 0", b"step = -1"), "step is -1"),
        ("snapshot.toml", lambda t: t.replace(b"\nw_max = ", b"\nw_top = "), "w_max, w_top"),
        ("states/x.npy", lambda _: None, "x does not match"),
        ("weights.npy", lambda _: None, "weights does not match"),
    ],
)
def test_a_damaged_archive_is_refused(member, change, match):
    data = edited(member, change)
    with pytest.raises(DesignError, match=match):
        Snapshot.from_bytes(data, "x.sls")


def test_values_that_do_not_fit_are_refused():
    snapshot = GoldenDevice(DESIGNS["pair"]).snapshot()
    with pytest.raises(ImageError, match=r"x\[0\] is 300, outside 0…255"):
        snapshot.replaced(x=np.array([300] + [0] * 8))


def test_files(tmp_path):
    path = tmp_path / "now.sls"
    snapshot = GoldenDevice(DESIGN).snapshot()
    snapshot.save(path)
    assert Snapshot.load(path) == snapshot
    assert Snapshot.load(path).to_bytes() == snapshot.to_bytes()
    with pytest.raises(DesignError, match=r"cannot read .*missing\.sls"):
        Snapshot.load(tmp_path / "missing.sls")
    with pytest.raises(DesignError, match="not a SpikeLoom design"):
        Design.load(path)
