"""Makes boards/fitted_table.json: what chips take and how fast they are, and a fit to that.

Usual and random configurations of one core are synthesised (Yosys, the whole chip) for each family, and some
of them routed (nextpnr, on a board); each takes from ten seconds to a few minutes.  What the table
has is not measured again, unless the gateware has changed: then begin anew with `--fresh`.

    python benchmarks/resource_table.py                     measure what is missing, then fit
    python benchmarks/resource_table.py --points 60 --routed 16
    python benchmarks/resource_table.py --fit               the fit alone
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from spikeloom.boards import BOARDS, build, synthesise
from spikeloom.boards.families import family_named
from spikeloom.boards.fitted import TABLE, period_terms, terms
from spikeloom.boards.report import CLOCKS
from spikeloom.hdl import ConfigError, CoreConfig, LearningConfig
from spikeloom.hdl.contract.errors import SpikeLoomError

ROOT = Path(__file__).parents[1]
FILE = ROOT / "boards" / TABLE
FAMILIES = ("ice40", "ecp5", "xilinx")
ROUTED = {"ecp5": "ulx3s", "ice40": "icebreaker"}
"""A board for each family that nextpnr routes."""
RESOURCES = ("luts", "flip_flops", "block_rams")
FIRST_USUAL = 1000
"""Number of the first of the usual configurations; random ones count from 0."""
SMALL = 0.1
"""Weight of small coefficients in the fit, beside the error of a point (ridge regression)."""
WITHIN = 0.9
"""Share of the configurations that an error is of."""
_CONSOLE = Console(stderr=True)


def series() -> list[CoreConfig]:
    """Usual configurations that differ in one respect: what random ones leave open."""
    digits = BOARDS["icebreaker"].config
    assert isinstance(digits, CoreConfig)
    plain = CoreConfig(neurons=64, axons=64, lanes=4)
    lanes = [replace(digits, lanes=n) for n in (4, 16, 1, 8, 2)]
    narrow = replace(digits, weight_bits=3)
    learning = replace(plain, learning=LearningConfig(rule="pair"))
    rest = (narrow, plain, replace(plain, lanes=1), replace(plain, lanes=16), learning)
    wide = (replace(plain, state_bits=32), replace(plain, weight_bits=16))
    return [*lanes, *rest, *wide, replace(learning, lanes=1), replace(learning, lanes=16)]


def random_config(rng: np.random.Generator, small: bool = False) -> CoreConfig:
    """A configuration as users have them; a small one is routed in minutes, and fits an iCE40."""
    while True:
        lanes = int(rng.choice([1, 2, 4] if small else [1, 2, 4, 4, 8, 8, 16]))
        neurons, axons = (int(2 ** rng.uniform(4, 6.5 if small else 8.5)) for _ in range(2))
        synapse = str(rng.choice(["delta", "exponential"]))
        learning = None
        if rng.random() < (0.1 if small else 0.3):
            rule = str(rng.choice(["pair", "rectangular", "symmetric", "three_factor", "sdsp"]))
            stochastic = bool(rng.random() < 0.5)
            learning = LearningConfig(
                rule=rule,
                trace_bits=int(rng.integers(4, 13)),
                fraction_bits=int(rng.integers(1, 9)),
                stochastic=stochastic,
            )
        try:
            return CoreConfig(
                neurons=neurons,
                axons=axons,
                lanes=lanes,
                weight_bits=int(rng.choice([2, 4, 6, 8, 8, 12, 16])),
                state_bits=int(rng.choice([10, 12, 16, 16, 20, 24, 32])),
                receptors=int(rng.choice([1, 1, 2])),
                synapse=synapse,
                leak=str(rng.choice(["exponential", "exponential", "linear", "none"])),
                reset=str(rng.choice(["value", "subtract"])),
                refractory_bits=int(rng.choice([0, 0, 4])),
                bias=bool(rng.random() < 0.5),
                adaptation=str(rng.choice(["none", "none", "none", "exponential"])),
                parameters=str(rng.choice(["shared", "per_neuron"])),
                monitors=int(rng.choice([0, 8])),
                delay_slots=int(rng.choice([1, 1, 1, 1, 16])),
                route_entries=int(rng.choice([0, 0, 0, 512])),
                learning=learning,
            )
        except ConfigError:
            continue


def gateware_digest() -> str:
    """Of the files that say what the hardware is."""
    names = sorted((ROOT / "hdl").rglob("*.py"))
    parts = (path.read_bytes() for path in names)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def measure(measured: list[dict[str, Any]], points: int, routed: int) -> None:
    """Synthesise and route what `measured` does not have, and write the table after each."""
    done = {(m["family"], m["stage"], m["number"]) for m in measured}
    todo = [(f, "synthesised", n) for n in range(points) for f in FAMILIES]
    usual = series()
    todo = [(f, "synthesised", FIRST_USUAL + n) for n in range(len(usual)) for f in FAMILIES] + todo
    todo += [(f, "routed", n) for n in range(routed) for f in ROUTED]
    todo = [key for key in todo if key not in done]
    for family, stage, number in todo:
        rng = np.random.default_rng([number, stage == "routed", family == "ice40"])
        config = random_config(rng, small=stage == "routed")
        if number >= FIRST_USUAL:
            config = usual[number - FIRST_USUAL]
        found: dict[str, Any] = {"family": family, "stage": stage, "number": number}
        found["config"] = config.to_dict()
        try:
            found |= (_synthesised if stage == "synthesised" else _routed)(config, family)
        except SpikeLoomError as error:
            found["refused"] = str(error)[:200]
        measured.append(found)
        shown = {k: v for k, v in found.items() if k != "config"}
        _CONSOLE.print(shown, highlight=False)
        write(measured)


def _synthesised(config: CoreConfig, family: str) -> dict[str, Any]:
    found = synthesise(config, family, progress=Progress(disable=True))
    return {name: getattr(found, name) for name in (*RESOURCES, "dsps")}


def _routed(config: CoreConfig, family: str) -> dict[str, Any]:
    board = BOARDS[ROUTED[family]]
    if family == "ice40":
        board = replace(board, synapse_storage="block" if config.learning else "spram")
    with tempfile.TemporaryDirectory() as folder:
        report = build(board, config, out=folder, progress=Progress(disable=True))
    clock = next(c for c in report.clocks if c.name == CLOCKS[0])
    used = {row.resource: row.used for row in report.utilisation}
    return {"fmax_mhz": round(clock.achieved_hz / 1e6, 2), "used": used}


def fit(measured: list[dict[str, Any]]) -> dict[str, Any]:
    """Coefficients and errors for each family and resource."""
    found: dict[str, Any] = {}
    for family in FAMILIES:
        own = [m for m in measured if m["family"] == family and "refused" not in m]
        points = [m for m in own if m["stage"] == "synthesised"]
        record = family_named(family)
        rows = [terms(CoreConfig.from_dict(m["config"]), record) for m in points]
        found[family] = {name: _fit(rows, [m[name] for m in points]) for name in RESOURCES}
        routed = [m for m in own if m["stage"] == "routed"]
        if routed:
            configs = [CoreConfig.from_dict(m["config"]) for m in routed]
            sizes = [
                {
                    name: sum(
                        value * terms(config, record)[term]
                        for term, value in found[family][name]["coefficients"].items()
                    )
                    for name in RESOURCES
                }
                for config in configs
            ]
            rows = [period_terms(*pair) for pair in zip(configs, sizes, strict=True)]
            found[family]["period_ns"] = _fit(rows, [1e3 / m["fmax_mhz"] for m in routed])
    return found


def _fit(rows: list[dict[str, float]], values: list[float]) -> dict[str, Any]:
    """Non-negative least squares of the relative error; the error by leaving one out."""
    solve = _solver()
    names = list(rows[0])
    matrix = np.array([[row[name] for name in names] for row in rows])
    target = np.maximum(np.array(values, dtype=float), 1.0)
    scaled, ones = matrix / target[:, None], np.ones(len(target))
    # Few points tell terms apart that grow together: their coefficients are kept small.
    small = SMALL * np.diag(scaled.mean(axis=0))
    nothing = np.zeros(len(small))
    left_out = []
    for k in range(len(target)):
        others = np.arange(len(target)) != k
        guess = matrix[k] @ solve(
            np.vstack([scaled[others], small]), np.concatenate([ones[others], nothing])
        )
        left_out.append(abs(guess / target[k] - 1))
    coefficients = solve(np.vstack([scaled, small]), np.concatenate([ones, nothing]))
    return {
        "coefficients": {
            name: float(f"{value:.5g}")
            for name, value in zip(names, coefficients, strict=True)
            if value > 0
        },
        "error": round(float(np.quantile(left_out, WITHIN)), 3),
        "median_error": round(float(np.median(left_out)), 3),
        "points": len(target),
    }


def _solver() -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    from scipy.optimize import nnls

    return lambda a, b: np.asarray(nnls(a, b)[0])


def write(measured: list[dict[str, Any]], families: dict[str, Any] | None = None) -> None:
    """The table's file, one line for each measurement."""
    if families is None:
        families = read().get("families", {})
    lines = ",\n".join(f"  {json.dumps(m)}" for m in measured)
    FILE.write_text(
        f'{{\n "gateware": "{gateware_digest()}",\n "families": {json.dumps(families, indent=1)},\n'
        f' "measured": [\n{lines}\n ]\n}}\n'
    )


def read() -> dict[str, Any]:
    """The table, empty if there is none."""
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=40, help="synthesised for each family")
    parser.add_argument("--routed", type=int, default=12, help="routed for each family that can be")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured")
    parser.add_argument("--fit", action="store_true", help="measure nothing")
    given = parser.parse_args()
    measured = [] if given.fresh else read().get("measured", [])
    if not given.fit:
        measure(measured, given.points, given.routed)
    families = fit(measured)
    write(measured, families)
    for family, resources in families.items():
        for name, found in resources.items():
            _CONSOLE.print(
                f"{family} {name}: {found['points']} points, error {found['median_error']:.1%} "
                f"(median), {found['error']:.1%} (9 of 10)",
                highlight=False,
            )


if __name__ == "__main__":
    main()
