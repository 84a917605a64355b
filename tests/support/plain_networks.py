"""Networks step by step in floats, from docs/reference/semantics.md without its rounding; and random ones."""

import numpy as np

from spikeloom.network.network import IF, LIF, Network
from spikeloom.network.neurons import LI

DT = 1e-3


def simulate(network, spikes, steps):
    """Spikes, margins and potentials of all neurons, (steps, N) each, in the order of populations.

    A margin is the potential minus the threshold at the moment when they are compared; −inf while a
    neuron is refractory.  Potentials are those that a step leaves.
    """
    names = list(network.populations)
    cells = {name: _Cells(p, network) for name, p in network.populations.items()}
    history = {name: np.zeros((steps, p.size), bool) for name, p in network.populations.items()}
    after = {name: np.zeros((steps, p.size)) for name, p in network.populations.items()}
    margins = {name: np.full((steps, p.size), -np.inf) for name, p in network.populations.items()}
    for t in range(steps):
        for name in names:
            arriving = cells[name].arriving(t, spikes, history)
            history[name][t], margins[name][t] = cells[name].step(arriving)
            after[name][t] = cells[name].v
    return tuple(np.concatenate([x[n] for n in names], axis=1) for x in (history, margins, after))


class _Cells:
    """One population."""

    def __init__(self, population, network):
        self.neuron, n = population.neuron, population.size
        self.p = self.neuron.parameters(n)
        self.into = [p for p in network.projections if p.target is population]
        self.dt = network.dt
        self.currents = np.zeros((2, n))
        self.v, self.th, self.ref = np.zeros(n), np.zeros(n), np.zeros(n, int)
        self.period = np.rint(self.p["refractory"] / network.dt).astype(int)

    def arriving(self, t, spikes, history):
        """(2, n) sums of positive and of negative weights that arrive in step t."""
        sums = np.zeros((2, len(self.v)))
        for p in self.into:
            neuron = p.source.neuron is not None
            fired = history[p.source.name] if neuron else spikes[p.source.name]
            ages = p.delays + p.axonal_delay + int(neuron)
            for age in np.unique(ages):
                if 0 <= t - age < len(fired):
                    weights = np.where(ages == age, p.weights, 0.0)[fired[t - age].astype(bool)]
                    sums[0] += np.maximum(weights, 0).sum(axis=0)
                    sums[1] += np.minimum(weights, 0).sum(axis=0)
        return sums

    def step(self, arriving):
        """Which neurons fire, and by how much."""
        p = self.p
        with np.errstate(divide="ignore"):
            kept = [np.exp(-self.dt / p[tau]) for tau in ("tau_exc", "tau_inh")]
            keep = np.exp(-self.dt / p["tau_mem"])
        self.currents = self.currents * np.array(kept) + arriving
        waits = self.ref > 0
        free = ~waits | self.neuron.integrate_refractory
        leaked = self.v * keep
        if self.neuron.membrane == "linear":
            leaked = np.sign(self.v) * np.maximum(np.abs(self.v) - p["leak_step"], 0)
        integrated = np.maximum(leaked + self.currents.sum(axis=0) + p["bias"], p["v_min"])
        self.v = np.where(free, integrated, self.v)
        never = waits | isinstance(self.neuron, LI)
        margin = np.where(never, -np.inf, self.v - (p["v_threshold"] + self.th))
        fires = margin >= 0
        if self.neuron.reset == "subtract":
            self.v = np.where(fires, margin, self.v)
        else:
            self.v = np.where(fires, p["v_reset"], self.v)
        self.ref = np.where(fires, self.period, np.maximum(self.ref - 1, 0))
        if self.neuron.adaptation == "exponential":
            with np.errstate(divide="ignore"):
                fading = np.exp(-self.dt / p["tau_threshold"])
            self.th = self.th * fading + p["threshold_increment"] * fires
        return fires, margin


def random_wiring(network, rng, weight):
    """Connect populations at random; `weight(shape)` gives weights, of which some become 0."""
    inputs, targets = list(network.inputs.values()), list(network.populations.values())
    for _ in range(rng.integers(1, 5)):
        source = inputs[rng.integers(len(inputs))]
        if rng.random() < 0.4:
            source = targets[rng.integers(len(targets))]
        target = targets[rng.integers(len(targets))]
        shape = (source.size, target.size)
        neuron = source.neuron is not None
        delay = None
        if rng.random() < 0.3:
            delay = (rng.integers(0, 4, shape) + neuron) * network.dt
        weights = weight(shape) * (rng.random(shape) < rng.choice([0.5, 1.0]))
        network.connect(source, target, weights, delay=delay)


def random_exact_network(seed, unit=None):
    """A network of integers times a unit, by default a power of two, which integer arithmetic runs."""
    rng = np.random.default_rng(seed)
    power = 2.0 ** int(rng.choice([0, 0, -1, -3, 2, -10]))
    unit = power if unit is None else unit
    network = Network(DT)
    for k in range(rng.integers(1, 3)):
        network.input(f"in{k}", int(rng.integers(1, 6)))
    size = int(rng.choice([3, 20, 100, 900]))
    reset = str(rng.choice(["value", "subtract"]))
    linear = rng.random() < 0.4
    integrates = bool(rng.random() < 0.3)
    for k in range(rng.integers(1, 3)):
        n = int(rng.integers(1, 5))
        high = int(rng.choice([1, 2, size, 4 * size])) + 1
        given = {
            "v_threshold": rng.integers(1, high, n) * unit,
            "reset": reset,
            "bias": rng.integers(-1, max(2, size // 8), n) * unit * (rng.random() < 0.4),
            "refractory": DT * int(rng.choice([0, 0, 2])),
            "integrate_refractory": integrates,
        }
        if reset == "value" and rng.random() < 0.4:
            given["v_reset"] = -rng.integers(0, size, n) * unit
        if linear:
            given |= {"leak": "linear", "leak_step": int(rng.integers(0, size)) * unit}
        if rng.random() < 0.3:
            given["v_min"] = -rng.integers(0, size, n) * unit
        network.population(f"n{k}", n, LIF(**given) if linear else IF(**given))
    if rng.random() < 0.3:
        leak = {"leak": "linear", "leak_step": unit} if linear else {"tau_mem": np.inf}
        network.population("readout", 2, LI(**leak, v_min=rng.choice([None, -size * unit])))
    random_wiring(network, rng, lambda shape: rng.integers(-size, size + 1, shape) * unit)
    return network, random_spikes(network, rng, 40)


def random_float_network(seed):
    """A network of floats, with all options of its neurons."""
    rng = np.random.default_rng(seed)
    network = Network(DT)
    for k in range(rng.integers(1, 3)):
        network.input(f"in{k}", int(rng.integers(1, 12)))
    leak = str(rng.choice(["none", "exponential", "exponential", "linear"]))
    reset = str(rng.choice(["value", "subtract"]))
    integrates = bool(rng.random() < 0.3)
    adapts = rng.random() < 0.2
    threshold = 10.0 ** rng.uniform(-3, 3)
    for k in range(rng.integers(1, 3)):
        n = int(rng.integers(1, 5))
        given = {
            "v_threshold": threshold * rng.uniform(0.5, 1.5, n),
            "reset": reset,
            "bias": threshold * rng.normal(0, 0.05, n) * (rng.random() < 0.4),
            "refractory": DT * int(rng.choice([0, 0, 2, 5])),
            "integrate_refractory": integrates,
            "tau_syn": [None, 10.0 ** rng.uniform(-3, -1.5), (5e-3, 12e-3)][rng.integers(3)],
        }
        if reset == "value" and rng.random() < 0.4:
            given["v_reset"] = -threshold * rng.random(n)
        if adapts:
            given |= {
                "threshold_increment": threshold * rng.uniform(0.05, 0.5),
                "tau_threshold": 10.0 ** rng.uniform(-2, -0.5),
            }
        if leak == "exponential":
            given["tau_mem"] = 10.0 ** rng.uniform(-2.5, -0.7)
        elif leak == "linear":
            given |= {"leak": "linear", "leak_step": threshold * rng.uniform(0, 0.1)}
        if rng.random() < 0.3:
            given["v_min"] = -threshold * rng.uniform(0, 1, n)
        network.population(f"n{k}", n, IF(**given) if leak == "none" else LIF(**given))
    if rng.random() < 0.3:
        leaks = (
            {"leak": leak, "leak_step": threshold / 20} if leak == "linear" else {"tau_mem": 0.02}
        )
        network.population("readout", 2, LI(**leaks, tau_syn=rng.choice([None, 5e-3])))
    spread = float(rng.choice([0.1, 0.3, 1.0]))
    heavy = rng.random() < 0.15

    def weight(shape):
        drawn = rng.normal(0.3 * spread, spread, shape) * threshold
        return drawn * 10.0 ** rng.uniform(0, 2.5, shape) if heavy else drawn

    random_wiring(network, rng, weight)
    return network, random_spikes(network, rng, 60)


def random_spikes(network, rng, steps):
    """Input spikes of a random rate, (steps, size) bool by input."""
    rate = rng.choice([0.05, 0.3, 0.8])
    return {name: rng.random((steps, p.size)) < rate for name, p in network.inputs.items()}
