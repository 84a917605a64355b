"""What a chip takes, and how fast it is, by a fitted table: no tools, in microseconds.

`fitted_table.json` holds what was synthesised and routed, and the coefficients that were fitted to
it; `python benchmarks/resource_table.py` makes it.  An estimate is a sum of non-negative terms, one
for each part of the hardware; its error is that of configurations which the fit has not seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import log2
from typing import Any

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.core_config import ceil_div
from spikeloom.hdl.contract.errors import InputError

from .families import Family, family_named
from .fit import blocks_for

TABLE = "fitted_table.json"
_LARGE_BITS = 2048
"""Smaller memories are made of logic on Xilinx."""


@dataclass(frozen=True)
class Fitted:
    """A figure from the table.

    Attributes
    ----------
    value : the estimate.
    error : relative error that 9 of 10 configurations stay within, of those that the fit has not seen.
    """

    value: float
    error: float


def fitted_resources(config: CoreConfig, family: str) -> dict[str, Fitted]:
    """Estimates for a chip with one core: "luts", "flip_flops", "block_rams", and "fmax_mhz".

    A family that has no router here has no "fmax_mhz".  Raises `InputError` for a family that is
    not in the table.
    """
    table = fitted_table()["families"]
    if family not in table:
        raise InputError(f"the table has no family {family!r}; it has {', '.join(table)}")
    found = {}
    for resource in ("luts", "flip_flops", "block_rams"):
        found[resource] = _evaluate(table[family][resource], terms(config, family_named(family)))
    if "period_ns" in table[family]:
        sizes = {name: figure.value for name, figure in found.items()}
        period = _evaluate(table[family]["period_ns"], period_terms(config, sizes))
        found["fmax_mhz"] = Fitted(1e3 / period.value, period.error)
    return found


@cache
def fitted_table() -> dict[str, Any]:
    """The whole table: "families" with the coefficients, "measured" with what they were fitted to."""
    return dict(json.loads(files(__package__).joinpath(TABLE).read_text(encoding="utf-8")))


def _evaluate(fit: dict[str, Any], values: dict[str, float]) -> Fitted:
    total = sum(c * values[name] for name, c in fit["coefficients"].items())
    return Fitted(total, fit["error"])


def terms(config: CoreConfig, family: Family) -> dict[str, float]:
    """What the look-up tables, flip-flops and block RAMs of a chip are proportional to, by name."""
    c, layout = config, config.layout
    lanes, learning = c.lanes, c.learning
    state_bits = sum(field.bits for field in layout.states)
    parameter_bits = sum(field.bits for field in layout.parameters)
    per_neuron = c.parameters == "per_neuron"
    kept = state_bits + parameter_bits * per_neuron
    found: dict[str, float] = {
        "chip": 1.0,
        "address bits": log2(c.neurons * c.axons),
        "lanes": float(lanes),
        "adders": float(lanes * layout.accumulators * layout.accumulator_bits),
        "weights": float(lanes * c.weight_bits),
        "rings": float(lanes * (c.delay_slots > 1) * layout.accumulator_bits),
        "update": float(c.state_bits),
        "states": float(state_bits),
        "decays": float(c.state_bits * _decays(c)),
        "parameters": float(parameter_bits),
        "destinations": float(c.route_entries > 0),
        "monitors": float(c.monitors > 0),
        "weight blocks": _banks(family, lanes, c.weight_bits, c.axons * layout.groups),
        "large weight blocks": _banks(
            family, lanes, c.weight_bits, c.axons * layout.groups, _LARGE_BITS
        ),
        "delay blocks": 0.0,
        "sum blocks": _banks(
            family,
            lanes * layout.accumulators * (c.delay_slots > 1),
            layout.accumulator_bits,
            layout.groups * c.delay_slots,
        ),
        "state blocks": _banks(family, 1, kept, c.neurons),
        "route blocks": _banks(family, 1, 32, max(c.route_entries, c.neurons)),
        "eligibility blocks": 0.0,
        "trace blocks": 0.0,
    }
    if "delay" in layout.synapse_fields:
        bits = layout.synapse_fields["delay"].bits
        found["delay blocks"] = _banks(family, lanes, bits, c.axons * layout.groups)
    for name in ("pair", "rectangular", "symmetric", "three_factor", "sdsp"):
        own = learning is not None and learning.rule == name
        found[f"{name} lanes"] = float(lanes * own)
    found["learning"] = float(learning is not None)
    found["trace lanes"] = float(lanes * learning.trace_bits) if learning else 0.0
    found["random lanes"] = float(lanes * learning.stochastic) if learning else 0.0
    if learning is not None:
        if "eligibility" in layout.synapse_fields:
            bits = layout.synapse_fields["eligibility"].bits
            found["eligibility blocks"] = _banks(family, lanes, bits, c.axons * layout.groups)
        ends = ((layout.axon_fields, c.axons), (layout.neuron_fields, c.neurons))
        for fields, count in ends:
            bits = sum(field.bits for field in fields)
            depth = ceil_div(count, lanes)
            found["trace blocks"] += _banks(family, lanes, bits, depth, _LARGE_BITS)
    return found


def period_terms(config: CoreConfig, sizes: dict[str, float]) -> dict[str, float]:
    """What the clock period of a routed chip is proportional to; `sizes` as in `fitted_resources`."""
    return {
        "chip": 1.0,
        "look-up tables": log2(max(sizes["luts"], 2.0)),
        "block RAMs": log2(1.0 + sizes["block_rams"]),
        "state bits": float(config.state_bits),
        "lanes": log2(2.0 * config.lanes),
        "learning": float(config.learning is not None),
    }


def _decays(config: CoreConfig) -> int:
    """Multiplications by a decay constant that each neuron has in a step."""
    return sum(field.name.startswith("d_") for field in config.layout.parameters)


def _banks(family: Family, banks: int, width: int, depth: int, small: int = 0) -> float:
    """Block RAMs of memories of this shape, if each has more than `small` bits."""
    return float(banks * blocks_for(width, depth, family)) if width * depth > small else 0.0
