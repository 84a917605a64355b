"""Sweeps on workers of our own: results, refusals, failures, files, the command line."""

import csv
import json
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sweep_space import calls

import spikeloom
from spikeloom import cli
from spikeloom.exploration import workers
from spikeloom.exploration.cache import Results
from spikeloom.hdl.contract.errors import InputError, MissingToolError

FILE = Path(__file__).parents[2] / "support" / "sweep_space.py"

pytest.importorskip("distributed")

NETWORK = """
import spikeloom
def measure(lanes, bits):
    network = spikeloom.Network()
    eye = network.input("eye", 8)
    cells = network.population("cells", 8, spikeloom.LIF(tau_mem=20e-3))
    network.connect(eye, cells, 0.2)
    design = spikeloom.compile(network, lanes=lanes, weight_bits=bits, strict=False)
    run = spikeloom.open("golden:", design).run(spikeloom.Poisson(200, 1), steps=20)
    return {"spikes": int(run.spikes.sum()), "design": design, "run": run}
"""


def loaded_from_elsewhere(page):
    """Tags that make a browser fetch something."""
    found = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.extend((tag, value) for name, value in attrs if name in ("src", "href"))

    Tags().feed(page)
    return found


def test_refusals_are_results_and_failures_are_tried_again(tmp_path):
    axes, objectives = {"k": [0, 1, 2, 3]}, {"k": "max"}
    found = spikeloom.sweep(f"{FILE}:partly", axes, objectives, out=tmp_path, workers=1)
    assert [p.figures.get("k") for p in found] == [0, None, None, 3]
    assert [p.reason for p in found.refused] == ["one does not fit"]
    (failed,) = found.failed
    assert "ZeroDivisionError: two fails" in failed.reason
    assert "sweep_space.py" in failed.reason
    assert [p.point["k"] for p in found.front()] == [3]
    assert len(list((tmp_path / "points").glob("*.json"))) == 3
    again = spikeloom.sweep(f"{FILE}:partly", axes, objectives, out=tmp_path, workers=1)
    assert again.reused == 3
    assert len(again.failed) == 1


def test_nothing_is_computed_twice_and_more_values_compute_what_is_new(tmp_path):
    begun = tmp_path / "begun"
    begun.mkdir()
    settings = {"constants": {"folder": str(begun)}, "out": tmp_path / "out", "workers": 2}
    objectives = {"square": "min"}
    spikeloom.sweep(f"{FILE}:recorded", {"k": [1, 2]}, objectives, **settings)
    found = spikeloom.sweep(f"{FILE}:recorded", {"k": [3, 2, 1]}, objectives, **settings)
    assert found.reused == 2
    assert calls(begun) == {1: 1, 2: 1, 3: 1}
    assert [p.figures["square"] for p in found] == [9, 4, 1]


def test_what_is_known_needs_no_workers(tmp_path, monkeypatch):
    axes, objectives = {"k": [0, 3]}, {"k": "max"}
    spikeloom.sweep(f"{FILE}:partly", axes, objectives, out=tmp_path, workers=1)
    monkeypatch.setattr(workers, "_distributed", lambda: pytest.fail("Dask was asked for"))
    assert spikeloom.sweep(f"{FILE}:partly", axes, objectives, out=tmp_path).reused == 2


def test_a_damaged_result_counts_as_none(tmp_path):
    results = Results(tmp_path)
    results.create()
    results.write("a", {"x": 1})
    assert results.read("a") == {"x": 1}
    (tmp_path / "points" / "a.json").write_text('{"x": ')
    assert results.read("a") is None
    (tmp_path / "points" / "a.json").write_text("[]")
    assert results.read("a") is None


def test_the_command_writes_table_and_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("network.py").write_text(NETWORK)
    Path("space.toml").write_text(
        'function = "network.py:measure"\n[axes]\nlanes = [1, 2, 16]\nbits = [4, 8]\n'
        '[objectives]\nspikes = "max"\nluts = "min"\n[hardware]\nfamily = "ice40"\n'
    )
    monkeypatch.setattr(
        sys, "argv", ["spikeloom", "sweep", "space.toml", "--workers", "1", "--json"]
    )
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    found = json.loads(capsys.readouterr().out)
    assert found["points"] == 6
    assert found["refused"] == 2
    assert not found["failed"]
    row = found["all"][0]
    assert {"luts", "block_rams", "cycles_per_step", "energy_high_nj_per_step"} <= row.keys()
    with open("out/sweep/space/points.csv") as file:
        rows = list(csv.DictReader(file))
    assert [r["lanes"] for r in rows] == ["1", "1", "2", "2", "16", "16"]
    assert sum(r["front"] == "1" for r in rows) == len(found["front"])
    page = Path("out/sweep/space/front.html").read_text()
    assert "cycles_per_step" in page
    assert loaded_from_elsewhere(page) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"workers": 0}, "at least 1"),
        ({"scheduler": "tcp://127.0.0.1:1", "workers": 2}, "one or the"),
    ],
)
def test_workers_are_checked(tmp_path, settings, message):
    with pytest.raises(InputError, match=message):
        spikeloom.sweep(f"{FILE}:partly", {"k": [0]}, {"k": "min"}, out=tmp_path, **settings)


def test_a_scheduler_that_does_not_answer_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "CONNECT_SECONDS", 0.2)
    with pytest.raises(InputError, match="no Dask scheduler answers at tcp:"):
        spikeloom.sweep(
            f"{FILE}:partly", {"k": [0]}, {"k": "min"}, out=tmp_path, scheduler="tcp://127.0.0.1:1"
        )


def test_without_dask_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingToolError, match=r"spikeloom\[sweep\]"):
        spikeloom.sweep(f"{FILE}:partly", {"k": [0]}, {"k": "min"}, out=tmp_path)
