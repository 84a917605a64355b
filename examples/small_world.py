"""A small world that learns the direction of a moving touch by STDP, and then replays it.

512 neurons on a ring (Watts and Strogatz 1998): each is connected to its 16 neighbours, but one
connection in ten leads anywhere.  So the network is clustered, and yet any two neurons are close.
Every fifth neuron is inhibitory.  A touch runs round the ring, lap after lap, and pair STDP
strengthens the synapses that point in its direction.  Afterwards one push is enough: activity runs
round by itself, faster than it was shown.  Such networks suit many cores: most spikes stay on theirs.

Run it with: python examples/small_world.py [--port twin:] [--out out/small_world.png]
"""

from pathlib import Path

import networkx as nx
import numpy as np
import rich
import typer

import spikeloom
from spikeloom.compiler.place import place, report
from spikeloom.design.placement import network_destinations
from spikeloom.device.run import Run
from spikeloom.diagnosis.lockstep import Lockstep
from spikeloom.display import style
from spikeloom.display.progress import progress_bar

NEURONS, NEIGHBOURS, REWIRED, CORES = 512, 16, 0.1, 8
TOUCHES, PACE = 128, 2
"""Spots that are touched, of four neurons each; steps from one to the next."""

LAP = TOUCHES * PACE
LAPS = 13
RECALL, PUSH = 300, 6
"""Steps of a recall; touches that it begins with."""

WORLD = nx.connected_watts_strogatz_graph(NEURONS, NEIGHBOURS, REWIRED, seed=1)
INHIBITORY = np.arange(4, NEURONS, 5)
EXCITATORY = np.setdiff1d(np.arange(NEURONS), INHIBITORY)
RING = np.concatenate([EXCITATORY, INHIBITORY])
"""Position on the ring of each neuron of the design."""


def describe() -> spikeloom.Network:
    """Excitatory synapses between excitatory neurons learn, all weights 0.12 at first."""
    rule = spikeloom.PairSTDP(
        tau_plus=20e-3, tau_minus=20e-3, a_plus=0.03, a_minus=0.0315, w_min=0.0, w_max=0.4
    )
    network = spikeloom.Network(dt=1e-3, learning=rule)
    touch = network.input("touch", TOUCHES)
    neuron = spikeloom.LIF(tau_mem=10e-3, refractory=20e-3)
    excitatory = network.population("excitatory", len(EXCITATORY), neuron)
    inhibitory = network.population("inhibitory", len(INHIBITORY), neuron)
    joined = nx.to_numpy_array(WORLD, dtype=bool)
    among = joined[np.ix_(EXCITATORY, EXCITATORY)]
    network.connect(excitatory, excitatory, 0.12 * among, plastic=among)
    network.connect(excitatory, inhibitory, 0.15 * joined[np.ix_(EXCITATORY, INHIBITORY)])
    network.connect(inhibitory, excitatory, -0.25 * joined[np.ix_(INHIBITORY, EXCITATORY)])
    network.connect(inhibitory, inhibitory, -0.25 * joined[np.ix_(INHIBITORY, INHIBITORY)])
    here = np.arange(TOUCHES)[:, None] == EXCITATORY * TOUCHES // NEURONS
    network.connect(touch, excitatory, 1.2 * here)
    return network


def touches(count: int, steps: int) -> np.ndarray:
    """(steps, 128) bool: one touch after another, round the ring."""
    spikes = np.zeros((steps, TOUCHES), dtype=bool)
    spikes[np.arange(count) * PACE, np.arange(count) % TOUCHES] = True
    return spikes


def reach(design: spikeloom.Design) -> np.ndarray:
    """(synapses that learn,) how far along the ring they lead, in the touch's direction."""
    neuron, _, axon, _ = network_destinations(design.image).T
    source = np.zeros(design.config.axons, dtype=np.int64)
    source[axon] = RING[neuron]
    axons, targets = np.nonzero(design.image.plastic)
    return (RING[targets] - source[axons] + NEURONS // 2) % NEURONS - NEURONS // 2


def speed(run: Run) -> float:
    """Neurons of the ring that activity passes in a step; 0 if it ends before the run does."""
    if not run.spikes[-20:].any():
        return 0.0
    place = run.spikes @ np.exp(2j * np.pi * RING / NEURONS)
    turn = place[PUSH * PACE + 5 :] * place[PUSH * PACE : -5].conj()
    return float(np.median(np.angle(turn[turn != 0]))) * NEURONS / (2 * np.pi * 5)


def staying(design: spikeloom.Design, rates: np.ndarray) -> float:
    """Share of synaptic effects that are on the spike's own core."""
    assert design.placement is not None
    neuron, _, axon, _ = network_destinations(design.image).T
    core = design.placement.neuron_core
    there = (design.image.weights[axon] != 0) | design.image.plastic[axon]
    events = there * rates[neuron, None]
    return float(events[core[neuron, None] == core].sum() / events.sum())


@style.styled_drawing
def draw(
    recalls: dict[str, Run],
    weights: dict[str, np.ndarray],
    kinds: dict[str, np.ndarray],
    stay: dict[str, float],
    path: Path,
) -> Path:
    """Recalls before and after; weights before and after; what stays on its core."""
    figure = style.bare_canvas(9.0, 6.6)
    panels = figure.subplots(2, 2, height_ratios=(1.5, 1))
    for axes in panels.flat:
        style.bare(axes)
    for axes, (name, run) in zip(panels[0], recalls.items(), strict=True):
        step, neuron = np.nonzero(run.spikes)
        colours = np.where(neuron < len(EXCITATORY), style.EXCITATORY, style.INHIBITORY)
        axes.scatter(step, RING[neuron], s=2.5, c=colours, linewidths=0)
        axes.axvspan(0, PUSH * PACE, color=style.INPUT, alpha=0.3, linewidth=0)
        axes.set(xlim=(0, RECALL), ylim=(0, NEURONS), xlabel="time (ms)")
        axes.set_title(f"{name} learning: one push")
    panels[0, 0].set_ylabel("place on the ring (neurons)")
    shown = {"excitatory": style.EXCITATORY, "inhibitory": style.INHIBITORY, "push": style.INPUT}
    for name, colour in shown.items():
        panels[0, 1].scatter([], [], s=14, c=colour, label=name)
    figure.legend(*panels[0, 1].get_legend_handles_labels(), loc="outside upper right", ncols=3)
    left, right = panels[1]
    bins = np.linspace(0, weights["after"].max() * 1.02, 28)
    parts = [weights["after"][mask] for mask in kinds.values()]
    left.hist(parts, bins, stacked=True, color=style.COLOURS[:3], label=list(kinds))
    left.axvline(weights["before"].mean(), color=style.INK, linewidth=1.4, label="all, before")
    left.set(
        xlabel="weight (network's unit)",
        ylabel="number of synapses",
        title="Weights after learning",
    )
    left.legend(frameon=False, loc=(0.38, 0.4))
    bars = right.barh(list(stay), [100 * share for share in stay.values()], color=style.FAINT)
    bars[0].set_color(style.COLOURS[0])
    right.bar_label(bars, fmt="%.0f %%", padding=4)
    right.set(xlim=(0, 110), xticks=[], title="Effects on the own core, by placement")
    right.invert_yaxis()
    return style.save(figure, path)


def main(
    port: str = "golden:", out: Path = Path("out/small_world.png"), laps: int = LAPS
) -> dict[str, float]:
    """Learn for so many laps; returns the recall's speed in neurons per step, and mean weights."""
    design = spikeloom.compile(describe(), cores=CORES)
    rich.print(report(design))
    recalls: dict[str, Run] = {}
    weights: dict[str, np.ndarray] = {}
    push, lap = touches(PUSH, RECALL), touches(TOUCHES, LAP)
    with spikeloom.open(port, design) as device:
        lockstep = Lockstep(device)

        def recall(name: str) -> None:
            lockstep.reset()
            lockstep.write(enabled=0)
            recalls[name] = lockstep.run({"touch": push})
            weights[name] = lockstep.read_weights()[design.image.plastic] * unit

        unit = 2.0**design.config.weight_shift / design.scale[0]
        recall("before")
        lockstep.reset()
        lockstep.write(enabled=1)
        with progress_bar("laps", laps) as advance:
            for _ in range(laps):
                lockstep.run({"touch": lap})
                advance(1)
        lockstep.compare()
        updates = device.counters()["weight_updates"]
        recall("after")
        lockstep.compare()

    joined = nx.average_clustering(WORLD), nx.average_shortest_path_length(WORLD)
    print("the world: clustering {:.2f}, {:.1f} synapses from neuron to neuron".format(*joined))
    away = reach(design)
    near = np.abs(away) <= NEIGHBOURS // 2
    kinds = {"with the touch": near & (away > 0), "against it": near & (away < 0), "far": ~near}
    result = {"speed": speed(recalls["after"])}
    for name, mask in kinds.items():
        means = [weights[when][mask].mean() for when in ("before", "after")]
        result[name] = float(means[1])
        print(f"weights {name}: {means[0]:.3f} before, {means[1]:.3f} after {updates} updates")
    speeds = [speed(recalls["before"]), result["speed"], NEURONS / LAP]
    print("neurons per ms: recall {:.1f} before, {:.1f} after; the touch {:.1f}".format(*speeds))
    rates = recalls["after"].spikes.mean(axis=0)
    others = {"by hand": RING * CORES // NEURONS, "at random": "random"}
    placed = {name: place(design, cores=CORES, placement=how) for name, how in others.items()}
    stay = {name: staying(d, rates) for name, d in {"as compiled": design, **placed}.items()}
    print("on the spike's own core:", ", ".join(f"{k} {v:.0%}" for k, v in stay.items()))
    out.parent.mkdir(parents=True, exist_ok=True)
    print(f"picture: {draw(recalls, weights, kinds, stay, out)}")
    differences = lockstep.differences.total
    count = f"{lockstep.spikes} spikes, {weights['after'].size} weights and all states"
    print(f"{port} {count}, {differences} differences from the golden model")
    if differences:
        raise typer.Exit(1)
    return result


if __name__ == "__main__":
    typer.run(main)
