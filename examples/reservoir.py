"""A liquid-state machine: a reservoir of neurons whose linear read-out knows past inputs.

The input is a stream of spike patterns: 24 channels show one of two templates for 40 ms each, with
every spike shifted by some milliseconds.  256 neurons in space, connected at random to nearby ones
(Maass, Natschläger and Markram 2002), mix the input with their own activity.  From the spikes of the
last 40 ms a ridge regression on the host reads which template this was, which one came before it,
and so on, and whether the last two differ.  That needs a memory, and it is not a linear question:
the same read-out of the input's spikes, for comparison, is at chance.

Run it with: python examples/reservoir.py [--port twin:] [--out out/reservoir.png]
"""

from pathlib import Path

import numpy as np
import rich
import typer
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import spikeloom
from spikeloom.compiler.place import report
from spikeloom.device.run import Run
from spikeloom.diagnosis.lockstep import Lockstep
from spikeloom.display import style
from spikeloom.display.progress import progress_bar
from spikeloom.network.network import Population

CHANNELS, NEURONS, EXCITATORY, CORES = 24, 256, 204, 4
PATTERN, JITTER = 40, 2.0
"""Steps of 1 ms in a pattern; standard deviation of a spike's shift."""

LONGEST, REACH = 8, 2.5
"""Steps of the longest delay; distance at which connections are rarer by a factor of e."""

PART = 50
"""Patterns in one run."""

BACK = 3
"""Patterns to read out: this one, and those before."""


def describe() -> spikeloom.Network:
    """Neurons on a grid of 8 × 8 × 4; the farther apart two are, the less likely they are connected."""
    rng = np.random.default_rng(2)
    network = spikeloom.Network(dt=1e-3)
    channels = network.input("channels", CHANNELS)
    neuron = spikeloom.LIF(tau_mem=30e-3, tau_syn=(3e-3, 6e-3), refractory=3e-3)
    excitatory = network.population("excitatory", EXCITATORY, neuron)
    inhibitory = network.population("inhibitory", NEURONS - EXCITATORY, neuron)
    grid = rng.permutation(np.stack(np.unravel_index(np.arange(NEURONS), (8, 8, 4)), axis=1))
    parts = {excitatory: slice(0, EXCITATORY), inhibitory: slice(EXCITATORY, NEURONS)}

    def connect(
        source: Population, target: Population, weight: float, chance: np.ndarray | float
    ) -> None:
        shape = (source.size, target.size)
        weights = weight * rng.gamma(4, 0.25, shape) * (rng.random(shape) < chance)
        steps = rng.integers(1, LONGEST, shape, endpoint=True)
        network.connect(source, target, weights, delay=steps * network.dt)

    for source, target, weight, chance in (
        (excitatory, excitatory, 0.25, 0.3),
        (excitatory, inhibitory, 0.25, 0.2),
        (inhibitory, excitatory, -0.7, 0.4),
        (inhibitory, inhibitory, -0.7, 0.1),
    ):
        apart = grid[parts[source]][:, None] - grid[parts[target]]
        near = np.exp(-np.sum(apart**2, axis=2) / REACH**2) * apart.any(axis=2)
        connect(source, target, weight, chance * near)
    for target in (excitatory, inhibitory):
        connect(channels, target, 0.8, 0.12)
    return network


def stream(count: int) -> tuple[np.ndarray, np.ndarray]:
    """(count,) templates, 0 or 1, and the (count · 40, 24) spikes of their patterns."""
    rng = np.random.default_rng(1)
    templates = rng.uniform(0, PATTERN, (2, 2, CHANNELS))
    shown = rng.integers(0, 2, count)
    times = templates[shown] + rng.normal(0, JITTER, (count, 2, CHANNELS))
    step = np.clip(np.rint(times), 0, PATTERN - 1).astype(np.int64)
    spikes = np.zeros((count, PATTERN, CHANNELS), dtype=bool)
    spikes[np.arange(count)[:, None, None], step, np.arange(CHANNELS)] = True
    return shown, spikes.reshape(-1, CHANNELS)


def read_out(spikes: np.ndarray, answers: np.ndarray) -> float:
    """Share of right answers to the last quarter of all patterns, trained with the others.

    What is read are the spikes of each neuron in each quarter of a pattern.
    """
    counts = spikes.reshape(len(answers), 4, PATTERN // 4, -1).sum(axis=2)
    features = counts.reshape(len(answers), -1)[BACK:]
    split = len(features) * 3 // 4
    model = make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(1, 4, 7)))
    model.fit(features[:split], answers[BACK:][:split])
    return float(model.score(features[split:], answers[BACK:][split:]))


@style.styled_drawing
def draw(
    run: Run, channels: np.ndarray, scores: dict[str, tuple[float, float]], path: Path
) -> Path:
    """Input and reservoir of some patterns; accuracy of the read-outs."""
    figure = style.bare_canvas(9.0, 4.6)
    left, right = figure.subfigures(1, 2, width_ratios=(1.25, 1))
    above, below = left.subplots(2, 1, sharex=True, height_ratios=(1, 3))
    for axes, spikes in ((above, channels), (below, run.spikes)):
        style.bare(axes)
        step, row = np.nonzero(spikes[: 6 * PATTERN])
        colours = np.where(row < EXCITATORY, style.EXCITATORY, style.INHIBITORY)
        colours = colours if axes is below else style.INPUT
        axes.scatter(step, row, s=2.0, c=colours, linewidths=0)
        axes.set(xlim=(0, 6 * PATTERN), ylim=(spikes.shape[1], -1), yticks=[])
        for edge in range(0, 6 * PATTERN, PATTERN):
            axes.axvline(edge, color=style.FAINT, linewidth=0.8, zorder=0)
    above.set(title="Input: one of two patterns in 40 ms", ylabel=f"{CHANNELS} channels")
    below.set(xlabel="time (ms)", ylabel=f"{NEURONS} neurons")
    for name, colour in (("excitatory", style.EXCITATORY), ("inhibitory", style.INHIBITORY)):
        below.scatter([], [], s=14, c=colour, label=name)
    below.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncols=2, handletextpad=0.1)
    axes = right.subplots()
    style.bare(axes)
    where = np.arange(len(scores))
    reservoir, inputs = np.array(list(scores.values())).T * 100
    axes.axhline(50, color=style.INK, linewidth=1, linestyle=":")
    axes.text(where[-1] + 0.45, 52, "chance", color=style.INK)
    bars = axes.bar(
        where - 0.2, reservoir, 0.38, color=style.COLOURS[0], label="from the reservoir"
    )
    axes.bar_label(bars, fmt="%.0f", padding=2)
    axes.bar(where + 0.2, inputs, 0.38, color=style.FAINT, label="from the input")
    axes.set_xticks(where, list(scores))
    axes.set(ylim=(0, 118), yticks=(0, 50, 100), title="Held-out patterns read right (%)")
    axes.legend(frameon=False, loc="upper right", ncols=2)
    return style.save(figure, path)


def main(
    port: str = "golden:", out: Path = Path("out/reservoir.png"), patterns: int = 600
) -> float:
    """Show `patterns` patterns; returns the share of right answers to the question about two."""
    design = spikeloom.compile(describe(), cores=CORES)
    rich.print(report(design))
    shown, channels = stream(patterns)
    runs = []
    with spikeloom.open(port, design) as device:
        lockstep = Lockstep(device)
        with progress_bar("patterns", patterns) as advance:
            for part in np.split(channels, range(PART * PATTERN, len(channels), PART * PATTERN)):
                runs.append(lockstep.run({"channels": part}))
                advance(len(part) // PATTERN)
        lockstep.compare()
    spikes = np.concatenate([run.spikes for run in runs])

    before = [np.roll(shown, k) for k in range(BACK)]
    questions = {"this": before[0], "last": before[1]}
    questions |= {f"{k} ago": before[k] for k in range(2, BACK)}
    questions["differ?"] = before[0] ^ before[1]
    scores = {k: (read_out(spikes, a), read_out(channels, a)) for k, a in questions.items()}
    for name, (reservoir, inputs) in scores.items():
        print(f"{name:>8}: {reservoir:.1%} from the reservoir, {inputs:.1%} from the input")
    print(f"held out: {(patterns - BACK + 3) // 4} of {patterns} patterns; chance is 50 %")
    out.parent.mkdir(parents=True, exist_ok=True)
    print(f"picture: {draw(runs[0], channels, scores, out)}")
    differences = lockstep.differences.total
    print(f"{port} {lockstep.spikes} spikes, {differences} differences from the golden model")
    if differences:
        raise typer.Exit(1)
    return {name: reservoir for name, (reservoir, _) in scores.items()}


if __name__ == "__main__":
    typer.run(main)
