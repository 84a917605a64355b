"""Draws the pictures in docs/images: waveform, raster, learning curves, digits, design space.

Run it with: python docs/figures.py [waveform] [raster] [learning_curves] [demo-confusion] [ann-steps] …
It takes some minutes, most of them for the sweep of the design space the first time.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ann_pictures
import explain_picture
import numpy as np
import sweep_pictures
from amaranth.sim import Simulator
from learning_curves import learning_curves
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from vcd.reader import TokenKind, tokenize

import spikeloom
from spikeloom.demos import digits_network as digits
from spikeloom.demos.digits import golden_outcome
from spikeloom.display import plots
from spikeloom.display.style import COLOURS, FAINT, INK, INPUT
from spikeloom.hdl import NO_AXON, CoreConfig, Image, MemoryMap
from spikeloom.hdl.core import Core

IMAGES = Path(__file__).with_name("images")

CLOCK, LEVEL, CELL = INPUT, COLOURS[0], "#e3f0ec"
PHASES = (COLOURS[1], COLOURS[0], COLOURS[5], COLOURS[2])
BEFORE, AFTER = 5, 2
"""Clock cycles that are shown before and after the step."""

CONFIG = CoreConfig(neurons=16, axons=40, lanes=4)
INPUTS = (3, 17, 38)
FIRING = (2, 7, 13)


# The core, in Amaranth's simulator.


def small_image() -> Image:
    """Three neurons that fire after the three inputs, and drive three axons."""
    weights = np.random.default_rng(4).integers(-60, 60, (CONFIG.axons, CONFIG.neurons))
    weights[INPUTS, :] = np.minimum(weights[INPUTS, :], 20)
    weights[np.ix_(INPUTS, FIRING)] = [[70], [85], [90]]
    routes = np.full(CONFIG.neurons, NO_AXON)
    routes[list(FIRING)] = (33, 4, 21)
    parameters = {"v_threshold": 200, "d_mem": 200, "d_syn": 800, "refractory": 2}
    return Image(CONFIG, weights, {k: np.array(v) for k, v in parameters.items()}, routes)


def record_step(vcd: Path) -> None:
    """Simulate loading the image, three host spikes and one step; write a VCD file."""
    core = Core(CONFIG)

    async def testbench(context: Any) -> None:
        async def until(signal: Any) -> None:
            while not context.get(signal):
                await context.tick()

        bus, arriving = core.bus, core.arriving
        context.set(core.reported.ready, 1)
        context.set(bus.write, 1)
        for first, words in MemoryMap(CONFIG).image_blocks(small_image()):
            # One row of synapses is as long as its stride here, so addresses are consecutive.
            for offset, word in enumerate(words):
                context.set(bus.address, first + offset)
                context.set(bus.data, int(word))
                context.set(bus.valid, 1)
                await until(bus.done)
                await context.tick()
                context.set(bus.valid, 0)
                await context.tick()
        await context.tick().repeat(BEFORE)
        for axon in INPUTS:
            context.set(arriving.valid, 1)
            context.set(arriving.payload, axon)
            await context.tick()
        context.set(arriving.valid, 0)
        await context.tick()
        context.set(core.start, 1)
        await context.tick()
        context.set(core.start, 0)
        await until(core.ready)
        await context.tick().repeat(AFTER)

    simulator = Simulator(core)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    with simulator.write_vcd(str(vcd)):
        simulator.run()


def read_cycles(vcd: Path) -> dict[str, list[Any]]:
    """Values of every signal by its full name, one for each clock cycle, at the end of the cycle."""
    names: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    cycles: dict[str, list[Any]] = {}
    clock = ""
    # Signals without a name of their own are called $signal and the like; the reader refuses them.
    text = re.sub(rb"^\$var \S+ \d+ \S+ \$.*\n", b"", vcd.read_bytes(), flags=re.M)
    with io.BytesIO(text) as file:
        changes: dict[str, Any] = {}
        scopes: list[str] = []
        for token in tokenize(file):
            if token.kind is TokenKind.SCOPE:
                scopes.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scopes.pop()
            elif token.kind is TokenKind.VAR:
                name = ".".join([*scopes[2:], token.var.reference])
                names.setdefault(token.var.id_code, []).append(name)
                if name == "clk":
                    clock = token.var.id_code
            elif token.kind is TokenKind.CHANGE_TIME:
                # What changes together with a rising edge belongs to the next cycle.
                if changes.get(clock) == 1 and values.get(clock) == 0:
                    for code, aliases in names.items():
                        for name in aliases:
                            cycles.setdefault(name, []).append(values.get(code, 0))
                values |= changes
                changes = {}
            elif token.kind is TokenKind.CHANGE_SCALAR:
                changes[token.scalar_change.id_code] = int(token.scalar_change.value)
            elif token.kind is TokenKind.CHANGE_VECTOR:
                value = token.vector_change.value
                changes[token.vector_change.id_code] = value if isinstance(value, int) else 0
            elif token.kind is TokenKind.CHANGE_STRING:
                changes[token.string_change.id_code] = token.string_change.value
    return cycles


# The drawing of a waveform.


@dataclass(frozen=True)
class Lane:
    """One row of the picture: a level, or with `payload` a bus that is shown while `signal` is 1."""

    label: str
    signal: str
    payload: str | None = None
    digits: int = 2


LANES = (
    Lane("start", "start"),
    Lane("ready", "ready"),
    Lane("arriving", "arriving__valid", "arriving__payload"),
    Lane("arrivals.scanning", "arrivals.scanning"),
    Lane("arrivals.axons", "arrivals.axons__valid", "arrivals.axons__payload"),
    Lane("op.add", "op.add"),
    Lane("op.word", "op.add", "op.word"),
    Lane("conductor.idle", "conductor.idle"),
    Lane("update.taking", "neuron_update.taking"),
    Lane("update.neuron", "neuron_update.taking", "conductor.item", 1),
    Lane("fired.neuron", "neuron_update.fired__valid", "neuron_update.fired__neuron", 1),
    Lane("fired.spike", "neuron_update.fired__spike"),
    Lane("reported", "reported__valid", "reported__payload", 1),
    Lane("routes.arrive", "routes.arrive", "routes.arrive_axon"),
)


def draw_level(axes: Axes, bottom: float, levels: Sequence[int], colour: str = LEVEL) -> None:
    """A line that is high where the level is 1."""
    height = np.repeat(np.array(levels, dtype=float) * 0.56, 2)
    edges = np.repeat(np.arange(len(levels) + 1), 2)[1:-1]
    axes.fill_between(edges, bottom, bottom + height, color=colour, alpha=0.16, linewidth=0)
    axes.plot(edges, bottom + height, color=colour, linewidth=1.2, solid_joinstyle="miter")


def draw_bus(axes: Axes, bottom: float, valid: Sequence[int], words: Sequence[str]) -> None:
    """Cells with bevelled ends, one for each stretch of an equal word, and a line between them."""
    count, middle, top = len(valid), bottom + 0.28, bottom + 0.56
    axes.plot([0, count], [middle, middle], color=FAINT, linewidth=1.2, zorder=1)
    first = 0
    while first < count:
        last = first
        while last + 1 < count and (valid[last + 1], words[last + 1]) == (
            valid[first],
            words[first],
        ):
            last += 1
        if valid[first]:
            left, right, bevel = first, last + 1, 0.16
            x = [left, left + bevel, right - bevel, right, right - bevel, left + bevel]
            y = [middle, top, top, middle, bottom, bottom]
            axes.fill(x, y, facecolor=CELL, edgecolor=LEVEL, linewidth=1.0, zorder=2)
            axes.text((left + right) / 2, middle - 0.02, words[first], **CELL_TEXT)
        first = last + 1


CELL_TEXT: dict[str, Any] = {
    "ha": "center",
    "va": "center",
    "fontsize": 6.8,
    "family": "DejaVu Sans Mono",
    "color": INK,
    "zorder": 3,
}


def phases(cycles: dict[str, list[Any]], window: slice) -> list[tuple[str, int, int]]:
    """(name, first cycle, cycle after the last) of the four phases, as drawn."""

    def shown(name: str) -> list[int]:
        return [k for k, value in enumerate(cycles[name][window]) if value]

    begin, update = shown("start")[0], shown("conductor.take")[0]
    # Routing goes on while later neurons are updated; its band begins where the walk has ended.
    route = shown("neuron_update.fired__valid")[-1] + 1
    end = next(k for k in shown("ready") if k > begin)
    return [
        ("arrive", shown("arriving__valid")[0], begin),
        ("integrate", begin, update),
        ("update", update, route),
        ("route", route, end),
    ]


def waveform(path: Path) -> None:
    """One time step of a small core: 3 input spikes, 3 neurons that fire."""
    with tempfile.TemporaryDirectory() as folder:
        vcd = Path(folder) / "step.vcd"
        record_step(vcd)
        cycles = read_cycles(vcd)
    start = cycles["start"].index(1)
    end = cycles["ready"].index(1, start + 1)
    window = slice(start - BEFORE, end + AFTER)
    count = window.stop - window.start

    figure = Figure(figsize=(13.0, 6.0), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_axis_off()
    lowest = -(len(LANES) + 1)
    for (name, first, stop), colour in zip(phases(cycles, window), PHASES, strict=True):
        axes.axvspan(first, stop, color=colour, alpha=0.07, linewidth=0, zorder=0)
        axes.plot([first + 0.1, stop - 0.1], [1.15, 1.15], color=colour, linewidth=3)
        middle = (first + stop) / 2
        style: dict[str, Any] = {"ha": "center", "fontsize": 10, "weight": "bold"}
        axes.text(middle, 1.38, name, color=colour, **style)
    for edge in range(0, count + 1):
        axes.plot([edge, edge], [lowest + 0.4, 0.7], color=FAINT, linewidth=0.4, zorder=0)

    label: dict[str, Any] = {"ha": "right", "va": "center", "fontsize": 8.5, "color": INK}
    label["family"] = "DejaVu Sans Mono"
    halves = np.repeat(np.arange(2 * count + 1) / 2, 2)[1:-1]
    axes.plot(halves, np.repeat(np.tile([0.56, 0.0], count), 2), color=CLOCK, linewidth=0.9)
    axes.text(-0.6, 0.28, "clk", **label)
    for row, lane in enumerate(LANES, start=1):
        levels = [int(value) for value in cycles[lane.signal][window]]
        axes.text(-0.6, 0.28 - row, lane.label, **label)
        if lane.payload is None:
            draw_level(axes, -row, levels)
        else:
            values = cycles[lane.payload][window]
            draw_bus(axes, -row, levels, [f"{value:0{lane.digits}x}" for value in values])
    for cycle in range(0, end - start + 1, 5):
        x = BEFORE + cycle + 0.5
        axes.text(x, lowest + 0.05, str(cycle), ha="center", fontsize=7.5, color=CLOCK)
    axes.text(-0.6, lowest + 0.05, "cycle of the step", ha="right", fontsize=7.5, color=CLOCK)
    c = CONFIG
    axes.set_title(
        f"One time step, {end - start} clock cycles: {c.neurons} neurons, {c.axons} axons, "
        f"{c.lanes} lanes; {len(INPUTS)} input spikes, "
        f"{sum(cycles['routes.spike'][window])} neurons fire (values in hexadecimal)",
        loc="left",
        fontsize=10.5,
        weight="bold",
        color=INK,
    )
    axes.set_xlim(-0.4, count)
    axes.set_ylim(lowest, 2.0)
    figure.savefig(path, format="png")


# Pictures of networks.


def rhythm() -> spikeloom.Network:
    """80 excitatory and 20 inhibitory neurons; the loop between them makes a rhythm."""
    rng = np.random.default_rng(5)
    network = spikeloom.Network(dt=1e-3)
    stimulus = network.input("stimulus", 40)
    excitatory = network.population(
        "excitatory", 80, spikeloom.LIF(tau_mem=20e-3, tau_syn=4e-3, refractory=3e-3)
    )
    inhibitory = network.population("inhibitory", 20, spikeloom.LIF(tau_mem=10e-3, tau_syn=8e-3))
    network.connect(stimulus, excitatory, rng.uniform(0.0, 0.055, (40, 80)))
    network.connect(excitatory, inhibitory, rng.uniform(0.0, 0.022, (80, 20)))
    network.connect(inhibitory, excitatory, -rng.uniform(0.0, 0.04, (20, 80)))
    return network


def raster(path: Path) -> None:
    """The rhythm on the simulated chip, with a stimulus that grows twice."""
    design = spikeloom.compile(rhythm(), lanes=4)
    steps = 240
    rates = np.repeat([0.02, 0.06, 0.12], steps // 3)
    spikes = np.random.default_rng(6).random((steps, 40)) < rates[:, None]
    with spikeloom.open("twin:", design) as board:
        run = board.run({"stimulus": spikes})
    bands = {"stimulus": slice(0, 40)}
    for name, where in run.populations.items():
        first, stop, _ = where.indices(run.spikes.shape[1])
        bands[name] = slice(first + 40, stop + 40)
    both = np.concatenate([spikes, run.spikes], axis=1)
    title = "Excitation and inhibition take turns (simulated chip, twin:)"
    kinds = {"stimulus": "input"}
    plots.raster(both, path, populations=bands, kinds=kinds, dt=design.dt, title=title)


def demo_confusion(path: Path) -> None:
    """All test images of the digits demo, on the golden model."""
    _, images, _, labels = digits.digits()
    design = spikeloom.compile(digits.train(progress=False))
    seen = golden_outcome(design, digits.encode(images)).classes(design)
    share = float(np.mean(seen == labels))
    title = f"Digits, golden model: {share:.1%} of {len(labels)} correct"
    plots.confusion(labels, seen, path, title=title)


PICTURES: dict[str, Callable[[Path], None]] = {
    "waveform": waveform,
    "raster": raster,
    "learning_curves": learning_curves,
    "demo-confusion": demo_confusion,
    "ann-steps": ann_pictures.steps,
    "ann-exit": ann_pictures.early_exit,
    "explain": explain_picture.difference,
    "front-luts": sweep_pictures.luts,
    "front-cycles": sweep_pictures.cycles,
    "front-energy": sweep_pictures.energies,
    "bit-budget": sweep_pictures.bit_budget,
}


def main() -> None:
    """Draw the pictures named on the command line, or all."""
    IMAGES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        path = IMAGES / f"{name}.png"
        PICTURES[name](path)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
