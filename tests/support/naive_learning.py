"""A second reading of docs/reference/semantics.md, "Learning" and "Adaptive threshold", in plain loops.

And random learning cores and images to compare the two readings with.
"""

import dataclasses

from hypothesis import strategies as st
from naive_core import NaiveCore, configs, random_image

from spikeloom.hdl import LearningConfig
from spikeloom.hdl.contract.image import RunningImage
from spikeloom.hdl.contract.rules import RULES


@st.composite
def learning_configs(draw, rule=None, **fixed):
    """Small learning cores that cover every option of a rule."""
    rule = draw(st.sampled_from(sorted(RULES))) if rule is None else rule
    fraction = draw(st.sampled_from([0, 1, 3, 6, 12]))
    values = {
        "rule": rule,
        "trace_bits": draw(st.sampled_from([2, 5, 8, 16])),
        "fraction_bits": fraction,
        "stochastic": draw(st.booleans()) and fraction > 0,
    }
    options = {
        "pairing": ["all", "nearest"],
        "bounds": ["hard", "soft"],
        "rates": ["shift", "multiply"],
        "eligibility_bits": [4, 8, 16],
        "modulator_bits": [4, 8, 16],
    }
    for name in RULES[rule].settings:
        values[name] = draw(st.sampled_from(options[name]))
    if values.get("bounds") == "soft":
        values["rates"] = "shift"
    learning = LearningConfig(**{**values, **{k: fixed.pop(k) for k in set(fixed) & set(values)}})
    adaptation = draw(st.sampled_from(["none", "exponential", "rate"]))
    return draw(configs(learning=learning, **{"adaptation": adaptation, **fixed}))


def random_learning_image(config, rng, **parameters):
    """An image with parameters of every magnitude, corners included; bounds mostly in order."""

    def number(field):
        kind = rng.random()
        if kind < 0.1:
            return field.minimum
        if kind < 0.2:
            return field.maximum
        value = int(rng.integers(field.minimum, field.maximum, endpoint=True))
        return value >> int(rng.integers(0, field.bits))

    shape = (config.axons, config.neurons)
    learning = {f.name: number(f) for f in config.layout.learning}
    if rng.random() < 0.8:
        learning["w_min"], learning["w_max"] = sorted((learning["w_min"], learning["w_max"]))
    learning["enabled"] = 1
    if "sweep_log2" in learning:
        learning["sweep_log2"] = int(rng.integers(0, 3))
    if "ca_3" in learning:
        names = ("ca_1", "ca_2", "ca_3")
        learning |= dict(zip(names, sorted(learning[n] for n in names), strict=True))
    has = {f.name for f in config.layout.axon_fields}
    return dataclasses.replace(
        RunningImage.of(random_image(config, rng)),
        learning=learning | parameters,
        plastic=rng.random(shape) < rng.choice([0.5, 1.0]),
        modulatory=(rng.random(shape[0]) < 0.4) & ("modulatory" in has),
        axon_tags=rng.integers(0, 1 << 16, shape[0]),
        neuron_tags=rng.integers(0, 1 << 16, shape[1]),
    )


class NaiveLearningCore(NaiveCore):
    """One synapse at a time, in the order of the text."""

    def __init__(self, loaded):
        super().__init__(loaded)
        self.l = self.c.learning
        self.k = dict(loaded.learning)
        self.plastic = loaded.plastic.tolist()
        self.modulatory = loaded.modulatory.tolist()
        self.axon_tags, self.neuron_tags = loaded.axon_tags.tolist(), loaded.neuron_tags.tolist()
        axons, neurons = range(self.c.axons), range(self.c.neurons)
        self.x = [0 for _ in axons]
        self.y, self.m, self.up, self.down = ([0 for _ in neurons] for _ in range(4))
        self.e = [[0 for _ in neurons] for _ in axons]
        for s in self.s:
            s["th"] = 0

    # Numbers.

    def sat_n(self, value, low, high):
        self.counters["clamps"] += value < low or value > high
        return min(max(value, low), high)

    def sat_signed(self, value, bits):
        return self.sat_n(value, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def sat_t(self, value):
        return self.sat_n(value, 0, 2**self.l.trace_bits - 1)

    def lift(self, w, z):
        return self.lower(w, -z, down=z < 0)

    def lower(self, w, z, down=None):
        if z >= 0 if down is None else down:
            bounded = max(w - z, self.k["w_min"])
        else:
            bounded = min(w - z, self.k["w_max"])
        self.counters["weight_clamps"] += bounded != w - z
        return bounded

    def rnd(self, z, phase, i, j):
        scale = 2**self.l.fraction_bits
        if self.l.stochastic:
            rho = self.random(phase, i, j) // 2 ** (16 - self.l.fraction_bits)
        else:
            rho = scale // 2
        return (z + rho) // scale

    def random(self, phase, i, j):
        def absorb(h, k):
            h = (h + k) % 2**32
            h = (h + h * 2**10) % 2**32
            return h ^ (h // 2**6)

        def finish(h):
            h = (h + h * 2**3) % 2**32
            h ^= h // 2**11
            return (h + h * 2**15) % 2**32

        own, other = self.axon_tags[i], self.neuron_tags[j]
        if phase == 1:
            own, other = other, own
        big = finish(absorb(absorb(absorb(self.k["seed"], self.t), phase), own))
        return ((other ^ (big // 2**16)) + big % 2**16) % 2**16

    # The threshold.

    def receptor(self, i, w):
        return "m" if self.modulatory[i] else super().receptor(i, w)

    def update(self, j, t):
        p, s = self.p[j], self.s[j]
        fixed = p["v_threshold"]
        p["v_threshold"] = fixed + s["th"]
        fired = super().update(j, t)
        p["v_threshold"] = fixed
        if self.c.adaptation == "exponential":
            s["th"] = self.sat(self.decay(s["th"], p["d_th"]) + p["th_inc"] * fired)
        elif self.c.adaptation == "rate":
            s["th"] = self.sat(s["th"] + p["th_inc"] * fired - p["th_dec"])
        return fired

    # When.

    def step(self, axons):
        self.t = self.counters["steps"]
        active = {i for due, i in self.pending if due == self.t}
        active |= {i for i in axons if i < self.c.axons}
        # Sums first: they are of the weights from before the step's learning.
        fired = super().step(axons)
        modulation = [self.due.pop((self.t, j, "m"), 0) for j in range(self.c.neurons)]
        enabled = self.k["enabled"]
        self.axon_traces(active)
        for i in range(self.c.axons):
            for j in range(self.c.neurons):
                if i in active and self.plastic[i][j] and enabled:
                    self.counters["weight_updates"] += 1
                    self.on_pre(i, j)
        for i in range(self.c.axons):
            for j in range(self.c.neurons):
                if fired[j] and self.plastic[i][j] and enabled and self.l.rule != "sdsp":
                    self.counters["weight_updates"] += 1
                    self.on_post(i, j)
        self.neuron_states(fired, modulation)
        if self.l.rule in ("symmetric", "three_factor", "lag_table"):
            period = 2 ** self.k["sweep_log2"]
            if (self.t + 1) % period == 0 and enabled:
                self.sweep()
        return fired

    def trace(self, value, letter, spike):
        k = self.k
        if self.l.rule == "rectangular":
            return k[f"{letter}_window"] if spike else max(value - 1, 0)
        if self.l.rule == "lag_table":
            bits = [int(spike) if letter == "x" else 1, *self.bits(value)]
            return self.number(bits[: self.l.trace_bits + (letter == "y")])
        decayed = self.decay(value, k[f"d_{letter}"])
        if self.l.pairing == "nearest":
            return k[f"{letter}_inc"] if spike else decayed
        return self.sat_t(decayed + k[f"{letter}_inc"] * spike)

    @staticmethod
    def bits(value):
        return [value // 2**k % 2 for k in range(20)]

    @staticmethod
    def number(bits):
        return sum(bit * 2**k for k, bit in enumerate(bits))

    def axon_traces(self, active):
        if self.l.rule != "sdsp":
            self.x = [self.trace(x, "x", i in active) for i, x in enumerate(self.x)]

    def neuron_states(self, fired, modulation):
        k, rule = self.k, self.l.rule
        for j, s in enumerate(fired):
            self.y[j] = self.trace(self.y[j], "y", s)
            if rule == "three_factor":
                first = self.t % 2 ** k["sweep_log2"] == 0
                d = k["d_mod_first"] if first else k["d_mod"]
                m = self.decay(self.m[j], d) + modulation[j] + k["m_spike"] * s
                self.m[j] = self.sat_signed(m, self.l.modulator_bits)
            if rule == "sdsp":
                v, y = self.s[j]["v"], self.y[j]
                self.up[j] = int(v >= k["theta_m"] and k["ca_1"] <= y < k["ca_3"])
                self.down[j] = int(v < k["theta_m"] and k["ca_1"] <= y < k["ca_2"])

    # Rules.

    def on_pre(self, i, j):
        k, rule, w, y = self.k, self.l.rule, self.w[i][j], self.y[j]

        def rnd(z):
            return self.rnd(z, 0, i, j)

        if rule == "pair" and self.l.bounds == "soft":
            self.w[i][j] = self.lower(w, rnd((w - k["w_min"]) * y))
        elif rule == "pair" and self.l.rates == "multiply":
            self.w[i][j] = self.lower(w, rnd(k["a_minus"] * y))
        elif rule == "pair":
            self.w[i][j] = self.lower(w, rnd(y))
        elif rule == "rectangular":
            if y > 0:
                self.w[i][j] = self.lower(w, rnd(k["a_minus"]))
        elif rule == "symmetric":
            self.w[i][j] = self.lift(w, rnd(y - k["c_pre"]))
        elif rule == "three_factor":
            e = self.e[i][j] + k["e_pre"] - y
            self.e[i][j] = self.sat_signed(e, self.l.eligibility_bits)
        elif rule == "sdsp":
            if self.up[j]:
                self.w[i][j] = self.lift(w, rnd(k["a_plus"]))
            elif self.down[j]:
                self.w[i][j] = self.lower(w, rnd(k["a_minus"]))

    def on_post(self, i, j):
        k, rule, w, x = self.k, self.l.rule, self.w[i][j], self.x[i]

        def rnd(z):
            return self.rnd(z, 1, i, j)

        if rule == "pair" and self.l.bounds == "soft":
            self.w[i][j] = self.lift(w, rnd((k["w_max"] - w) * x))
        elif rule == "pair" and self.l.rates == "multiply":
            self.w[i][j] = self.lift(w, rnd(k["a_plus"] * x))
        elif rule == "pair":
            self.w[i][j] = self.lift(w, rnd(x))
        elif rule == "rectangular":
            if x > 0:
                self.w[i][j] = self.lift(w, rnd(k["a_plus"]))
        elif rule == "symmetric":
            self.w[i][j] = self.lift(w, rnd(x - k["c_post"]))
        elif rule == "three_factor":
            e = self.e[i][j] + k["e_post"] + x
            self.e[i][j] = self.sat_signed(e, self.l.eligibility_bits)
        elif rule == "lag_table":
            self.w[i][j] = self.lift(w, rnd(sum(k[f"plus_{n}"] for n in self.lags(x))))

    def lags(self, register):
        return [n for n in range(self.l.trace_bits) if self.bits(register)[n]]

    def sweep(self):
        k = self.k
        for j in range(self.c.neurons):
            plastic = [i for i in range(self.c.axons) if self.plastic[i][j]]
            total = sum(self.w[i][j] for i in plastic)
            for i in plastic:
                self.counters["weight_updates"] += 1
                w, e = self.w[i][j], self.e[i][j]
                if self.l.rule == "symmetric":
                    g = (k["scaling_target"] - total) // 2 ** k["scaling_shift"]
                    change = self.rnd(w * min(max(g, -128), 127), 2, i, j)
                elif self.l.rule == "lag_table":
                    taken = sum(k[f"minus_{n}"] for n in self.lags(self.y[j] // 2))
                    self.w[i][j] = self.lower(w, self.rnd(taken, 2, i, j))
                    continue
                else:
                    change = self.rnd(self.m[j] * e, 2, i, j)
                    self.e[i][j] = self.decay(e, k["d_e"])
                self.w[i][j] = self.lift(w, change)

    def state(self, name):
        if name in ("x", "y", "m", "up", "down"):
            return getattr(self, name)
        if name == "th":
            return [s["th"] for s in self.s]
        return super().state(name)
