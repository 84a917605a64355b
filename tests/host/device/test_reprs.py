"""What devices, designs, runs and views show of themselves, in a shell and in a notebook."""

import base64
import html
import json
import re
import sys

import numpy as np
import pytest
from designs import CONFIG, DESIGN, learning_config, make_design
from fake_board import FakeBoard
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeloom.device.golden import GoldenDevice
from spikeloom.device.run import Run
from spikeloom.device.streaming import Part
from spikeloom.display.spike_text import NONE, ONE, SEVERAL, text_raster
from spikeloom.driver.board import Board
from spikeloom.link.link import Link


@pytest.fixture
def fake():
    return FakeBoard(CONFIG)


@pytest.fixture
def board(fake):
    board = Board(Link(fake, name="COM3 at 3000000 baud"), DESIGN)
    board.load()
    return board


def spikes_for(steps):
    return np.random.default_rng(3).random((steps, CONFIG.axons)) < 0.3


def pictures(text):
    """PNG files in a page."""
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    return [base64.b64decode(data) for data in found]


def test_a_board_is_a_paragraph_that_asks_it_nothing(board, fake):
    seen = int(board.run(spikes_for(5)).spikes.sum())
    fake.requests.clear()
    text = repr(board)
    assert fake.requests == []
    assert "\n" not in text
    for part in ("COM3", "in (4) → all (11)", "9 axons × 11 neurons", "5-bit weights", "1 MHz",
                 "'fake'", f"image {DESIGN.identity:08x} loaded", "next step 5"):  # fmt: skip
        assert part in text
    assert f"last run: {seen} spikes in steps 0…4" in text
    assert board._repr_html_() == f"<p>{html.escape(text[1:-1])}</p>"
    assert fake.requests == []


def test_a_board_with_a_broken_line_is_shown_and_not_asked(board, fake):
    board.link.broken = True
    fake.requests.clear()
    shown = [repr(board), board._repr_html_(), repr(board.weights), board.weights._repr_html_()]
    shown += [repr(board.states["v"])]
    assert all("not connected" in text for text in shown)
    assert fake.requests == []
    assert board.link.broken


def test_the_information_is_a_dictionary_and_a_paragraph(board):
    info = board.info()
    assert json.loads(json.dumps(info)) == info
    assert info["step"] == 0
    assert info["identity"]["digest"] == f"{CONFIG.digest:016x}"
    assert "next step 0" in repr(info)
    assert "bytes_sent" in info._repr_html_()
    board._attach(make_design(seed=8))
    assert "of another design, loaded" in repr(board.info())


def test_a_board_without_design_says_so(fake):
    board = Board(Link(fake))
    assert f"core {CONFIG.digest:016x}, opened without a design" in repr(board)
    assert "nothing loaded" in repr(board.info())


def test_whoever_looks_at_a_device_that_fails_sees_why(board, monkeypatch):
    monkeypatch.setattr(board.store, "read", lambda *_: 1 / 0)
    for text in (repr(board.weights), board.weights._repr_html_()):
        assert "not shown: ZeroDivisionError" in text
    board.design.inputs["in"] = None  # type: ignore[assignment]
    try:
        for shown in (board, board.design, board.info()):
            assert "not shown: AttributeError" in repr(shown)
            assert "not shown: AttributeError" in shown._repr_html_()
    finally:
        board.design.inputs["in"] = slice(0, 4)


@pytest.mark.parametrize("case", [None, "pair"])
def test_golden_models_and_designs(case):
    design = make_design(learning_config(case)) if case else DESIGN
    device = GoldenDevice(design)
    device.run(steps=3)
    assert "9 axons × 11 neurons" in repr(device)
    assert "next step 3" in repr(device)
    assert ("learning by pair" in repr(device)) == (case == "pair")
    assert "synaptic_operations" in device._repr_html_()
    assert f"{np.count_nonzero(design.image.weights)} synapses, steps of 1 ms" in repr(design)
    assert len(repr(design)) < 250
    (picture,) = pictures(design._repr_html_())
    assert picture.startswith(b"\x89PNG")


def test_runs_and_their_pictures(board):
    board.monitor([2])
    run = board.run(spikes_for(30))
    total = int(run.spikes.sum())
    assert repr(run) == f"<Run of steps 0…29: {total} spikes (all {total}), monitored v[2]>"
    assert pictures(run._repr_html_())
    assert repr(board.run(steps=0)) == "<Run of no steps, next step 30>"
    assert not pictures(board.run(steps=0)._repr_html_())
    long = Run(0, np.ones((3000, 11), bool))
    assert "first 1000 steps are shown" in long._repr_html_()
    part = Part(3, run.spikes[:2], overruns=4)
    assert re.match(r"<Part of steps 3…4: \d+ spikes; overruns: 4>", repr(part))
    assert pictures(part._repr_html_())


def test_weights_are_a_map_and_parameters_a_table(board):
    assert pictures(board.weights._repr_html_())
    assert pictures(board.weights[2:5]._repr_html_())
    table = board.parameters._repr_html_()
    assert table.count("<tr>") == len(CONFIG.layout.parameters)
    assert "<pre>" in board.states.v._repr_html_()
    lines = repr(board.weights).splitlines()
    assert lines[0] == "<weights (9, 11)>"
    assert lines[1:] == str(DESIGN.image.weights.astype(float)).splitlines()
    lines = repr(board.weights.raw).splitlines()
    assert lines[0] == "<weights integers (9, 11), -16…15>"
    assert lines[1:] == str(DESIGN.image.weights).splitlines()


def test_without_matplotlib_pages_have_text(board, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    run = board.run(spikes_for(30))
    assert f"<pre>{run.text()}</pre>" in run._repr_html_()
    for shown in (board.weights.raw, board.design):
        assert not pictures(shown._repr_html_())
        assert str(DESIGN.image.weights) in shown._repr_html_()


# Spikes as text


rasters = hnp.arrays(bool, st.tuples(st.integers(1, 30), st.integers(1, 12)))


@given(rasters, st.integers(0, 10**6))
def test_a_raster_has_a_mark_for_every_spike(spikes, start):
    *lines, axis = text_raster(spikes, start).splitlines()
    assert len(lines) == spikes.shape[1]
    for neuron, line in enumerate(lines):
        label, _, marks = line.partition(" ")
        assert int(label or 0) == neuron or not label
        marks = line.rsplit(" ", 1)[-1]
        assert marks == "".join(ONE if fired else NONE for fired in spikes[:, neuron])
    for number in axis.split():
        column = int(number) - start
        assert axis.index(number) == lines[0].rindex(" ") + 1 + column


@given(rasters, st.integers(1, 9), st.integers(1, 5))
def test_a_small_raster_has_all_spikes_too(spikes, width, height):
    *lines, _ = text_raster(spikes, width=width, height=height).splitlines()
    assert len(lines) <= height
    marks = "".join(line.rsplit(" ", 1)[-1] for line in lines)
    assert max(len(line.rsplit(" ", 1)[-1]) for line in lines) <= width
    total = int(spikes.sum())
    assert marks.count(ONE) + 2 * marks.count(SEVERAL) <= total
    assert (ONE in marks or SEVERAL in marks) == (total > 0)
    if SEVERAL not in marks:
        assert marks.count(ONE) == total


def test_populations_have_their_names_in_a_raster():
    run = Run(8, np.eye(5, 4, dtype=bool), {}, {"a": slice(0, 1), "cells": slice(2, 4)})
    assert run.text() == (
        "    a 0 |····\n"
        "cells 0 ··|··\n"
        "cells 1 ···|·\n"
        "        8"
    )  # fmt: skip
    assert "–" in run.text(height=2)
