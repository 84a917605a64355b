"""A second reading of docs/reference/semantics.md, and random cores and images to compare readings with."""

import numpy as np
from hypothesis import strategies as st

from spikeloom.hdl import NO_AXON, CoreConfig, Image
from spikeloom.sim.golden.core import COUNTERS


@st.composite
def configs(draw, **fixed):
    """Small cores that cover every option."""
    refractory_bits = draw(st.sampled_from([0, 1, 3]))
    values = {
        "neurons": draw(st.integers(1, 6)),
        "axons": draw(st.integers(1, 7)),
        "weight_bits": draw(st.sampled_from([2, 8, 16])),
        "weight_shift": draw(st.sampled_from([0, 2, 15])),
        "state_bits": draw(st.sampled_from([8, 12, 16, 32])),
        "receptors": draw(st.sampled_from([1, 2])),
        "synapse": draw(st.sampled_from(["exponential", "delta"])),
        "leak": draw(st.sampled_from(["exponential", "linear", "none"])),
        "reset": draw(st.sampled_from(["value", "subtract"])),
        "refractory_bits": refractory_bits,
        "integrate_refractory": draw(st.booleans()) and refractory_bits > 0,
        "bias": draw(st.booleans()),
        "parameters": draw(st.sampled_from(["shared", "per_neuron"])),
        "floor": draw(st.booleans()),
        "readouts": draw(st.booleans()),
        "decay_rounding": draw(st.sampled_from(["nearest", "toward_zero"])),
        "delay_slots": draw(st.sampled_from([1, 1, 2, 8, 64])),
        "route_entries": draw(st.sampled_from([0, 0, 12])),
    }
    if values["route_entries"]:
        values["axonal_delay_slots"] = draw(st.sampled_from([1, 2, 4, 64]))
    return CoreConfig(**{**values, **fixed})


def random_image(config, rng):
    """An image with numbers of every magnitude, corners included, and routes that collide."""

    def numbers(low, high, shape):
        values = rng.integers(low, high, shape, endpoint=True)
        values >>= rng.integers(0, max(high.bit_length(), 1), shape)
        corner = rng.random(shape)
        return np.where(corner < 0.05, low, np.where(corner > 0.95, high, values))

    bound = 1 << (config.weight_bits - 1)
    size = 1 if config.parameters == "shared" else config.neurons
    parameters = {f.name: numbers(f.minimum, f.maximum, size) for f in config.layout.parameters}
    # Thresholds are mostly positive, so that there is something between firing always and never.
    threshold = parameters["v_threshold"]
    parameters["v_threshold"] = np.where(rng.random(size) < 0.9, abs(threshold) // 2, threshold)
    if config.floor:
        parameters["v_min"] = np.where(rng.random(size) < 0.9, -abs(parameters["v_min"]) // 4, 5)
    return Image(
        config,
        numbers(-bound, bound - 1, (config.axons, config.neurons)),
        parameters,
        routes=None
        if config.route_entries
        else rng.integers(NO_AXON, config.axons, config.neurons),
        report=rng.random(config.neurons) < 0.5,
        delays=numbers(0, config.delay_slots - 1, (config.axons, config.neurons)),
        destinations=random_destinations(config, rng),
    )


def random_destinations(config, rng):
    """Rows (neuron, 0, axon, delay): any fan-out, some neurons with none, axons that have several."""
    highest = (config.neurons, 1, config.axons, min(config.axonal_delay_slots, 5))
    rows = [[rng.integers(0, h) for h in highest] for _ in range(config.route_entries)]
    return np.unique(np.array(rows, dtype=np.int64).reshape(-1, 4), axis=0)


class NaiveCore:
    """docs/reference/semantics.md read a second time: one neuron at a time, Python integers only."""

    def __init__(self, loaded):
        self.c = loaded.config
        self.w = loaded.weights.tolist()
        self.p = [
            {name: int(values[j]) for name, values in loaded.parameters.items()}
            for j in range(self.c.neurons)
        ]
        self.f = loaded.delays.tolist()
        self.destinations = [(j, i, a) for j, _, i, a in loaded.destinations.tolist()]
        if not self.c.route_entries:
            routes = enumerate(loaded.routes.tolist())
            self.destinations = [(j, i, 0) for j, i in routes if i != NO_AXON]
        self.due = {}  # (step, neuron, receptor or "m"): sum of weights
        self.s = [{"v": 0, "": 0, "_exc": 0, "_inh": 0, "ref": 0} for _ in self.p]
        self.pending = []  # (step, axon)
        self.counters = dict.fromkeys(COUNTERS, 0)

    def sat(self, x):
        top = 2 ** (self.c.state_bits - 1) - 1
        if x > top:
            self.counters["clamps"] += 1
            return top
        if x < -top - 1:
            self.counters["clamps"] += 1
            return -top - 1
        return x

    @staticmethod
    def decay(x, d):
        if x < 0:
            return -NaiveCore.decay(-x, d)
        if x == 0 or d == 0:
            return x
        quotient, remainder = divmod(x * (4096 - d), 4096)
        return min(quotient + (2 * remainder >= 4096), x - 1)

    def rounded_decay(self, x, d):
        if self.c.decay_rounding == "nearest":
            return self.decay(x, d)
        return int(x * (4096 - d) / 4096)  # exact: 32 and 13 bits are fewer than 53

    def leak(self, x, p):
        if self.c.leak == "exponential":
            return self.rounded_decay(x, p["d_mem"])
        if self.c.leak == "linear":
            return max(x - p["leak"], 0) if x > 0 else min(x + p["leak"], 0)
        return x

    def receptor(self, i, w):
        """What a weight of axon i goes to."""
        if self.c.receptors == 1:
            return ""
        return "_exc" if w > 0 else "_inh"

    def update(self, j, t):
        """One neuron, one step; returns whether it fired."""
        p, s = self.p[j], self.s[j]
        total = 0
        for receptor in [""] if self.c.receptors == 1 else ["_exc", "_inh"]:
            a = self.due.pop((t, j, receptor), 0)
            d = 4096 if self.c.synapse == "delta" else p["d_syn" + receptor]
            s[receptor] = self.sat(self.rounded_decay(s[receptor], d) + a * 2**self.c.weight_shift)
            total += s[receptor]
        refractory = s["ref"] > 0
        if refractory:
            s["ref"] -= 1
            if not self.c.integrate_refractory:
                return False
        s["v"] = self.sat(self.leak(s["v"], p) + total + p.get("bias", 0))
        if self.c.floor and s["v"] < p["v_min"]:
            s["v"] = p["v_min"]
        if refractory or p.get("readout") or s["v"] < p["v_threshold"]:
            return False
        if self.c.reset == "value":
            s["v"] = p["v_reset"]
        else:
            s["v"] = self.sat(s["v"] - p["v_threshold"])
        s["ref"] = p.get("refractory", 0)
        return True

    def step(self, axons):
        """`axons`: ids from the host, with repetitions.  Returns the list of who fired."""
        t = self.counters["steps"]
        arrivals = [i for due, i in self.pending if due == t]
        arrivals += [i for i in axons if i < self.c.axons]
        active = set(arrivals)
        self.counters["unknown"] += sum(i >= self.c.axons for i in axons)
        self.counters["duplicates"] += len(arrivals) - len(active)
        self.counters["synaptic_operations"] += len(active) * self.c.neurons
        for i in active:
            for j in range(self.c.neurons):
                where = (t + self.f[i][j], j, self.receptor(i, self.w[i][j]))
                self.due[where] = self.due.get(where, 0) + self.w[i][j]
        fired = [self.update(j, t) for j in range(self.c.neurons)]
        self.pending = [(due, i) for due, i in self.pending if due > t]
        self.pending += [(t + 1 + a, i) for j, i, a in self.destinations if fired[j]]
        self.counters["steps"] += 1
        self.counters["spikes"] += sum(fired)
        return fired

    def all_counters(self):
        """The golden model counts duplicates among routed spikes when they set out."""
        ahead = len(self.pending) - len(set(self.pending))
        return self.counters | {"duplicates": self.counters["duplicates"] + ahead}

    def state(self, name):
        return [s[name.removeprefix("i") if name[0] == "i" else name] for s in self.s]
