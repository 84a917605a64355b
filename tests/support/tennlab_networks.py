"""TENNLab's networks as JSON, and what their simulators do, written from their descriptions."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

RISP = {
    "discrete": True, "min_weight": -7, "max_weight": 7, "min_threshold": 0, "max_threshold": 7,
    "min_potential": -7, "max_delay": 15, "leak_mode": "none", "threshold_inclusive": True,
    "spike_value_factor": 7,
}  # fmt: skip


def properties(*names):
    return [
        {"name": name, "type": 68, "index": k, "size": 1, "min_value": -999, "max_value": 999}
        for k, name in enumerate(names)
    ]


def document(nodes, edges, inputs, *, node=("Threshold",), edge=("Weight", "Delay"), data=None):
    """`nodes` {id: values} and `edges` {(from, to): values} as a network's JSON."""
    return {
        "Properties": {
            "node_properties": properties(*node),
            "edge_properties": properties(*edge),
            "network_properties": [],
        },
        "Nodes": [{"id": i, "values": list(values)} for i, values in nodes.items()],
        "Edges": [{"from": a, "to": b, "values": list(v)} for (a, b), v in edges.items()],
        "Inputs": list(inputs),
        "Outputs": [max(nodes)],
        "Network_Values": [],
        "Associated_Data": data or {},
    }


def risp(nodes, edges, inputs, **params):
    data = {"other": {"proc_name": "risp"}, "proc_params": RISP | params}
    return document(nodes, edges, inputs, node=("Threshold", "Leak"), data=data)


def random_risp(seed):
    """(network, (steps, inputs) spikes)."""
    rng = np.random.default_rng(seed)
    unit = float(rng.choice([1, 1, 0.5]))
    discrete = unit == 1
    inclusive = bool(rng.random() < 0.7)
    size = int(rng.integers(2, 9))
    ids = [int(i) for i in rng.permutation(20)[:size]]
    least = unit if inclusive or not discrete else 0
    nodes = {i: (least + unit * int(rng.integers(0, 7)), int(rng.random() < 0.4)) for i in ids}
    edges = {
        (a, b): (unit * int(rng.integers(-7, 8)), int(rng.choice([1, 1, 2, 5, 64, 70, 127, 230])))
        for a in ids for b in ids if rng.random() < 0.5
    }  # fmt: skip
    inputs = [i for i in ids if rng.random() < 0.6] or ids[:1]
    network = risp(
        nodes, edges, inputs, discrete=discrete, threshold_inclusive=inclusive,
        min_potential=float(rng.choice([0, -1, -2, -7, -1000])),
        leak_mode=str(rng.choice(["none", "all", "configurable"])),
        spike_value_factor=float(rng.choice([unit, 7 * unit])),
    )  # fmt: skip
    return network, rng.random((int(rng.integers(50, 300)), len(inputs))) < 0.25


def simulate_risp(network, spikes):
    """(steps, N) bool by ascending id.  Events are kept by step; only neurons with events are looked at."""
    params = network["Associated_Data"]["proc_params"]
    ids = sorted(n["id"] for n in network["Nodes"])
    values = {n["id"]: n["values"] for n in network["Nodes"]}
    extra = 0 if params["threshold_inclusive"] else (1 if params["discrete"] else 1e-7)
    mode = params["leak_mode"]
    leaks = {i: mode == "all" or (mode == "configurable" and values[i][1] != 0) for i in ids}
    charge = dict.fromkeys(ids, 0.0)
    events = defaultdict(list)
    for t, row in enumerate(spikes):
        for k in np.flatnonzero(row):
            events[t].append((network["Inputs"][k], params["spike_value_factor"]))
    fired = np.zeros((len(spikes), len(ids)), dtype=bool)
    for t in range(len(spikes)):
        for i, _ in events[t]:
            charge[i] = max(0.0 if leaks[i] else charge[i], params["min_potential"])
        for i, value in events[t]:
            charge[i] += value
        for i in {i for i, _ in events[t]}:
            if charge[i] >= values[i][0] + extra:
                charge[i] = 0.0
                fired[t, ids.index(i)] = True
                for edge in network["Edges"]:
                    if edge["from"] == i:
                        weight, delay = edge["values"]
                        events[t + int(delay)].append((edge["to"], weight))
    return fired


def random_caspian(seed):
    """(network, (steps, inputs) spikes)."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 7))
    nodes = {i: (int(rng.integers(0, 128)), -1, 0) for i in range(size)}
    edges = {
        (a, b): (int(rng.integers(-127, 128)), int(rng.choice([0, 0, 1, 3, 63, 200])))
        for a in range(size) for b in range(size) if rng.random() < 0.6
    }  # fmt: skip
    network = document(
        nodes, edges, [0, 1], node=("Threshold", "Leak", "Delay"),
        data={"processor": {"Leak_Enable": True, "Max_Synapse_Delay": 255}},
    )  # fmt: skip
    return network, rng.random((int(rng.integers(50, 300)), 2)) < 0.2


def simulate_caspian(network, spikes):
    """(steps, N) bool: fire, send what is due, add what arrives, in each step."""
    size = len(network["Nodes"])
    thresholds = [n["values"][0] for n in network["Nodes"]]
    charge = np.zeros(size)
    due = defaultdict(lambda: np.zeros(size))
    fired = np.zeros((len(spikes), size), dtype=bool)
    for t in range(len(spikes)):
        fired[t] = charge > thresholds
        charge[fired[t]] = 0
        for edge in network["Edges"]:
            if fired[t, edge["from"]]:
                weight, delay = edge["values"]
                due[t + int(delay)][edge["to"]] += weight
        for k in np.flatnonzero(spikes[t]):
            due[t][network["Inputs"][k]] += 255
        charge += due.pop(t, 0)
    return fired
