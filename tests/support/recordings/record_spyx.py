"""Records Spyx 1.0.0.  In an environment of its own: pip install spyx==1.0.0 nir"""

import jax.numpy as jnp
import numpy as np
import spyx.nn as snn
from flax import nnx
from spyx.nir import to_nir
from store import main, spikes, store, weights


def dense(out, inputs, seed, bias=None, mean=0.1, spread=0.5):
    layer = nnx.Linear(inputs, out, use_bias=bias is not None, rngs=nnx.Rngs(0))
    layer.kernel[...] = jnp.array(weights(inputs, out, seed=seed, mean=mean, spread=spread))
    if bias is not None:
        layer.bias[...] = jnp.array(weights(out, seed=seed + 50, mean=bias, spread=0.05))
    return layer


def decays(size, low, high):
    return jnp.linspace(low, high, size)


def leaky(size, low=0.5, high=0.95):
    cell = snn.LIF((size,), rngs=nnx.Rngs(0))
    cell.beta[...] = decays(size, low, high)
    return cell


def run(name, layers, x, nodes):
    model = snn.Sequential(*layers)
    graph = to_nir(
        model, {"input": np.array(x.shape[1:])}, {"output": np.array([nodes[list(nodes)[-1]]])}
    )
    states, seen = [None] * len(layers), {node: [] for node in nodes}
    keys = iter(nodes)
    place = {k: next(keys) for k, cell in enumerate(layers) if hasattr(cell, "initial_state")}
    for k, cell in enumerate(layers):
        if k in place:
            states[k] = cell.initial_state(1)
    for row in x:
        value = jnp.moveaxis(jnp.array(row)[None], 1, -1)
        for k, cell in enumerate(layers):
            if k in place:
                value, states[k] = cell(value, states[k])
                seen[place[k]].append(np.moveaxis(np.asarray(value)[0], -1, 0))
            else:
                value = cell(value)
    store(f"spyx-{name}", graph, x, seen)


def lifs():
    run("lif", [dense(12, 8, 1, bias=0.02), leaky(12), dense(5, 12, 2), leaky(5)], spikes(8),
        {"layer_1": 12, "layer_3": 5})  # fmt: skip


def beyond():
    """Decays that training can lead to: Spyx clips them to 0…1, and exports them as they are."""
    run("lif-beyond", [dense(12, 8, 1, mean=0.05), leaky(12, -0.2, 1.1), dense(5, 12, 2), leaky(5)],
        spikes(8), {"layer_1": 12, "layer_3": 5})  # fmt: skip


def cuba(cell):
    cell.alpha[...] = decays(12, 0.3, 0.8)
    cell.beta[...] = decays(12, 0.5, 0.9)
    return cell


def recurrent(cell):
    cell.recurrent_w[...] = jnp.array(weights(12, 12, seed=7, mean=-0.05, spread=0.2))
    return cell


def cubas():
    run("cubalif", [dense(12, 8, 1, mean=0.05, spread=0.25), cuba(snn.CuBaLIF((12,), rngs=nnx.Rngs(0))),
                    dense(5, 12, 2), leaky(5)], spikes(8), {"layer_1": 12, "layer_3": 5})  # fmt: skip


def integrating():
    run("if", [dense(12, 8, 1, bias=0.02), snn.IF((12,))], spikes(8), {"layer_1": 12})


def recurrent_leaky():
    cell = recurrent(snn.RLIF((12,), rngs=nnx.Rngs(0)))
    cell.beta[...] = decays(12, 0.5, 0.95)
    run("rlif", [dense(12, 8, 3), cell, dense(5, 12, 2), leaky(5)], spikes(8),
        {"layer_1.layer_1.lif": 12, "layer_3": 5})  # fmt: skip


def recurrent_current():
    cell = recurrent(cuba(snn.RCuBaLIF((12,), rngs=nnx.Rngs(0))))
    run("rcubalif", [dense(12, 8, 1, spread=0.3), cell, dense(5, 12, 2), leaky(5)], spikes(8),
        {"layer_1.layer_1.lif": 12, "layer_3": 5})  # fmt: skip


def convolution():
    """Spyx runs channels last: what it flattens is in the order row, column, channel."""
    conv = nnx.Conv(1, 3, (3, 3), padding="SAME", rngs=nnx.Rngs(0))
    conv.kernel[...] = jnp.array(weights(3, 3, 1, 3, seed=4, mean=0.15, spread=0.3))
    first = snn.LIF((8, 8, 3), beta=0.8, rngs=nnx.Rngs(0))
    layers = [conv, first, snn.SumPool((2, 2), (2, 2), "VALID"), snn.Flatten(),
              dense(4, 48, 2, mean=0.0, spread=0.3), leaky(4)]  # fmt: skip
    run("conv", layers, spikes(64, steps=60).reshape(60, 1, 8, 8), {"layer_1": 192, "layer_5": 4})


if __name__ == "__main__":
    main({"lif": lifs, "lif-beyond": beyond, "cubalif": cubas, "if": integrating, "rlif": recurrent_leaky,
          "rcubalif": recurrent_current, "conv": convolution})  # fmt: skip
