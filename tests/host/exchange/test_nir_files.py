"""Public NIR files, where SPIKELOOM_NIR_FILES names a folder of them: imported and run, or refused.

Each runs against NIR's equations, with inputs of the test; what is refused has its reason here.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from nir_graphs import device_run
from recorded import recording

import spikeloom
from spikeloom import ForeignNetworkError
from spikeloom.exchange.nir.flat import flat_graph
from spikeloom.exchange.nir.raw import raw_graph

FOLDER = os.environ.get("SPIKELOOM_NIR_FILES", "")
pytestmark = pytest.mark.skipif(
    not Path(FOLDER, "nir_lif_norse.nir").is_file(),
    reason="SPIKELOOM_NIR_FILES names no such folder",
)
PATTERN = [
    6, 15, 4, 3, 0, 2, 1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 5,
]  # fmt: skip
"""Gaps between the published LIF task's input spikes, each a hundredth of its 1 000 steps."""


def path(name):
    return Path(FOLDER, name)


def read(name, **options):
    return spikeloom.from_nir(path(name), **options)


def lif_input(repeats):
    slots = [0] * 100
    at = -1
    for gap in PATTERN:
        at += gap + 1
        slots[at] = 1
    return np.tile(np.array([[s] + [0] * 9 for s in slots]).reshape(-1, 1), (repeats, 1)) > 0


def float_lif(x, alpha, gain, threshold, *, subtract, at):
    """(steps,) spikes of one neuron."""
    v, fired = 0.0, []
    for spike in x[:, 0]:
        v = alpha * v + gain * spike
        fires = v >= threshold if at else v > threshold
        v = (v - threshold if subtract else 0.0) if fires else v
        fired.append(fires)
    return np.array(fired)


@pytest.mark.parametrize("repeats", [1, 22])
def test_the_published_lif_task(repeats):
    x = lif_input(repeats)
    tau, threshold = float(np.float32(0.0025)), float(np.float32(0.1))
    found = read("nir_lif_norse.nir", dt=1e-4, reset="value")
    want = float_lif(x, 1 - 1e-4 / tau, 1e-4 / tau, threshold, subtract=False, at=False)
    got = device_run(found, x)["1"][:, 0]
    print(f"nir_lif_norse.nir: {want.sum()} spikes, {(want != got).sum()} differ")
    assert np.array_equal(got, want)
    assert want.sum() == 4 * repeats


@pytest.mark.parametrize("name", ["norse-paper", "norse-paper-long"])
def test_the_published_file_fires_as_norse_itself(name):
    """4 spikes on the published input, and 87 of 87 on a longer one, as Norse recorded them."""
    recorded = recording(name)
    found = read("nir_lif_norse.nir", dt=1e-4, reset="value")
    assert np.array_equal(device_run(found, recorded.x)["1"], recorded.layers["1"])


def test_rockpools_file_decays_exponentially():
    x = lif_input(4)
    found = read("nir_lif_rockpool.nir", dt=1e-4)
    tau, threshold = float(np.float32(0.0025)), float(np.float32(0.1))
    weight, alpha = float(np.float32(0.04)), np.exp(-1e-4 / tau)
    want = float_lif(x, alpha, weight, threshold, subtract=True, at=True)
    assert np.array_equal(device_run(found, x)["1_LIFNeuronTorch"][:, 0], want)


class Layer:
    """CubaLIF by forward Euler, written from NIR's text."""

    def __init__(self, node, size, dt, subtract):
        def value(key, default=0.0):
            given = node.values.get(key, default)
            return np.broadcast_to(np.asarray(given, dtype=np.float64).ravel()[:size], (size,))

        self.syn, self.mem = dt / value("tau_syn"), dt / value("tau_mem")
        self.w_in, self.r = value("w_in", 1.0), value("r")
        self.threshold, self.subtract = value("v_threshold"), subtract
        self.i, self.v, self.fired = np.zeros(size), np.zeros(size), np.zeros(size)

    def step(self, x):
        self.i = self.i + self.syn * (self.w_in * x - self.i)
        self.v = self.v + self.mem * (self.r * self.i - self.v)
        self.fired = (self.v > self.threshold).astype(float)
        down = self.threshold if self.subtract else self.v
        self.v = self.v - down * self.fired
        return self.fired


def braille(name, names, dt, subtract, x):
    """Spikes of both layers, from the numbers in the file."""
    nodes = flat_graph(raw_graph(path(name))).nodes
    lif1, rec, lif2 = names

    def linear(key, s):
        node = nodes[key]
        return np.asarray(node.values["weight"], np.float64) @ s + node.values.get("bias", 0.0)

    size = nodes["fc1"].values["weight"].shape[0]
    first, second = Layer(nodes[lif1], size, dt, subtract), Layer(nodes[lif2], 7, dt, subtract)
    spikes = []
    for row in x:
        s = first.step(linear("fc1", row) + linear(rec, first.fired))
        spikes.append((s, second.step(linear("fc2", s))))
    return [np.array(part) > 0 for part in zip(*spikes, strict=True)]


BRAILLE = [
    ("nir_braille_subtract.nir", ("lif1.lif", "lif1.w_rec", "lif2"), 1e-4, "subtract"),
    ("nir_braille_zero_subgraph.nir", ("lif1.lif1", "lif1.lin", "lif2"), 1e-4, "value"),
    ("nir_braille_flattened.nir", ("lif1", "w_rec", "lif2"), 1.0, "value"),
    ("nir_braille_dangling.nir", ("lif1.lif", "lif1.w_rec", "lif2"), 1.0, "value"),
    ("nirtorch_braille_subgraph.nir", ("hidden.lif", "hidden.lin", "lif2"), 1e-4, "value"),
]


@pytest.mark.parametrize(("name", "names", "dt", "reset"), BRAILLE, ids=[b[0] for b in BRAILLE])
def test_the_braille_networks(name, names, dt, reset):
    found = read(name, dt=dt, reset=reset)
    x = np.random.default_rng(0).random((256, 12)) < 0.15
    want = braille(name, names, dt, reset == "subtract", x.astype(float))
    table = []
    for bits in ((8, 16), (12, 24), (16, 28)):
        got = device_run(found, x, weight_bits=bits[0], state_bits=bits[1])
        parts = [got[names[0]], got[names[2]]]
        off = [int((a != b).sum()) for a, b in zip(parts, want, strict=True)]
        table.append((bits, off))
    print(name, [int(w.sum()) for w in want], table)
    assert table[-1][1] == [0, 0]
    if name == "nir_braille_subtract.nir":
        assert want[1].sum() > 0
        assert table[1][1] == [0, 0]


@pytest.mark.parametrize("case", BRAILLE[2:4], ids=["flattened", "dangling"])
def test_older_files_of_snntorch_are_what_it_ran(case):
    """Times in steps, and an r that it never used: by NIR's text these networks are silent."""
    name, (lif1, rec, lif2), dt, _ = case
    found = read(name, dt=dt, reset="value", source="snntorch")
    nodes = flat_graph(raw_graph(path(name))).nodes
    x = np.random.default_rng(0).random((256, 12)) < 0.3

    def linear(key, s):
        values = nodes[key].values
        return np.asarray(values["weight"], np.float64) @ s + values.get("bias", 0.0)

    class Synaptic:
        def __init__(self, node, size):
            self.alpha, self.beta = (1 - 1 / float(node.values[k]) for k in ("tau_syn", "tau_mem"))
            self.syn, self.mem, self.fired = np.zeros(size), np.zeros(size), np.zeros(size)

        def step(self, drive):
            self.syn = self.alpha * self.syn + drive
            self.mem = (self.beta * self.mem + self.syn) * (1 - self.fired)
            self.fired = (self.mem > 1).astype(float)
            return self.fired

    first, second, want = Synaptic(nodes[lif1], 38), Synaptic(nodes[lif2], 7), []
    for row in x.astype(float):
        s = first.step(linear("fc1", row) + linear(rec, first.fired))
        want.append((s, second.step(linear("fc2", s))))
    parts = [np.array(part) > 0 for part in zip(*want, strict=True)]
    got = device_run(found, x, weight_bits=16, state_bits=28)
    off = [int((got[n] != w).sum()) for n, w in zip((lif1, lif2), parts, strict=True)]
    print(name, "snntorch", [int(w.sum()) for w in parts], off)
    assert parts[1].sum() > 50
    assert off == [0, 0]


def test_a_convolutional_network_is_imported_whole():
    found = read("snntorch_scnn.nir", dt=1.0, reset="subtract")
    assert [p.size for p in found.network.populations.values()] == [4096, 4096, 512, 256, 10]
    assert "1122848 synapses" in repr(found)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("broken_truncated.nir", {"dt": 1e-4}, "writing it ended early"),
        ("nirtorch_braille_subgraph.nir", {"dt": 1.0, "reset": "value"}, "'hidden.lif' .*less than dt"),
        ("nir_braille_subtract.nir", {}, "'lif1.lif' .*needs dt, .*With dt=0.0001"),
        ("nir_lif_norse.nir", {"dt": 1e-4}, "'1' .*needs reset"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(name, options, reason):
    with pytest.raises(ForeignNetworkError, match=reason):
        read(name, **options)


def braille_subtract():
    """The Braille network with a reset by subtraction, an input, and what NIR's equations give."""
    name, names, dt, reset = BRAILLE[0]
    found = read(name, dt=dt, reset=reset)
    x = np.random.default_rng(0).random((256, 12)) < 0.15
    want = braille(name, names, dt, True, x.astype(float))
    # The second layer is a step later here.
    return found, {"input": np.pad(x, ((0, 1), (0, 0)))}, dict(zip(names[::2], want, strict=True))


def test_braille_has_no_difference_with_12_bit_weights_and_the_states_that_a_search_finds():
    found, x, want = braille_subtract()

    def differences(runs):
        (run,) = runs
        rows = len(next(iter(want.values())))
        return -float(sum((found.aligned(n, run[n])[:rows] != w).sum() for n, w in want.items()))

    design = spikeloom.compile(
        found.network, weight_bits=12, samples=spikeloom.Samples([x]), accuracy=differences,
        tolerance=0,
    )  # fmt: skip
    with spikeloom.open("golden:", design) as device:
        found.start(device)
        run = device.run(x)
    assert differences([run]) == 0
    tried = [t for t in design.report.accuracy.trials if t.state_bits < design.config.state_bits]
    print(f"12-bit weights, {design.config.state_bits}-bit states: no difference; before:",
          {t.state_bits: -t.accuracy for t in tried})  # fmt: skip
    assert all(t.accuracy < 0 for t in tried)
    assert design.config.state_bits <= 24


def test_braille_with_8_bit_weights_is_explained():
    found, x, want = braille_subtract()
    design = spikeloom.compile(found.network, weight_bits=8)
    why = spikeloom.explain(found.network, design, x)
    print(why)
    # Floats by our equations are what NIR's equations give: all differences are the core's.
    ideal = spikeloom.open("float:", found.network).run(x)
    rows = len(next(iter(want.values())))
    assert all(np.array_equal(found.aligned(n, ideal[n])[:rows], w) for n, w in want.items())
    with spikeloom.open("golden:", design) as device:
        core = device.run(x)
    first = np.argwhere(core.spikes != ideal.spikes)[0]
    where = found.network.populations
    assert why.step == first[0]
    assert (why.population, why.neuron) == ("lif1.lif", first[1])
    assert where["lif1.lif"].size > why.neuron
    assert why.cause == "rounding of weights"
    assert sum(share for _, share in why.shares) == pytest.approx(why.margins[1] - why.margins[0])
