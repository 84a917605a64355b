"""NIR's equations, run in floats node by node by forward Euler, written apart from the importer.

A layer acts in the same step; what would come from a later node of a cycle is that of the step before.
A Delay gives what it was given so many steps ago: one of a step or more waits for nothing in a step.
"""

from __future__ import annotations

import numpy as np


def as_array(value, shape):
    return np.broadcast_to(np.asarray(value, dtype=np.float64), shape).copy()


class Neuron:
    """One node of neurons; `kind` and values are those of the node."""

    def __init__(self, node, shape, dt, reset):
        self.kind, self.dt, self.reset = type(node).__name__, dt, reset
        for name in ("tau", "tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"):
            value = getattr(node, name, None)
            if value is not None:
                setattr(self, name, as_array(value, shape))
        if self.kind == "Threshold":
            self.v_threshold = as_array(node.threshold, shape)
        self.v = as_array(getattr(node, "v_leak", 0.0), shape)
        self.i = np.zeros(shape)

    def step(self, x):
        if self.kind == "Threshold":
            return (x > self.v_threshold).astype(float)
        if self.kind in ("CubaLI", "CubaLIF"):
            self.i = self.i + self.dt / self.tau_syn * (-self.i + self.w_in * x)
            x, tau = self.i, self.tau_mem
        elif self.kind in ("LI", "LIF"):
            tau = self.tau
        if self.kind in ("I", "IF"):
            self.v = self.v + self.dt * self.r * x
        else:
            self.v = self.v + self.dt / tau * (self.v_leak - self.v + self.r * x)
        if self.kind in ("I", "LI", "CubaLI"):
            return self.v.copy()
        fired = self.v > self.v_threshold
        if self.reset == "subtract":
            self.v = np.where(fired, self.v - self.v_threshold, self.v)
        else:
            self.v = np.where(fired, self.v_reset, self.v)
        return fired.astype(float)


NEURONS = ("Threshold", "I", "IF", "LI", "LIF", "CubaLI", "CubaLIF")


def convolve(x, weight, bias, stride, padding, dilation, groups):
    """A 2-d convolution by loops over every output, channels first."""
    per_group = weight.shape[0] // groups
    height, width = weight.shape[2:]
    full = np.pad(x, ((0, 0), padding[0], padding[1]))
    rows = (full.shape[1] - dilation[0] * (height - 1) - 1) // stride[0] + 1
    columns = (full.shape[2] - dilation[1] * (width - 1) - 1) // stride[1] + 1
    y = np.zeros((weight.shape[0], rows, columns))
    for c in range(weight.shape[0]):
        first = (c // per_group) * weight.shape[1]
        for r in range(rows):
            for s in range(columns):
                total = bias[c]
                for k in range(weight.shape[1]):
                    for a in range(height):
                        for b in range(width):
                            at = (r * stride[0] + a * dilation[0], s * stride[1] + b * dilation[1])
                            total += weight[c, k, a, b] * full[first + k, at[0], at[1]]
                y[c, r, s] = total
    return y


def pair(value):
    values = np.ravel(value)
    return tuple(int(v) for v in (values if len(values) > 1 else (values[0],) * 2))


def linear(node, x):
    """What a linear node does with an array."""
    kind = type(node).__name__
    if kind in ("Affine", "Linear"):
        y = np.asarray(node.weight, dtype=np.float64) @ x.ravel()
        return y + np.asarray(node.bias, dtype=np.float64) if kind == "Affine" else y
    if kind == "Scale":
        return x * node.scale
    if kind == "Flatten":
        return x.ravel()
    if kind in ("SumPool2d", "AvgPool2d"):
        kernel, channels = pair(node.kernel_size), x.shape[0]
        weight = np.ones((channels, 1, *kernel)) / (1 if kind == "SumPool2d" else np.prod(kernel))
        pads = [(p, p) for p in pair(node.padding)]
        return convolve(x, weight, np.zeros(channels), pair(node.stride), pads, (1, 1), channels)
    pads = [(p, p) for p in pair(node.padding)]
    weight = np.asarray(node.weight, dtype=np.float64)
    if kind == "Conv1d":
        one = (int(np.ravel(node.stride)[0]), int(np.ravel(node.dilation)[0]))
        y = convolve(
            x[:, None, :], weight[:, :, None, :], node.bias, (1, one[0]), [(0, 0), pads[0]],
            (1, one[1]), node.groups,
        )  # fmt: skip
        return y[:, 0]
    return convolve(x, weight, node.bias, pair(node.stride), pads, pair(node.dilation), node.groups)


def past(history, steps):
    """What was given so many steps before the last entry, element by element; 0 before the first."""
    found = np.zeros(steps.shape)
    for at in np.ndindex(steps.shape):
        if len(history) > steps[at]:
            found[at] = history[-1 - steps[at]][at]
    return found


def run(graph, inputs, dt, reset="value", shapes=None):
    """Outputs of all neurons, (steps, …) by name, of a flat `nir.NIRGraph` with one Input.

    `inputs` is (steps, …) of 0 and 1; `shapes` gives those of neurons whose values are single numbers.
    """
    shapes, nodes = shapes or {}, graph.nodes
    before = {name: [a for a, b in graph.edges if b == name] for name in nodes}
    neurons, delayed = {}, {}
    for name, node in nodes.items():
        if type(node).__name__ in NEURONS:
            key = next(k for k in ("v_threshold", "threshold", "r") if hasattr(node, k))
            shape = shapes.get(name, np.shape(getattr(node, key)))
            neurons[name] = Neuron(node, shape, dt, reset)
    waits = {
        name: np.rint(np.asarray(node.delay, dtype=np.float64) / dt).astype(int)
        for name, node in nodes.items()
        if type(node).__name__ == "Delay"
    }
    early = [name for name, steps in waits.items() if steps.min() >= 1]
    order, left = [], [name for name in nodes if type(nodes[name]).__name__ != "Input"]
    left = [name for name in left if name not in early]
    while left:
        ready = [n for n in left if all(b not in left for b in before[n])]
        # A cycle is broken where a neuron waits for linear nodes behind it.
        take = ready[0] if ready else next(n for n in left if n in neurons)
        order.append(take)
        left.remove(take)
    values, recorded = {}, {name: [] for name in neurons}
    for x in inputs:
        for name, node in nodes.items():
            if type(node).__name__ == "Input":
                values[name] = np.asarray(x, dtype=np.float64)
        for name in early:
            history = delayed.setdefault(name, [])
            shape = history[0].shape if history else waits[name].shape
            values[name] = past(history, np.broadcast_to(waits[name], shape) - 1)
        for name in order:
            parts = [values[b] for b in before[name] if b in values]
            node = nodes[name]
            total = parts[0].copy() if parts else None
            for part in parts[1:]:
                total = total + part.reshape(total.shape)
            if name in neurons:
                neuron = neurons[name]
                values[name] = neuron.step(total.reshape(neuron.v.shape))
                recorded[name].append(values[name])
            elif name in waits:
                history = delayed.setdefault(name, [])
                history.append(total)
                values[name] = past(history, np.broadcast_to(waits[name], total.shape))
            elif type(node).__name__ == "Output":
                values[name] = total
            else:
                values[name] = linear(node, total)
        for name in early:
            delayed[name].append(sum(values[b] for b in before[name]))
    return {name: np.array(found) for name, found in recorded.items()}
