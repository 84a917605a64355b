"""`to_nir`: a network or a design as a NIR graph, and a run as its recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError, InputError, MissingToolError

from ...design.design import Design
from ...device.run import Run
from ...network.network import Network
from .conventions import SPIKELOOM
from .described import Described, described


def to_nir(network: Network | Design, run: Run | None = None, *, layers: str = "delay") -> Any:
    """A network as a `nir.NIRGraph`; `nir.write` puts it into a file.

    A design is written with the numbers that its core holds.  Decays become time constants of forward
    Euler, τ = dt/(1 − α), and inputs are not scaled (r·dt/τ = 1), as snnTorch writes; `from_nir` reads
    the graph back to the same network.

    Parameters
    ----------
    network : what to write.  NIR has no learning, no refractory period, no floor, no adaptive threshold,
        no linear leak, and one current for each neuron.
    run : of a device that had it: the result is then (graph, data), with the spikes and the potentials
        of populations all of whose neurons were monitored as `nir.NIRGraphData`.
    layers : "delay", so that the step that a spike takes to the next neuron is a Delay of one step;
        or "same", so that layers act in the same step, as in other frameworks: then a population fires
        that many steps earlier than here.

    Raises
    ------
    ForeignNetworkError : what NIR has no place for, by population.
    MissingToolError : without the package `nir`.
    """
    if not isinstance(network, Network | Design):
        raise InputError(f"network is {network!r}; give a Network or a Design")
    if layers not in ("delay", "same"):
        raise InputError(f"layers is {layers!r}; choose 'delay' or 'same'")
    try:
        import nir
    except ImportError:
        raise MissingToolError("this needs the package nir: pip install 'spikeloom[nir]'") from None
    d = described(network)
    late = _levels(d) if layers == "same" else dict.fromkeys((*d.inputs, *d.populations), 0)
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    for name, where in d.inputs.items():
        nodes[name] = nir.Input({"input": np.array([where.stop - where.start])})
    for name, where in d.populations.items():
        nodes[name] = _neurons(nir, d, name, where)
    biased = {name: _drive(d, where) for name, where in d.populations.items()}
    for (source, target, steps), weights in d.projections.items():
        left = steps - late[target] + late[source]
        if source == target and left == 1:
            left = 0  # A neuron's way to itself takes a step in NIR, too.
        at = _free(nodes, f"{source}_to_{target}")
        bias = biased.pop(target, None) if not left else None
        nodes[at] = (
            nir.Linear(weights.T.copy()) if bias is None or not np.any(bias)
            else nir.Affine(weights.T.copy(), bias)
        )  # fmt: skip
        edges.append((source, at))
        if left:
            wait = _free(nodes, f"{at}_delay")
            nodes[wait] = nir.Delay(np.full(weights.shape[1], left * d.dt))
            edges.append((at, wait))
            at = wait
        edges.append((at, target))
    for name, bias in biased.items():
        if np.any(bias):
            _add_bias(nir, nodes, edges, name, bias, d)
    for name, where in d.populations.items():
        if not any(a == name for a, _ in edges) or name == list(d.populations)[-1]:
            out = _free(nodes, f"{name}_output")
            nodes[out] = nir.Output({"output": np.array([where.stop - where.start])})
            edges.append((name, out))
    metadata = {"writer": SPIKELOOM, "dt": d.dt, "reset": "subtract" if d.subtract else "value"}
    graph = nir.NIRGraph(nodes, edges, metadata=metadata, type_check=False)
    return graph if run is None else (graph, _recording(nir, d, run))


def _free(nodes: dict[str, Any], name: str) -> str:
    while name in nodes:
        name += "_"
    return name


def _neurons(nir: Any, d: Described, name: str, where: slice) -> Any:
    """The node of a population: potentials are counted from 0, or from v_leak where there is a leak."""
    alpha, beta, dt = d.alpha[where], d.beta[where], d.dt
    if np.any(alpha == 1) and not np.all(alpha == 1):
        raise ForeignNetworkError(f"population {name!r} has neurons with a leak and without, which no "
                                  "one node of NIR describes; make them two populations")  # fmt: skip
    if np.any(d.readout[where]) and not np.all(d.readout[where]):
        raise ForeignNetworkError(f"population {name!r} has neurons with a threshold and without; "
                                  "make them two populations")  # fmt: skip
    reads, leaks, current = bool(d.readout[where][0]), bool(alpha[0] < 1), bool(np.any(beta > 0))
    rest = d.rest[where] if leaks and not (d.subtract and not reads) else np.zeros(len(alpha))
    if current and not leaks:
        raise ForeignNetworkError(
            f"population {name!r} has a synaptic current and no leak, which no node of NIR describes; "
            "give a long tau_mem"
        )
    tau = dt / (1 - alpha) if leaks else np.full(len(alpha), np.inf)
    r = tau / dt if leaks else np.full(len(alpha), 1 / dt)
    threshold = d.threshold[where] + rest
    # NIR fires above the threshold, a core at it.
    threshold = np.where(d.above[where], threshold, np.nextafter(threshold, -np.inf))
    values: dict[str, Any] = {"r": r}
    if not reads:
        values |= {"v_threshold": threshold, "v_reset": d.reset[where] + rest}
    if not leaks:
        return nir.I(**values) if reads else nir.IF(**values)
    values["v_leak"] = rest
    metadata = {"above": True} if d.above[where].all() and not reads else {}
    if not current:
        kind = nir.LI if reads else nir.LIF
        return kind(tau=tau, **values, metadata=metadata)
    tau_syn = dt / (1 - beta)
    kind = nir.CubaLI if reads else nir.CubaLIF
    return kind(tau_syn=tau_syn, tau_mem=tau, w_in=tau_syn / dt, **values, metadata=metadata)


def _drive(d: Described, where: slice) -> Any:
    """The constant input that is the bias; into a current it builds up to it."""
    return d.bias[where] * (1 - d.beta[where])


def _add_bias(
    nir: Any,
    nodes: dict[str, Any],
    edges: list[tuple[str, str]],
    name: str,
    bias: Any,
    d: Described,
) -> None:
    """A bias of neurons that nothing reaches in the same step: an Affine of its own, with weights of 0."""
    if not d.inputs:
        raise ForeignNetworkError(
            f"population {name!r} has a bias, and the network no input to put it on"
        )
    source, where = next(iter(d.inputs.items()))
    at = _free(nodes, f"{name}_bias")
    nodes[at] = nir.Affine(np.zeros((len(bias), where.stop - where.start)), bias)
    edges += [(source, at), (at, name)]


def _levels(d: Described) -> dict[str, int]:
    """Steps that each population is behind a source in which layers act in the same step."""
    late = dict.fromkeys(d.inputs, 0)
    for _ in d.populations:
        for source, target, steps in d.projections:
            if source in late:
                late[target] = min(late.get(target, late[source] + steps), late[source] + steps)
    return dict.fromkeys(d.populations, 0) | late


def _recording(nir: Any, d: Described, run: Run) -> Any:
    data = {}
    for name, where in d.populations.items():
        observed = {}
        if name in run.reported:
            observed["spikes"] = nir.TimeGriddedData(run[name][None].astype(bool), d.dt)
        labels = [f"v[{j}]" for j in range(where.start, where.stop)]
        if all(label in run.monitored for label in labels):
            traces = np.stack([run.monitored[label] for label in labels], axis=1)
            observed["v"] = nir.TimeGriddedData(traces[None], d.dt)
        if observed:
            data[name] = nir.NIRNodeData(observed)
    return nir.NIRGraphData(data)
