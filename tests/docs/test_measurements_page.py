"""The page of measurements is what the results give, and shows every part of them."""

# ruff: noqa: E402

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))

import benchmark_page


def models(**speeds):
    return {name: {"per_second": speed} for name, speed in speeds.items()}


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """Write somewhere else, without the picture."""
    monkeypatch.setattr(benchmark_page, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(benchmark_page, "draw_history", lambda results: None)
    return tmp_path / "page.md"


def test_the_page_is_what_the_results_give(pages):
    written = benchmark_page.ROOT / "docs" / "reference" / "measurements.md"
    benchmark_page.write_page()
    assert pages.read_text() == written.read_text()


def test_the_fastest_of_the_peers_counts():
    found = models(fast=30.0, Norse=10.0, snnTorch=20.0, golden=100.0)
    assert benchmark_page.ratio("W5", found) == 1.5
    assert benchmark_page.ratio("W5", models(fast=30.0, golden=100.0)) is None


def test_of_each_part_the_newest_is_shown_and_workloads_one_by_one():
    def file(date, **parts):
        return {"commit": date, "date": date, "parts": parts}

    old = file(
        "1", link={"markdown": "old"}, models={"workloads": {"W1": "old", "W2": "old"}}, twin={}
    )
    new = file("2", link={"markdown": "new"}, models={"workloads": {"W2": "new"}})
    parts = benchmark_page.newest([old, new])
    assert parts["link"] == ({"markdown": "new"}, new)
    assert parts["twin"] == ({}, old)
    assert parts["models"][0]["workloads"] == {"W1": "old", "W2": "new"}
    assert parts["models"][0]["commits"] == {"W1": "1", "W2": "2"}


@pytest.mark.parametrize(
    ("value", "shown"), [(6_134_397.0, "6 130 000"), (39.4, "39"), (1234, "1 230")]
)
def test_numbers_have_three_digits(value, shown):
    assert benchmark_page.number(value) == shown
