"""A core's parameters and states as the compiled loop takes them: padded, and complete.

What a configuration does not have is given as what changes nothing: a `d_syn` that nobody reads, a
floor below all potentials, a decay of 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import NO_AXON, CoreConfig, Image, ImageError

from .arithmetic import CUT, TO_NEAREST
from .loop import Traffic
from .neurons import EXPONENTIAL, LINEAR, NEVER, NO_LEAK, Neurons
from .rules import (
    AGE,
    AGEING,
    ALL_PAIRS,
    COUNTS,
    ELIGIBILITIES,
    LAGS,
    MODULATED,
    NEAREST,
    NO_SWEEP,
    NO_TRACE,
    NOTHING,
    REGISTER,
    SCALING,
    TIMER,
    UP_DOWN,
    WEIGHTS,
    Learning,
    Side,
)
from .synapses import BLOCK, padded

Ints = NDArray[np.int64]
_LEAKS = {"none": NO_LEAK, "linear": LINEAR, "exponential": EXPONENTIAL}


class States:
    """The states of one sample, in rows: (rows, P) of neurons and (rows, Q) of axons, by name."""

    def __init__(self, config: CoreConfig) -> None:
        layout = config.layout
        neurons = [f.name for f in (*layout.states, *layout.neuron_states)]
        axons = [f.name for f in layout.axon_states]
        # One row more, which stands for all states that the core does not have.
        self.neurons = np.zeros((len(neurons) + 1, padded(config.neurons)), dtype=np.int64)
        self.axons = np.zeros((len(axons) + 1, padded(config.axons)), dtype=np.int64)
        self.rows = {name: row for row, name in enumerate(neurons)}
        self.axon_rows = {name: row for row, name in enumerate(axons)}

    def neuron(self, name: str) -> Ints:
        """(P,) of a state of neurons, or the row that stands for none."""
        return self.neurons[self.rows.get(name, -1)]

    def axon(self, name: str) -> Ints:
        """(Q,) of a state of axons, or the row that stands for none."""
        return self.axons[self.axon_rows.get(name, -1)]


def neuron_table(image: Image, states: States) -> Neurons:
    """The neurons of an image, with the states of a sample."""
    c, p = image.config, image.parameters
    size, width, top = c.neurons, padded(c.neurons), (1 << (c.state_bits - 1)) - 1

    def parameter(name: str, otherwise: int = 0, beyond: int | None = None) -> Ints:
        """(P,); `beyond` is for the neurons that only fill a vector."""
        values = np.full(width, otherwise if beyond is None else beyond, dtype=np.int64)
        values[:size] = p.get(name, otherwise)
        return values

    adlif = c.neuron_model == "adlif"
    suffixes = c.layout.receptor_suffixes
    leak = "exponential" if adlif else c.leak
    threshold = parameter("v_threshold", beyond=NEVER)
    threshold[:size][np.broadcast_to(p.get("readout", 0), size) > 0] = NEVER
    fired = np.zeros(width, dtype=np.uint8)
    first = states.rows.get("i" + suffixes[0], 0)
    return Neurons(
        adlif, c.receptors, c.synapse == "delta", c.weight_shift, top, _LEAKS[leak],
        CUT if c.decay_rounding == "toward_zero" else TO_NEAREST,
        c.reset == "subtract", c.refractory_bits, c.integrate_refractory, c.adaptation != "none",
        v=states.neuron("v"),
        current=states.neurons[first : first + c.receptors],
        ref=states.neuron("ref"),
        th=states.neuron("th"),
        w=states.neuron("w"),
        threshold=threshold,
        v_reset=parameter("v_reset"),
        bias=parameter("bias"),
        leak_by=parameter("leak" if leak == "linear" else "d_mem"),
        refractory=parameter("refractory"),
        v_min=parameter("v_min", -top - 1),
        th_inc=parameter("th_inc"),
        d_th=parameter("d_th"),
        th_dec=parameter("th_dec"),
        a=parameter("a"),
        b=parameter("b"),
        d_w=parameter("d_w"),
        d_syn=np.stack([parameter("d_syn" + suffix) for suffix in suffixes]),
        total=np.zeros(width, dtype=np.int64),
        compared=np.zeros(width, dtype=np.int64),
        fired=fired,
        fired_words=fired.view(np.uint64),
    )  # fmt: skip


def traffic_table(image: Image) -> Traffic:
    """Space for the arrivals of a sample, and the destinations of an image."""
    c = image.config
    assert image.routes is not None
    neurons = np.flatnonzero(image.routes != NO_AXON)
    axons, delays = image.routes[neurons], np.zeros_like(neurons)
    if c.route_entries:
        neurons, cores, axons, delays = image.destinations.T
        if np.any(cores):
            raise ImageError(
                f"a destination is on core {max(cores)}, but this is one core; give the image of the "
                "whole network, with all destinations on core 0"
            )
    order = np.argsort(neurons, kind="stable")
    counts = np.bincount(neurons, minlength=c.neurons)
    shape = c.axonal_delay_slots, c.axons
    return Traffic(
        c.axons, c.axonal_delay_slots,
        np.zeros(shape, dtype=np.uint8),
        np.zeros(shape, dtype=np.uint32),
        np.zeros(c.axonal_delay_slots, dtype=np.int64),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32),
        np.ascontiguousarray(axons[order], dtype=np.uint32),
        np.ascontiguousarray(delays[order], dtype=np.int64),
    )  # fmt: skip


def sides(image: Image) -> tuple[Side, Side, Side, int]:
    """Pre side, post side, sweep, and the kind of sweep, of the rule of an image."""
    c, p = image.config.learning, image.learning
    none = Side(NOTHING, 0, 0, 0, 0, False)

    def weights(constant: int, slope: int, offset: int, sign: int, gated: bool = False) -> Side:
        return Side(WEIGHTS, constant, slope, offset, sign, gated)

    rule = c.rule if c is not None else "none"
    if rule == "pair":
        assert c is not None
        if c.bounds == "soft":
            pair = weights(-p["w_min"], 1, 0, -1), weights(p["w_max"], -1, 0, 1)
        elif c.rates == "multiply":
            pair = weights(p["a_minus"], 0, 0, -1), weights(p["a_plus"], 0, 0, 1)
        else:
            pair = weights(1, 0, 0, -1), weights(1, 0, 0, 1)
        return *pair, none, NO_SWEEP
    if rule == "rectangular":
        depress = weights(0, 0, p["a_minus"], -1, gated=True)
        return depress, weights(0, 0, p["a_plus"], 1, gated=True), none, NO_SWEEP
    if rule == "symmetric":
        pre, post = weights(1, 0, -p["c_pre"], 1), weights(1, 0, -p["c_post"], 1)
        return pre, post, weights(0, 1, 0, 1), SCALING
    if rule == "three_factor":
        pre = Side(ELIGIBILITIES, 0, 0, p["e_pre"], -1, False)
        post = Side(ELIGIBILITIES, 0, 0, p["e_post"], 1, False)
        return pre, post, weights(1, 0, 0, 1), MODULATED
    if rule == "sdsp":
        return Side(UP_DOWN, p["a_plus"], 0, p["a_minus"], 0, False), none, none, NO_SWEEP
    if rule == "lag_table":
        post = weights(1, 0, 0, 1)._replace(kind=LAGS)
        return Side(COUNTS, 0, 0, 0, 0, False), post, weights(1, 0, 0, -1), AGEING
    return none, none, none, NO_SWEEP


def learning_table(image: Image, states: States, eligibility: NDArray[np.int32]) -> Learning:
    """The rule of an image, with the states of a sample."""
    config, p = image.config, image.learning
    c, layout = config.learning, config.layout
    tops = {f.name: f.maximum for f in (*layout.axon_states, *layout.neuron_states)}
    y_trace = x_trace = NO_TRACE
    if c is not None:
        nearest = NEAREST if c.pairing == "nearest" else ALL_PAIRS
        y_trace = TIMER if c.rule == "rectangular" else nearest
        x_trace = y_trace if "x" in states.axon_rows else NO_TRACE
        if c.rule == "lag_table":
            x_trace, y_trace = REGISTER, AGE
    pre, post, sweep, sweeps = sides(image)
    eligible = "eligibility" in layout.synapse_fields
    up, down = states.neuron("up"), states.neuron("down")
    longest = padded(max(config.axons, config.neurons))
    filled = np.concatenate([np.ones(longest), np.zeros(BLOCK)]).astype(np.uint8)
    axon_tags, neuron_tags = np.zeros(longest, dtype=np.int64), np.zeros(longest, dtype=np.int64)
    axon_tags[: config.axons] = image.axon_tags
    neuron_tags[: config.neurons] = image.neuron_tags

    def table(side: str) -> Ints:
        lags = c.trace_bits if c is not None and c.rule == "lag_table" else 0
        return np.array([p[f"{side}_{lag}"] for lag in range(lags)], dtype=np.int64)

    return Learning(
        c is not None,
        bool(p.get("enabled", 0)),
        p.get("w_min", 0), p.get("w_max", 0), p.get("seed", 0),
        c is not None and c.stochastic,
        c.fraction_bits if c is not None else 0,
        pre, post, sweep, sweeps,
        (p.get("scaling_target", 0), p.get("scaling_shift", 0)),
        1 << p.get("sweep_log2", 0),
        x_trace, y_trace,
        p.get("x_window", p.get("x_inc", 0)), p.get("d_x", 0), tops.get("x", 0),
        p.get("y_window", p.get("y_inc", 0)), p.get("d_y", 0), tops.get("y", 0),
        p.get("d_mod", 0), p.get("d_mod_first", 0), p.get("m_spike", 0), tops.get("m", 0),
        p.get("d_e", 0), (1 << (c.eligibility_bits - 1)) - 1 if c and eligible else 0,
        "m" in states.rows, "up" in states.rows,
        p.get("theta_m", 0), (p.get("ca_1", 0), p.get("ca_2", 0), p.get("ca_3", 0)),
        states.axon("x"), states.neuron("y"), states.neuron("m"), up, down,
        np.zeros_like(up), np.zeros_like(up),
        eligibility, axon_tags, neuron_tags,
        np.zeros(longest, dtype=np.int64), np.zeros(longest, dtype=np.int64),
        np.zeros(longest, dtype=np.int16), filled,
        table("plus"), table("minus"),
    )  # fmt: skip
