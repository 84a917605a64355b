"""512 neurons on 8 cores, connected at random, whose delays of 1 to 16 steps sustain their activity.

Eight inputs kick the network for 20 ms; then it is alone.  The spikes in flight carry its activity,
and because their delays differ, it is spread evenly in time.  The same network with one delay for
all, about the mean of the others, continues in volleys.

Run it with: python examples/random_delays.py [--port twin:] [--out out/random_delays.png]
"""

from pathlib import Path

import numpy as np
import rich
import typer

import spikeloom
from spikeloom.compiler.place import report
from spikeloom.device.run import Run
from spikeloom.diagnosis.lockstep import Lockstep
from spikeloom.display import style

CORES = 8
EXCITATORY, INHIBITORY = 410, 102
SYNAPSES = 5
"""Of a neuron, on average: one of a hundred possible ones."""

LONGEST, MEAN = 16, 8
KICK, SETTLED = 20, 100
"""Steps in which the inputs fire; steps after which statistics are taken."""


def describe(mixed: bool = True) -> spikeloom.Network:
    """With delays of 1…16 steps, or of 8 for all."""
    rng = np.random.default_rng(1)
    network = spikeloom.Network(dt=1e-3)
    kick = network.input("kick", 8)
    neuron = spikeloom.LIF(tau_mem=10e-3, refractory=8e-3)
    excitatory = network.population("excitatory", EXCITATORY, neuron)
    inhibitory = network.population("inhibitory", INHIBITORY, neuron)
    network.connect(kick, excitatory, 1.2 * (rng.random((8, EXCITATORY)) < 0.03))
    chance = SYNAPSES / (EXCITATORY + INHIBITORY)
    for source, weight in ((excitatory, 0.8), (inhibitory, -0.6)):
        for target in (excitatory, inhibitory):
            shape = (source.size, target.size)
            weights = weight * rng.uniform(0.8, 1.2, shape) * (rng.random(shape) < chance)
            steps = rng.integers(1, LONGEST, shape, endpoint=True)
            delay = (steps if mixed else np.full(shape, MEAN)) * network.dt
            network.connect(source, target, weights, delay=delay)
    return network


def unevenness(spikes: np.ndarray) -> float:
    """Standard deviation over mean of the number of spikes per step, once the kick is over."""
    activity = spikes[SETTLED:].sum(axis=1)
    return float(activity.std() / activity.mean())


@style.styled_drawing
def draw(mixed: Run, alike: Run, core: np.ndarray, path: Path) -> Path:
    """Raster, core by core; and spikes per step, with mixed delays and with equal ones."""
    figure = style.bare_canvas(8.0, 7.0)
    raster, activity = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    order = np.argsort(core, kind="stable")
    step, row = np.nonzero(mixed.spikes[:, order])
    for k in range(CORES):
        look, own = style.look(k), core[order][row] == k
        raster.scatter(
            step[own], row[own], s=3.0, color=look.colour, marker=look.marker, linewidths=0
        )
    middle = [np.mean(np.flatnonzero(core[order] == k)) for k in range(CORES)]
    raster.set_yticks(middle, [f"core {k}" for k in range(CORES)])
    raster.set_ylim(len(core), 0)
    raster.set_title(f"{len(core)} neurons on {CORES} cores, delays of 1…{LONGEST} ms")
    activity.plot(alike.spikes.sum(axis=1), color=style.COLOURS[1], label=f"all delays {MEAN} ms")
    activity.plot(mixed.spikes.sum(axis=1), color=style.COLOURS[0], label=f"1…{LONGEST} ms")
    activity.set(xlabel="time (ms)", ylabel="spikes per ms", xlim=(0, mixed.steps))
    for axes in (raster, activity):
        style.bare(axes)
        axes.axvspan(0, KICK, color=style.INPUT, alpha=0.25, linewidth=0, label="inputs fire")
    activity.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return style.save(figure, path)


def main(
    port: str = "golden:", out: Path = Path("out/random_delays.png"), steps: int = 400
) -> dict[str, float]:
    """Run `steps` steps; returns the variation of the activity over its mean, by kind of delays."""
    design = spikeloom.compile(describe(), cores=CORES)
    rich.print(report(design))
    assert design.placement is not None

    kick = np.random.default_rng(0).random((KICK, 8)) < 0.2
    with spikeloom.open(port, design) as device:
        lockstep = Lockstep(device)
        mixed = lockstep.run({"kick": kick}, steps)
        lockstep.compare()
    with spikeloom.open("golden:", spikeloom.compile(describe(mixed=False))) as model:
        alike = model.run({"kick": kick}, steps)

    result = {}
    for name, run in (("mixed", mixed), ("equal", alike)):
        rate, result[name] = run.spikes[SETTLED:].mean() / design.dt, unevenness(run.spikes)
        print(
            f"{name} delays: {rate:.0f} Hz, spikes per step vary by {result[name]:.2f} of their mean"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    print(f"picture: {draw(mixed, alike, design.placement.neuron_core, out)}")
    differences = lockstep.differences.total
    print(f"{port} {lockstep.spikes} spikes, {differences} differences from the golden model")
    if differences:
        raise typer.Exit(1)
    return result


if __name__ == "__main__":
    typer.run(main)
