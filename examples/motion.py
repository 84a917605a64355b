"""Direction of motion from an event camera, by delays from pixel to neuron, as in a Reichardt detector.

A bar sweeps over an event camera of 8 × 8 pixels.  For each of eight directions, eight neurons delay
the events of each pixel by the time that a bar moving in their direction needs from that pixel to
the last one.  So all events of such a bar coincide, and only those.  Time constants are short, and
groups inhibit each other.  The group with most spikes is the answer.
(Jeffress 1948 has delay lines for sound, Hassenstein and Reichardt 1956 for motion.)

Run it with: python examples/motion.py [--port twin:] [--out out/motion.png]
"""

from pathlib import Path

import numpy as np
import rich
import typer

import spikeloom
from spikeloom.compiler.place import report
from spikeloom.diagnosis.lockstep import Lockstep
from spikeloom.display.progress import progress_bar
from spikeloom.display.style import COLOURS, FAINT, bare, bare_canvas, save, styled_drawing

SIDE, GROUPS, EACH, CORES = 8, 8, 8, 4
PACE = 1.5
"""Steps of 1 ms in which the bar moves by a pixel."""

SWEEP, MARGIN = 64, 8
"""Steps from sweep to sweep; those before the bar enters."""

LAST = 25
"""The step in which it is about to leave."""

BETWEEN = 3
ANGLES = np.arange(GROUPS * BETWEEN) * 2 * np.pi / (GROUPS * BETWEEN)
"""Directions in which the bar moves: the groups prefer every third of them."""

PREFERRED = ANGLES[::BETWEEN]
ROW, COLUMN = np.divmod(np.arange(SIDE**2), SIDE) - np.float64((SIDE - 1) / 2)
RADIUS = float(np.hypot(ROW, COLUMN).max())


def along(angle: float | np.ndarray) -> np.ndarray:
    """(64,) or (64, angles): how far pixels lie in this direction, 0 at the camera's centre."""
    return np.multiply.outer(COLUMN, np.cos(angle)) + np.multiply.outer(ROW, np.sin(angle))


def watch(angle: float, rng: np.random.Generator) -> np.ndarray:
    """(steps, 64) bool: events of pixels that get brighter while a bar sweeps over the camera.

    The bar is six pixels long, two wide, and passes the centre by up to 1.5 pixels.  One event in
    ten is lost, and a pixel has a false one in 200 steps.
    """
    front = (np.arange(SWEEP)[:, None] - MARGIN) / PACE - RADIUS - along(angle)
    beside = np.abs(along(angle + np.pi / 2) - rng.uniform(-1.5, 1.5))
    cover = np.clip(front, 0, 1) - np.clip(front - 2, 0, 1)
    brightness = np.log(0.1 + cover * (beside < 3))
    memory, events = brightness[0], np.zeros((SWEEP, SIDE**2), dtype=bool)
    for now, event in zip(brightness, events, strict=True):
        event[:] = now > memory + 0.8
        memory = np.where(np.abs(now - memory) > 0.8, now, memory)
    return events & (rng.random(events.shape) > 0.1) | (rng.random(events.shape) < 0.005)


def describe(delayed: bool = True) -> spikeloom.Network:
    """With the delays, or with none, for comparison."""
    rng = np.random.default_rng(3)
    network = spikeloom.Network(dt=1e-3)
    camera = network.input("camera", SIDE**2)
    detectors = network.population(
        "detectors", GROUPS * EACH, spikeloom.LIF(tau_mem=2e-3, refractory=2e-3)
    )
    group = np.repeat(np.arange(GROUPS), EACH)
    way = along(PREFERRED)[:, group]
    delay = np.rint((way.max(axis=0) - way) * PACE) * network.dt * delayed
    half = rng.random(way.shape) < 0.5
    network.connect(camera, detectors, 0.06 * half, delay=delay)
    network.connect(detectors, detectors, -0.1 * (group[:, None] != group))
    return network


def answers(spikes: np.ndarray) -> np.ndarray:
    """(sweeps, groups) numbers of spikes."""
    return spikes.reshape(-1, SWEEP, GROUPS, EACH).sum(axis=(1, 3))


def correct(counts: np.ndarray, shown: np.ndarray) -> int:
    """How many sweeps in preferred directions were recognised."""
    group, between = np.divmod(shown, BETWEEN)
    best = np.where(counts.max(axis=1) > 0, counts.argmax(axis=1), -1)
    return int(np.sum((best == group) & (between == 0)))


@styled_drawing
def draw(counts: np.ndarray, shown: np.ndarray, path: Path, title: str) -> Path:
    """Spikes of each group, and around them what the camera sees of each direction."""
    figure = bare_canvas(7.6, 7.6)
    figure.suptitle(title, fontweight="bold", fontsize=11)
    grid = figure.add_gridspec(3, 3, width_ratios=(1, 2, 1), height_ratios=(1, 2, 1))
    tuning = figure.add_subplot(grid[1, 1], projection="polar")
    mean = [counts[shown == k].mean(axis=0) for k in range(len(ANGLES))]
    for k, (angle, colour) in enumerate(zip(PREFERRED, COLOURS, strict=True)):
        closed = np.array([*mean, mean[0]])[:, k]
        tuning.plot([*ANGLES, 2 * np.pi], closed, color=colour, linewidth=1.8)
        place = grid[1 - round(np.sin(angle)), 1 + round(np.cos(angle))]
        events = watch(angle, np.random.default_rng(k))
        first = np.where(events.any(axis=0), events.argmax(axis=0), np.nan)
        axes = figure.add_subplot(place)
        bare(axes)
        image = axes.imshow(
            first.reshape(SIDE, SIDE), origin="lower", cmap="viridis_r", vmin=MARGIN, vmax=LAST
        )
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"{np.degrees(angle):.0f}°", color=colour, loc="center")
    tuning.set(xticks=PREFERRED, xticklabels=[], ylim=(0, EACH), yticks=(4, 8))
    tuning.set_yticklabels(["4", "8 spikes"])
    place = tuning.inset_axes((0.25, -0.16, 0.5, 0.03))
    bar = figure.colorbar(image, cax=place, orientation="horizontal")
    bar.set_label("first event of the pixel (ms)")
    bar.outline.set_visible(False)
    tuning.spines["polar"].set_visible(False)
    tuning.grid(color=FAINT, linewidth=0.6)
    return save(figure, path)


def main(
    port: str = "golden:", out: Path = Path("out/motion.png"), repeats: int = 8
) -> dict[str, float]:
    """Show every direction `repeats` times; returns the share that is recognised."""
    rng = np.random.default_rng(0)
    shown = rng.permutation(np.repeat(np.arange(len(ANGLES)), repeats))
    film = np.concatenate([watch(ANGLES[k], rng) for k in shown])
    parts = []
    with spikeloom.open(port, spikeloom.compile(describe(), cores=CORES)) as device:
        rich.print(report(device.design))
        lockstep = Lockstep(device)
        with progress_bar("sweeps", len(shown)) as advance:
            for part in np.split(film, repeats):
                parts.append(answers(lockstep.run({"camera": part}).spikes))
                advance(len(ANGLES))
        lockstep.compare()
    with spikeloom.open("golden:", spikeloom.compile(describe(delayed=False))) as model:
        without = answers(model.run({"camera": film}).spikes)

    counts, total = np.concatenate(parts), GROUPS * repeats
    right = correct(counts, shown)
    print(f"{right} of {total} sweeps recognised; by chance {repeats}")
    blind = correct(without, shown)
    print(f"without delays {blind}, and {without.sum()} spikes in all")
    out.parent.mkdir(parents=True, exist_ok=True)
    title = f"Direction of motion by delays: {right} of {total} right"
    print(f"picture: {draw(counts, shown, out, title)}")
    differences = lockstep.differences.total
    print(f"{port} {lockstep.spikes} spikes, {differences} differences from the golden model")
    if differences:
        raise typer.Exit(1)
    return {"recognised": right / total, "without delays": blind / total}


if __name__ == "__main__":
    typer.run(main)
