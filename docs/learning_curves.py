"""The curves Δw(Δt) of the learning rules: dots from the golden model, lines as published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from spikeloom.display.style import COLOURS, FAINT, INK
from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.sim import GoldenCore

DELTAS = np.arange(-50, 51)
FINE = np.linspace(-50, 50, 1001)
TAU = 15
FORCED = 1 << 20
"""Potential that makes a neuron fire, or with a minus sign keeps it from firing."""


def constant(tau: float) -> int:
    """Decay constant for a time constant in steps."""
    return round(4096 * (1 - np.exp(-1 / tau)))


def learn(
    learning: LearningConfig,
    start: int = 0,
    reward: int | None = None,
    v: NDArray[np.int64] | None = None,
    **parameters: int,
) -> NDArray[np.int64]:
    """Changes of 8-bit weights by one arrival in step 60, and one spike for each of `DELTAS` about it.

    With `reward`, a modulatory axon of weight 8 has a spike in that step.  With `v` there are no
    spikes, but these potentials.
    """
    modulated = reward is not None
    config = CoreConfig(
        neurons=len(DELTAS), axons=1 + modulated, state_bits=24, refractory_bits=0, bias=False,
        synapse="delta", leak="none", learning=learning,
    )  # fmt: skip
    plastic = np.array([[True], [False]])[: config.axons]
    core = GoldenCore(
        Image(
            config,
            np.broadcast_to([[start], [8]][: config.axons], (config.axons, len(DELTAS))),
            {"v_threshold": FORCED, "v_reset": -FORCED},
            learning={"enabled": 1} | parameters,
            plastic=np.broadcast_to(plastic, (config.axons, len(DELTAS))),
            modulatory=modulated & ~plastic[:, 0],
        )
    )
    for t in range(125 if reward is None else reward + 2):
        forced = np.where(t - 60 == DELTAS, 2 * FORCED, -FORCED)
        core.states["v"] = (forced if v is None else v)[None]
        core.inject([t == 60, t == reward][: config.axons])
        if v is not None:
            core.neuron_states["y"][0] = np.arange(len(DELTAS))
        core.step()
    return core.weights[0] - start


def exponential(plus: float, minus: float) -> NDArray[np.float64]:
    """A₊·exp(−Δt/τ) for Δt ≥ 0, A₋·exp(Δt/τ) before, at `FINE`."""
    return np.where(FINE >= 0, plus, minus) * np.exp(-np.abs(FINE) / TAU)


def traces(plus: float, minus: float) -> dict[str, int]:
    """Increments and decay constants of both traces, for these amplitudes in a trace's units."""
    earlier = minus * np.exp(-1 / TAU)
    d = constant(TAU)
    return {"x_inc": round(plus), "d_x": d, "y_inc": round(earlier), "d_y": d}


def pair(axes: Axes) -> None:
    """Additive, with the amplitude in the trace."""
    learning = LearningConfig(rule="pair", fraction_bits=2)
    curve(axes, learn(learning, **traces(4 * 24, 4 * 16)), exponential(24, -16))


def soft(axes: Axes) -> None:
    """Multiplicative, from three weights."""
    learning = LearningConfig(rule="pair", fraction_bits=8, bounds="soft")
    for k, start in enumerate((20, 64, 108)):
        found = learn(learning, start, **traces(96, 64), w_min=0, w_max=127)
        exact = exponential(96 / 256 * (127 - start), -64 / 256 * start)
        curve(axes, found, exact, COLOURS[k], f"w = {start}")


def rectangular(axes: Axes) -> None:
    """Two windows."""
    windows = {"x_window": 20, "y_window": 30, "a_plus": 24, "a_minus": 12}
    found = learn(LearningConfig(rule="rectangular"), **windows)
    exact = np.where((FINE > -0.5) & (FINE < 19.5), 24, 0)
    exact = np.where((FINE > -30.5) & (FINE < -0.5), -12, exact)
    curve(axes, found, exact)


def symmetric(axes: Axes) -> None:
    """Even, less the offsets of both spikes."""
    learning = LearningConfig(rule="symmetric", fraction_bits=2)
    found = learn(learning, **traces(96, 96), c_pre=8, c_post=8, sweep_log2=15)
    curve(axes, found, exponential(24, 24) - 4)


def three_factor(axes: Axes) -> None:
    """The same reward, after three delays."""
    learning = LearningConfig(
        rule="three_factor", fraction_bits=9, trace_bits=12, eligibility_bits=13, modulator_bits=5
    )
    for k, reward in enumerate((112, 140, 180)):
        found = learn(
            learning, 0, reward, **traces(1920, 1280), d_e=constant(60), d_mod=4096,
            d_mod_first=4096,
        )  # fmt: skip
        waited = reward - 60 - np.maximum(FINE, 0)
        exact = exponential(1920, -1280) * np.exp(-waited / 60) * 8 / 512
        curve(axes, found, exact, COLOURS[k], f"reward {reward - 60} steps later")


def sdsp(axes: Axes) -> None:
    """By calcium, with the potential above and below its threshold."""
    calcium = np.arange(len(DELTAS))
    limits = {"theta_m": 0, "ca_1": 20, "ca_2": 50, "ca_3": 80, "a_plus": 24, "a_minus": 12}
    for k, (v, label) in enumerate(((100, "v ≥ θ"), (-100, "v < θ"))):
        found = learn(LearningConfig(rule="sdsp"), v=np.full(len(DELTAS), v), **limits)
        axes.plot(calcium, found, ".", color=COLOURS[k], markersize=5, label=label)
        change, last = ((24, 80), (-12, 50))[k]
        axes.step(
            [0, 20, last, 100], [0, change, 0, 0], where="post", color=COLOURS[k], linewidth=1
        )
    axes.set_xlabel("calcium y when the axon's spike arrives (integers)")


def curve(axes: Axes, found: Any, exact: Any, colour: str = COLOURS[0], label: str = "") -> None:
    """Dots from the golden model over a line as published; the label is what tells curves apart."""
    axes.plot(FINE, exact, color=colour, linewidth=1, alpha=0.8)
    axes.plot(DELTAS, found, ".", color=colour, markersize=5, label=label)
    axes.set_xlabel("Δt (steps from the arrival to the spike)")


PANELS = {
    "pair, additive": pair,
    "pair, soft bounds": soft,
    "rectangular": rectangular,
    "symmetric": symmetric,
    "three_factor": three_factor,
    "sdsp": sdsp,
}


def learning_curves(path: Path) -> None:
    """One panel for each rule."""
    figure = Figure(figsize=(13.0, 7.2), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (name, draw) in zip(figure.subplots(2, 3).flat, PANELS.items(), strict=True):
        axes.axhline(0, color=FAINT, linewidth=1)
        if draw is not sdsp:
            axes.axvline(0, color=FAINT, linewidth=1)
        draw(axes)
        axes.set_title(name, loc="left", fontsize=11, weight="bold", color=INK)
        axes.set_ylabel("Δw (integers)")
        axes.spines[["top", "right"]].set_visible(False)
        if len(axes.get_legend_handles_labels()[1]) > 1:
            axes.legend(frameon=False, fontsize=8.5)
    kinds = [
        Line2D([], [], color=INK, marker=".", markersize=7, linestyle="", label="golden model"),
        Line2D([], [], color=INK, linewidth=1, label="as published"),
    ]
    figure.legend(handles=kinds, loc="outside upper right", ncols=2, frameon=False)
    figure.savefig(path, format="png")
