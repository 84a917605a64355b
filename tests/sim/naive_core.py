"""A second reading of docs/semantics.md, and random cores and images to compare readings with."""

import numpy as np
from hypothesis import strategies as st

from spikeloom.hdl import NO_AXON, CoreConfig, Image
from spikeloom.sim.golden import COUNTERS


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
    }
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
    return Image(
        config,
        numbers(-bound, bound - 1, (config.axons, config.neurons)),
        parameters,
        routes=rng.integers(NO_AXON, config.axons, config.neurons),
        report=rng.random(config.neurons) < 0.5,
    )


class NaiveCore:
    """docs/semantics.md read a second time: one neuron at a time, Python integers only."""

    def __init__(self, loaded):
        self.c = loaded.config
        self.w = loaded.weights.tolist()
        self.p = [
            {name: int(values[j]) for name, values in loaded.parameters.items()}
            for j in range(self.c.neurons)
        ]
        self.routes = loaded.routes.tolist()
        self.s = [{"v": 0, "": 0, "_exc": 0, "_inh": 0, "ref": 0} for _ in self.p]
        self.pending = []
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

    def leak(self, x, p):
        if self.c.leak == "exponential":
            return self.decay(x, p["d_mem"])
        if self.c.leak == "linear":
            return max(x - p["leak"], 0) if x > 0 else min(x + p["leak"], 0)
        return x

    def update(self, j, active):
        """One neuron, one step; returns whether it fired."""
        p, s = self.p[j], self.s[j]
        total = 0
        for receptor in [""] if self.c.receptors == 1 else ["_exc", "_inh"]:
            a = 0
            for i in active:
                w = self.w[i][j]
                if receptor == "" or (receptor == "_exc") == (w > 0):
                    a += w
            d = 4096 if self.c.synapse == "delta" else p["d_syn" + receptor]
            s[receptor] = self.sat(self.decay(s[receptor], d) + a * 2**self.c.weight_shift)
            total += s[receptor]
        refractory = s["ref"] > 0
        if refractory:
            s["ref"] -= 1
            if not self.c.integrate_refractory:
                return False
        s["v"] = self.sat(self.leak(s["v"], p) + total + p.get("bias", 0))
        if refractory or s["v"] < p["v_threshold"]:
            return False
        if self.c.reset == "value":
            s["v"] = p["v_reset"]
        else:
            s["v"] = self.sat(s["v"] - p["v_threshold"])
        s["ref"] = p.get("refractory", 0)
        return True

    def step(self, axons):
        """`axons`: ids from the host, with repetitions.  Returns the list of who fired."""
        arrivals = self.pending + [i for i in axons if i < self.c.axons]
        active = set(arrivals)
        self.counters["unknown"] += sum(i >= self.c.axons for i in axons)
        self.counters["duplicates"] += len(arrivals) - len(active)
        self.counters["synaptic_operations"] += len(active) * self.c.neurons
        fired = [self.update(j, active) for j in range(self.c.neurons)]
        self.pending = [r for r, f in zip(self.routes, fired, strict=True) if f and r != NO_AXON]
        self.counters["steps"] += 1
        self.counters["spikes"] += sum(fired)
        return fired

    def state(self, name):
        return [s[name.removeprefix("i") if name[0] == "i" else name] for s in self.s]
