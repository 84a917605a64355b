"""The campaign: a pairwise cover of all options of a core, many random cases for each.

Cases are those of `spikeloom cosim`, run in a C++ harness around the verilated chip instead of under
cocotb: the same scenario through the same byte streams, with stalls, about ten times faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from spikeloom.design.design import Design
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig
from spikeloom.link.link import Link

from ..twin.build import TwinLibrary, build_streams
from ..twin.port import TwinPort
from .cases import neuron_options, possible_config, random_config
from .effort import describe
from .learning_cases import CORNERS, make_learning_config, rule_options
from .report import CosimReport, Progress
from .scenario import Mismatch, Scenario

LINK_TIMEOUT = 20e-3

FEWEST = 60
"""Configurations of a campaign."""

_CORNERS: tuple[dict[str, Any], ...] = (
    {"lanes": 1, "neurons": "lanes", "axons": 1, "weight_bits": 2},
    {"lanes": 32, "neurons": "lanes", "axons": 1, "weight_bits": 16},
    {"lanes": 32, "neurons": "lanes", "axons": 33, "weight_bits": 2},
    {"lanes": 4, "neurons": "not a multiple", "axons": 40, "weight_bits": 16, "state_bits": 8},
    {"lanes": 8, "neurons": "three groups", "axons": 33, "weight_bits": 8, "state_bits": 32},
    # Consecutive rows meet the same accumulator after 1, 2 and 3 cycles.
    {"lanes": 2, "neurons": "lanes", "axons": 33, "weight_bits": 8},
    {"lanes": 2, "neurons": "two groups", "axons": 33, "weight_bits": 8},
    {"lanes": 2, "neurons": "three groups", "axons": 33, "weight_bits": 8},
    {"lanes": 16, "neurons": "lanes", "axons": 40, "weight_bits": 8, "receptors": 2},
    {"lanes": 16, "neurons": "two groups", "axons": 40, "weight_bits": 8, "receptors": 2},
    {"lanes": 16, "neurons": "three groups", "axons": 40, "weight_bits": 8, "receptors": 2},
)
"""Forced beside the cover; what is not named is the first choice."""


def campaign_configs(neuron: str = "lif") -> list[CoreConfig]:
    """Configurations in which every pair of options of a neuron model occurs, and the corners.

    There are `FEWEST` at least: where pairs and corners are fewer, random ones follow.
    """
    from allpairspy import AllPairs

    options = neuron_options(neuron)
    first = {name: values[0] for name, values in options.items()}
    choices = [first | {k: v for k, v in c.items() if v in options.get(k, (v,))} for c in _CORNERS]
    choices += [dict(zip(options, row, strict=True)) for row in AllPairs(list(options.values()))]
    configs = (possible_config(choice, neuron) for choice in choices)
    found = dict.fromkeys(config for config in configs if config is not None)
    seed = 0
    while len(found) < FEWEST:
        found[random_config(np.random.default_rng(seed), neuron)] = None
        seed += 1
    return list(found)


def learning_configs(rule: str) -> list[CoreConfig]:
    """Configurations in which every pair of options of a learning rule occurs."""
    from allpairspy import AllPairs

    options = rule_options(rule)
    first = {name: values[0] for name, values in options.items()}
    rows = [first | corner for corner in CORNERS]
    rows += [dict(zip(options, row, strict=True)) for row in AllPairs(list(options.values()))]
    return list(dict.fromkeys(make_learning_config(rule, row) for row in rows))


def run_campaign(
    configs: Sequence[CoreConfig] | None = None,
    seeds: Sequence[int] = range(34),
    *,
    progress: Progress | None = None,
    build: Callable[[CoreConfig], TwinLibrary] = build_streams,
) -> CosimReport:
    """Run `seeds` cases of each configuration (default: the cover); all mismatches are reported.

    `build` makes the simulated chip of a configuration.

    A mismatch's case is run again, with a waveform, by `spikeloom cosim CONFIG --seeds …`.
    """
    configs = campaign_configs() if configs is None else configs
    report = CosimReport()
    began = time.monotonic()
    total = len(configs) * len(seeds)
    for index, config in enumerate(configs):
        what = f"configuration {index + 1} of {len(configs)}"
        if progress:
            progress(f"{what}: compiling", report.cases, total)
        library = build(config)
        what += f" ({describe(config, len(seeds))})"
        for seed in seeds:
            with TwinPort(library, seed=seed) as port:
                result = run_case(port, config, seed)
                report.add(config, result | {"cycles": port.cycles})
            if progress:
                progress(what, report.cases, total)
        report.configs += 1
    report.seconds = time.monotonic() - began
    return report


def run_case(
    port: TwinPort, config: CoreConfig, seed: int, *, design: Design | None = None
) -> dict[str, Any]:
    """One case, of this network or a random one: its result as the report has it."""
    board = Board(Link(port, LINK_TIMEOUT, "the simulation"), progress=False)
    try:
        scenario = Scenario(board, config, seed, design=design)
        steps = scenario.run_shortly() if design and design.placement else scenario.run()
        return {"seed": seed, "steps": steps}
    except Mismatch as found:
        return {"seed": seed, "error": str(found)}
