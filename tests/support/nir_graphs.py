"""NIR graphs made for a test, and what they do on the golden model, beside NIR's equations."""

import itertools

import nir
import nir_reference
import numpy as np

import spikeloom

DT = 1e-3


def spikes(steps, size, rate=0.3, seed=0):
    return np.random.default_rng(seed).random((steps, size)) < rate


def graph(*nodes, extra=(), more=None):
    """A chain of nodes between an Input and an Output, and further nodes and edges."""
    names = [f"n{k}" for k in range(len(nodes))]
    parts = dict(zip(names, nodes, strict=True)) | (more or {})
    first = nodes[0].input_type["input"] if nodes[0].input_type else None
    size = np.array(first if first is not None else [1])
    every = {
        "in": nir.Input({"input": size}),
        **parts,
        "out": nir.Output({"output": np.array([1])}),
    }
    edges = list(zip(["in", *names], [*names, "out"], strict=True))
    made = nir.NIRGraph(every, [*edges, *extra], type_check=False)
    made.nodes["out"] = nir.Output({"output": None})
    return made


def device_run(found, x, device="golden:", **settings):
    """Spikes of all populations on the golden model, beginning where the source's do, and the run."""
    if "config" not in settings:
        settings = {"weight_bits": 16, "state_bits": 28, **settings}
    design = spikeloom.compile(found.network, **settings)
    late = max(found.delays.values(), default=0)
    name = next(iter(found.network.inputs))
    with spikeloom.open(device, design) as opened:
        found.start(opened)
        run = opened.run({name: x.reshape(len(x), -1)}, len(x) + late)
    return {name: found.aligned(name, run[name])[: len(x)] for name in found.network.populations}


def compare(made, x, reset="value", dt=DT, shapes=None, least=1, **options):
    """The number of spikes, after checking that every population's are equal."""
    found = spikeloom.from_nir(made, dt=dt, reset=reset, **options)
    got = device_run(found, x)
    want = nir_reference.run(made, x, dt, reset, shapes)
    total = 0
    for name, raster in want.items():
        flat = raster.reshape(len(x), -1) > 0
        assert np.array_equal(got[name], flat), (name, flat.sum(), got[name].sum())
        total += int(flat.sum())
    assert total >= least
    return total


def weights(*shape, seed=1, scale=1.0):
    """Multiples of 1/256, which a core holds; so are decays of dt/τ = 1/8 and such."""
    return np.rint(np.random.default_rng(seed).normal(0.15, 0.5, shape) * scale * 256) / 256


def full(value, size):
    return np.full(size, float(value))


def lif(size, tau=0.008, r=None, threshold=1.0, **more):
    return nir.LIF(
        tau=full(tau, size), r=full(tau / DT if r is None else r, size),
        v_leak=full(more.pop("v_leak", 0), size), v_threshold=full(threshold, size),
        v_reset=full(more.pop("v_reset", 0), size),
    )  # fmt: skip


def cuba(size, tau_syn=0.004, tau_mem=0.008, gain=1.0, **more):
    return nir.CubaLIF(
        tau_syn=full(tau_syn, size), tau_mem=full(tau_mem, size), r=full(tau_mem / DT, size),
        v_leak=full(more.get("v_leak", 0), size), v_threshold=full(1.0, size),
        v_reset=full(0, size), w_in=full(gain * tau_syn / DT, size),
    )  # fmt: skip


def chain(**changes):
    """Input → Affine → LIF → Linear → CubaLIF → Output, with nodes changed."""
    nodes = {
        "input": nir.Input({"input": np.array([3])}),
        "fc": nir.Affine(np.ones((4, 3)), np.zeros(4)),
        "lif": lif(4),
        "out_fc": nir.Linear(np.ones((2, 4))),
        "cuba": nir.CubaLIF(*(full(x, 2) for x in (4e-3, 8e-3, 1, 0, 1, 0)), w_in=full(1, 2)),
        "output": nir.Output({"output": np.array([2])}),
    }
    names = list(nodes)
    nodes |= changes.pop("more", {})
    edges = changes.pop("edges", None) or list(itertools.pairwise(names))
    edges += changes.pop("extra", [])
    for name, node in changes.items():
        nodes[name] = node
    return nir.NIRGraph(nodes, edges, type_check=False)
