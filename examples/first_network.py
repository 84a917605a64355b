"""A first network: two populations that compete, quantised, saved, and run on the golden model.

Run it with: python examples/first_network.py
The last line of output says what to change to run the same design on a simulated or a real board.
"""

from pathlib import Path

import numpy as np
import rich

import spikeloom
from spikeloom.display.plots import raster

OUT = Path("out")


def describe() -> spikeloom.Network:
    """20 inputs excite 40 leaky neurons, which inhibit each other through 10 others."""
    rng = np.random.default_rng(1)
    network = spikeloom.Network(dt=1e-3)
    stimulus = network.input("stimulus", 20)
    excitatory = network.population(
        "excitatory", 40, spikeloom.LIF(tau_mem=20e-3, tau_syn=5e-3, refractory=2e-3)
    )
    inhibitory = network.population("inhibitory", 10, spikeloom.LIF(tau_mem=10e-3))
    network.connect(stimulus, excitatory, rng.uniform(0.005, 0.06, (20, 40)))
    network.connect(excitatory, inhibitory, rng.uniform(0.1, 0.3, (40, 10)))
    network.connect(inhibitory, excitatory, -rng.uniform(0.005, 0.05, (10, 40)))
    return network


def main() -> None:
    design = spikeloom.compile(describe(), lanes=4)
    rich.print(design.config)
    rich.print(design.report)

    OUT.mkdir(exist_ok=True)
    design.save(OUT / "first.slm")
    design = spikeloom.Design.load(OUT / "first.slm")

    rng = np.random.default_rng(2)
    stimulus = rng.random((200, 20)) < np.where(np.arange(200) < 100, 0.05, 0.15)[:, None]
    with spikeloom.open("golden:", design) as board:
        run = board.run({"stimulus": stimulus})
        counters = board.counters()

    first, second = run["excitatory"][:100], run["excitatory"][100:]
    print(f"excitatory neurons: {first.mean() * 1e3:.0f} Hz, then {second.mean() * 1e3:.0f} Hz")
    print(f"{counters['synaptic_operations']} synaptic operations, {counters['clamps']} clamps")
    raster(
        run.spikes, OUT / "first.png", populations=run.populations, dt=design.dt,
        title="A first network",
    )  # fmt: skip
    print(f"picture: {OUT / 'first.png'}, design: {OUT / 'first.slm'}")
    print('On a simulated board: spikeloom.open("twin:", design)')


if __name__ == "__main__":
    main()
