"""netx files, and what Loihi does with them, written from Lava's bit-accurate model."""

from __future__ import annotations

import numpy as np


def neuron(i_decay, v_decay, threshold, **more):
    return {
        "type": b"CUBA", "iDecay": i_decay, "vDecay": v_decay, "vThMant": threshold, "refDelay": 1,
        "gradedSpike": False, **more,
    }  # fmt: skip


def dense(weight, cell, **more):
    weight = np.asarray(weight, dtype=np.float32)
    kind = np.array([b"dense_rec" if "weight_rec" in more else b"dense"])
    return {
        "type": kind,
        "shape": np.array([len(weight)]),
        "weight": weight,
        "neuron": cell,
        **more,
    }


def conv(weight, shape, cell, stride=1, padding=0, dilation=1, groups=1, **more):
    return {
        "type": np.array([b"conv"]), "shape": np.array(shape), "weight": np.asarray(weight, np.float32),
        "stride": np.array([stride] * 2), "padding": np.array([padding] * 2),
        "dilation": np.array([dilation] * 2), "groups": groups, "neuron": cell, **more,
    }  # fmt: skip


def write(path, layers):
    """Save layers, as lava-dl's blocks export themselves."""
    import h5py

    with h5py.File(path, "w") as file:
        for k, layer in enumerate(layers):
            for name, value in layer.items():
                items = value.items() if isinstance(value, dict) else [(None, value)]
                for key, part in items:
                    file[f"layer/{k}/{name}" + (f"/{key}" if key else "")] = part
    return path


def cut(x, decay):
    return np.sign(x) * ((np.abs(x) * (4096 - decay)) >> 12)


def correlate(image, layer):
    """What kernels (out, in / groups, height, width) make of (channels, height, width)."""
    weight, (s, _), (p, _), (d, _) = (layer[k] for k in ("weight", "stride", "padding", "dilation"))
    image = np.pad(image, ((0, 0), (p, p), (p, p)))
    out, depth, height, width = weight.shape
    result = np.zeros(layer["shape"], dtype=np.int64)
    for o in range(out):
        first = o // (out // layer["groups"]) * depth
        for i in range(result.shape[1]):
            for j in range(result.shape[2]):
                patch = image[first : first + depth, i * s :, j * s :]
                patch = patch[:, : d * height : d, : d * width : d]
                result[o, i, j] = (patch * weight[o]).sum()
    return result


def simulate(layers, spikes, shape):
    """Lists of (T, N) spikes and potentials, by layer; a layer hears the one before a step later."""
    steps = len(spikes)
    before, result, potentials = spikes.reshape(steps, *shape), [], []
    for layer in layers:
        cell, size = layer["neuron"], int(np.prod(layer["shape"]))
        u, v = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        bias = np.asarray(layer.get("bias", 0), dtype=np.int64).ravel()
        bias = np.repeat(bias, size // bias.size)
        fired, kept = np.zeros((steps, size), dtype=bool), np.zeros((steps, size), dtype=np.int64)
        for t in range(steps):
            a = np.zeros(size, dtype=np.int64)
            if "stride" in layer:
                a += correlate(before[t - 1], layer).ravel() if t else 0
            else:
                a += arrived(layer, "weight", before.reshape(steps, -1), t)
                if "weight_rec" in layer:
                    a += arrived(layer, "weight_rec", fired, t)
            u = cut(u, cell["iDecay"]) + 64 * a
            v = cut(v, cell["vDecay"]) + u + 64 * bias
            fired[t] = v > 64 * cell["vThMant"]
            v[fired[t]] = 0
            kept[t] = v
        result.append(fired)
        potentials.append(kept)
        before = fired.reshape(steps, *layer["shape"])
    return result, potentials


def arrived(layer, key, spikes, t):
    """(N,) sums of weights whose sources fired 1 + delay steps ago."""
    weight = layer[key]
    delay = np.asarray(layer.get("delay", 0))
    late = 1 + np.broadcast_to(delay[:, None] if delay.ndim == 1 else delay, weight.shape)
    total = np.zeros(len(weight))
    for out, source in np.argwhere(weight):
        if t >= late[out, source]:
            total[out] += weight[out, source] * spikes[t - late[out, source], source]
    return total.astype(np.int64)
