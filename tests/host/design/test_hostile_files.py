"""Files that nobody should have to trust: full disks, killed programs, bombs, and lies in metadata."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from designs import CONFIG, DESIGN
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.design import files
from spikeloom.design.design import Design
from spikeloom.design.snapshot import Snapshot
from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl.contract.errors import DesignError, InputError, SpikeLoomError


def edited(data, member, change, compress=zipfile.ZIP_STORED):
    """The archive with one member changed by a function of its bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", compress) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return out.getvalue()


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


# Saving


@pytest.mark.parametrize("save", [DESIGN.save, GoldenDevice(DESIGN).snapshot().save])
def test_a_full_disk_leaves_the_old_file(save, tmp_path, monkeypatch):
    path = tmp_path / "net.slm"
    path.write_bytes(b"what was there")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(DesignError, match=r"cannot write .*net\.slm: No space left"):
        save(path)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_that_takes_nothing_is_named():
    with pytest.raises(DesignError, match="cannot write /dev/full: No space left"):
        DESIGN.save("/dev/full")
    assert not os.path.isfile("/dev/full")


def test_permissions_and_links_stay(tmp_path):
    real, link = tmp_path / "real.slm", tmp_path / "link.slm"
    real.write_bytes(b"")
    real.chmod(0o640)
    link.symlink_to(real)
    DESIGN.save(link)
    assert link.is_symlink()
    assert Design.load(real) == DESIGN
    assert real.stat().st_mode & 0o777 == 0o640


_SAVER = """
import sys
from spikeloom.design.files import write_file
print("ready", flush=True)
for k in range(10**9):
    write_file(sys.argv[1], bytes([k % 2]) * 200_000)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("trials", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_save_leaves_the_old_file_or_the_new_one(tmp_path, trials):
    path, rng = tmp_path / "net.slm", random.Random(trials)
    files.write_file(path, bytes(200_000))
    for _ in range(trials):
        with subprocess.Popen(
            [sys.executable, "-c", _SAVER, path], stdout=subprocess.PIPE, text=True
        ) as saver:
            assert saver.stdout.readline() == "ready\n"
            time.sleep(rng.random() * 0.05)
            saver.send_signal(signal.SIGKILL)
        data = path.read_bytes()
        assert data in (bytes(200_000), b"\1" * 200_000)


@pytest.mark.parametrize("path", [None, 5, b"net.slm", "a\0b", ["net.slm"]])
def test_what_is_no_path_is_refused(path):
    for call in (DESIGN.save, Design.load, Snapshot.load):
        with pytest.raises(SpikeLoomError, match="path"):
            call(path)


# Loading


@pytest.mark.parametrize(
    "text", ["dt = 0", "dt = -1", "dt = nan", "dt = inf", "dt = true", 'dt = "1"', "dt = []",
             f"dt = 1{'0' * 400}", f"dt = 1e{'9' * 9}"],
)  # fmt: skip
def test_a_step_that_takes_no_time_is_refused(text):
    data = edited(
        DESIGN.to_bytes(), "design.toml", lambda t: t.replace(b"dt = 0.001", text.encode())
    )
    with pytest.raises(DesignError, match=r"damaged|dt is"):
        Design.from_bytes(data)


@pytest.mark.parametrize(
    "ends", ["[0, 99]", "[-3, 3]", "[3, 0]", "[0]", "[100, 200]", "[0, inf]", "[0, 4, 0]", "3",
             "[0.0, 2.0]", "[true, 2]", '["0", "2"]'],
)  # fmt: skip
def test_ranges_that_the_core_does_not_have_are_refused(ends):
    text = f"[inputs]\nx = {ends}\n"
    before = Design(CONFIG, DESIGN.image, {"x": slice(0, 2)}).to_bytes()
    data = edited(
        before, "design.toml", lambda t: t.replace(b"[inputs]\nx = [0, 2]\n", text.encode())
    )
    assert data != before
    with pytest.raises(DesignError):
        Design.from_bytes(data)


@pytest.mark.parametrize(
    "scale", [0.0, -1.0, np.nan, np.inf, 1 + 2j, "x", np.datetime64("2020-01-01"), True],
)  # fmt: skip
def test_scales_that_are_none_are_refused(scale):
    values = np.full(CONFIG.neurons, scale)
    with pytest.raises(DesignError, match="scale has dtype"):
        Design(CONFIG, DESIGN.image, scale=values)
    data = edited(DESIGN.to_bytes(), "scale.npy", lambda _: npy(values))
    with pytest.raises(DesignError, match="scale has dtype"):
        Design.from_bytes(data)


def test_what_inflates_is_refused_before_it_is_read():
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("design.toml", b" " * 50_000_000)
    with pytest.raises(DesignError, match="compressed"):
        Design.from_bytes(bomb.getvalue())


def header(shape):
    text = f"{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "content", [header("(7, 4, 10000000000000000000000)"), header("(9, 11"), header("(-1, 3)"),
                header("(9, 11)"), header("x" * 40), b"\x93NUMPY\2\0", b"\x93NUMPY", b"", b"PK"],
)  # fmt: skip
def test_arrays_whose_header_lies_are_refused(content):
    with pytest.raises(DesignError, match="damaged"):
        Design.from_bytes(edited(DESIGN.to_bytes(), "weights.npy", lambda _: content))


def test_two_parts_of_one_name_are_refused():
    out = io.BytesIO(DESIGN.to_bytes())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(out, "a") as archive:
        archive.writestr("weights.npy", b"x")
    with pytest.raises(DesignError, match="two parts of one name"):
        Design.from_bytes(out.getvalue())


def test_a_file_that_never_ends_is_refused(monkeypatch):
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1 << 16)
    if os.path.exists("/dev/zero"):
        with pytest.raises(DesignError, match="has more than 65536 bytes"):
            Design.load("/dev/zero")


ARCHIVES = {Design: DESIGN.to_bytes(), Snapshot: GoldenDevice(DESIGN).snapshot().to_bytes()}


@settings(max_examples=int(os.environ.get("SPIKELOOM_FUZZ", "300")))
@given(kind=st.sampled_from([Design, Snapshot]), data=st.data())
def test_any_change_is_refused_or_loads_the_same(kind, data):
    whole = bytearray(ARCHIVES[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        how = data.draw(st.sampled_from(["set", "cut", "insert", "copy"]))
        if how == "set":
            whole[at] = data.draw(st.integers(0, 255))
        elif how == "cut":
            del whole[at : at + data.draw(st.integers(1, 400))]
        elif how == "insert":
            whole[at:at] = data.draw(st.binary(min_size=1, max_size=40))
        else:
            whole[at:at] = whole[at : at + data.draw(st.integers(1, 400))]
        if not whole:
            break
    try:
        loaded = kind.from_bytes(bytes(whole))
    except DesignError:
        return
    assert loaded.to_bytes() == ARCHIVES[kind]


@given(text=st.text(max_size=200), where=st.integers(0, 400))
def test_any_text_in_the_metadata_is_refused_or_means_something(text, where):
    def change(toml):
        return toml[:where] + text.encode() + toml[where:]

    try:
        loaded = Design.from_bytes(edited(ARCHIVES[Design], "design.toml", change))
    except DesignError:
        return
    assert 0 < loaded.dt < np.inf
    assert all(0 <= s.start <= s.stop <= CONFIG.axons for s in loaded.inputs.values())


def test_what_is_not_a_design_is_refused():
    for value in (None, 5, "x"):
        with pytest.raises((DesignError, InputError)):
            Design.load(value)
