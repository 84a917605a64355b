"""The equations of docs/reference/semantics.md in floats, without any rounding: what was asked for.

It runs a network as it was described, or as a core holds it, or with only some of its numbers as a
core holds them: so that a difference can be put down to what makes it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.core_config import DECAY_ONE
from spikeloom.hdl.contract.errors import InputError

from ..compiler.wiring import Wiring
from ..design.design import Design
from ..design.units import weights_in_units
from ..quantise.rounding import Floats

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """Numbers of A axons and N neurons; potentials are counted from rest.

    Attributes
    ----------
    weights : (A, N).
    delays : (A, N) steps from the axon to the neuron.
    destinations : (E, 3) integers: neuron, axon, axonal delay.
    keep_mem, keep_exc, keep_inh, keep_th : (N,) what is left of potential, currents and adaptive
        threshold after a step.
    leak : (N,) linear leak; 0 where there is none.
    v_threshold, v_reset, v_min, bias, th_inc, th_dec : (N,).
    refractory : (N,) steps.
    readout : (N,) bool, neurons without threshold.
    subtract, integrates : reset by subtraction; potentials integrate while refractory.
    """

    weights: Floats
    delays: Ints
    destinations: Ints
    keep_mem: Floats
    keep_exc: Floats
    keep_inh: Floats
    keep_th: Floats
    leak: Floats
    v_threshold: Floats
    v_reset: Floats
    v_min: Floats
    bias: Floats
    th_inc: Floats
    th_dec: Floats
    refractory: Ints
    readout: Bools
    subtract: bool
    integrates: bool

    @classmethod
    def described(
        cls, wiring: Wiring, dt: float, *, subtract: bool, integrates: bool
    ) -> FloatNetwork:
        """The network in the user's own numbers; `InputError` for a model without such equations."""
        p = wiring.parameters
        if wiring.neuron.model != "lif":
            raise InputError(
                f"the neuron model {wiring.neuron.model!r} has no equations in floats here; "
                "IF, LIF and LI have"
            )

        above = np.nextafter(p["v_threshold"], np.inf)
        threshold = np.where(p["above"] > 0, above, p["v_threshold"])

        def kept(tau: Floats) -> Floats:
            with np.errstate(divide="ignore"):
                return np.asarray(np.exp(-dt / tau))

        return cls(
            wiring.weights, wiring.delays, wiring.destinations[:, [0, 2, 3]],
            kept(p["tau_mem"]), kept(p["tau_exc"]), kept(p["tau_inh"]), kept(p["tau_threshold"]),
            p["leak_step"], threshold, p["v_reset"], p["v_min"], p["bias"],
            p["threshold_increment"], p["threshold_increment"] * p["target_rate"] * dt,
            np.rint(p["refractory"] / dt).astype(np.int64), p["readout"] > 0, subtract, integrates,
        )  # fmt: skip

    def as_held(self, design: Design) -> FloatNetwork:
        """The same with all numbers as the design's core holds them; what it does not have does nothing."""
        n, c = len(self.bias), design.config
        held = {name: values[:n] for name, values in design.image.parameters.items()}
        scale = design.scale[:n]

        def potential(name: str, absent: float = 0.0) -> Floats:
            return held[name] / scale if name in held else np.full(n, absent)

        def keep(name: str, absent: float) -> Floats:
            return 1.0 - held[name] / DECAY_ONE if name in held else np.full(n, absent)

        currents = ("d_syn", "d_syn") if c.receptors == 1 else ("d_syn_exc", "d_syn_inh")
        weights = weights_in_units(design, design.image.weights)
        return dataclasses.replace(
            self,
            weights=weights[: len(self.weights), :n],
            keep_mem=keep("d_mem", 1.0),
            keep_exc=keep(currents[0], 0.0),
            keep_inh=keep(currents[1], 0.0),
            keep_th=keep("d_th", 1.0),
            leak=potential("leak"),
            v_threshold=potential("v_threshold"),
            v_reset=potential("v_reset"),
            v_min=potential("v_min", -np.inf),
            bias=potential("bias"),
            th_inc=potential("th_inc"),
            th_dec=potential("th_dec"),
            refractory=held.get("refractory", np.zeros(n, dtype=np.int64)),
        )


@dataclass(frozen=True, eq=False)
class FloatRun:
    """What happened in each step; all (steps, N).

    Attributes
    ----------
    spikes : who fired.
    margins : potential minus threshold when they were compared; −inf where a neuron cannot fire.
    potentials : what the step left, counted from rest.
    """

    spikes: Bools
    margins: Floats
    potentials: Floats


class FloatCore:
    """Steps a network from a state of 0, which `v` and its other attributes are.

    Parameters
    ----------
    network : to step.
    batch : run so many samples side by side; every shape below has that dimension before its last.
        Weights are then added in another order, so potentials may differ in the last digit.

    Attributes
    ----------
    v, th : (N,) potentials, and adaptive parts of thresholds.
    currents : (2, N) excitatory and inhibitory.
    waiting : (N,) steps in which a neuron is still refractory.
    step_number : of the next step.
    """

    def __init__(self, network: FloatNetwork, batch: int | None = None) -> None:
        self.network = network
        axons, n = network.weights.shape
        samples = () if batch is None else (batch,)
        deepest = int(network.delays.max(initial=0))
        farthest = int(network.destinations[:, 2].max(initial=0))
        self.v, self.th = np.zeros((*samples, n)), np.zeros((*samples, n))
        self.currents = np.zeros((2, *samples, n))
        self.waiting = np.zeros((*samples, n), dtype=np.int64)
        self.step_number = 0
        self._later = np.zeros((farthest + 2, *samples, axons), dtype=bool)
        self._sums = np.zeros((deepest + 1, 2, *samples, n))
        self._keep = np.stack([network.keep_exc, network.keep_inh])
        self._batch, self._deepest = batch, deepest
        if batch is not None:
            self._keep = self._keep[:, None]
        self.set_weights(network.weights)

    def set_weights(self, weights: Floats) -> None:
        """Let the (A, N) weights be others from the next step on."""
        self.network = dataclasses.replace(self.network, weights=weights)
        self._sides = np.maximum(weights, 0.0), np.minimum(weights, 0.0)
        if self._batch is not None:
            self._matrices = [
                [np.where(self.network.delays == delay, side, 0.0) for side in self._sides]
                for delay in range(self._deepest + 1)
            ]

    def step(self, arrivals: Bools, spikes: Bools | None = None) -> tuple[Bools, Floats]:
        """One step with these (A,) input spikes: who fires, and potential minus threshold, (N,) each.

        With `spikes`, (N,), those happen in place of the network's own.
        """
        net = self.network
        self._arrive(arrivals)
        leaked = np.sign(self.v) * np.maximum(np.abs(self.v) - net.leak, 0.0) * net.keep_mem
        integrated = np.maximum(leaked + self.currents.sum(axis=0) + net.bias, net.v_min)
        held = self.waiting > 0
        v = np.where(held & (not net.integrates), self.v, integrated)
        level = net.v_threshold + self.th
        margin = np.where(held | net.readout, -np.inf, v - level)
        fires = margin >= 0 if spikes is None else spikes
        self.v = np.where(fires, v - level if net.subtract else net.v_reset, v)
        self.waiting = np.where(fires, net.refractory, np.maximum(self.waiting - 1, 0))
        self.th = self.th * net.keep_th + net.th_inc * fires - net.th_dec
        neurons, reached, delays = net.destinations.T
        for delay in np.unique(delays):
            at = delays == delay
            slot = self._later[(self.step_number + 1 + delay) % len(self._later)]
            slot[..., reached[at]] |= fires[..., neurons[at]]
        self.step_number += 1
        return fires, margin

    def _arrive(self, arrivals: Bools) -> None:
        """Sum weights, now and for later steps, and update the currents."""
        due = self._later[self.step_number % len(self._later)]
        spikes = arrivals | due
        due[:] = False
        if spikes.ndim == 1:
            self._add(np.flatnonzero(spikes))
        else:
            rows = spikes.astype(np.float64)
            for delay, sides in enumerate(self._matrices):
                slot = self._sums[(self.step_number + delay) % len(self._sums)]
                for sums, matrix in zip(slot, sides, strict=True):
                    sums += rows @ matrix
        now = self._sums[self.step_number % len(self._sums)]
        self.currents = self.currents * self._keep + now
        now[:] = 0.0

    def _add(self, arrived: Ints) -> None:
        """Add the weights of these axons, one after the other."""
        for delay in range(len(self._sums)):
            here = self.network.delays[arrived] == delay
            slot = self._sums[(self.step_number + delay) % len(self._sums)]
            for sums, weights in zip(slot, self._sides, strict=True):
                sums += np.where(here, weights[arrived], 0.0).sum(axis=0)


def run_floats(network: FloatNetwork, raster: Bools, spikes: Bools | None = None) -> FloatRun:
    """Run a network from a state of 0.

    Parameters
    ----------
    raster : (steps, A) input spikes.
    spikes : (steps, N) spikes that happen in place of the network's own, in as many steps as there
        are: for what would have become of the potentials.
    """
    core, shape = FloatCore(network), (len(raster), network.weights.shape[1])
    found = FloatRun(np.zeros(shape, dtype=bool), np.zeros(shape), np.zeros(shape))
    for t, row in enumerate(raster):
        forced = None if spikes is None or t >= len(spikes) else spikes[t]
        found.spikes[t], found.margins[t] = core.step(row, forced)
        found.potentials[t] = core.v
    return found


def run_float_batch(
    network: FloatNetwork, rasters: Bools, watched: Sequence[int] = ()
) -> tuple[Bools, Floats]:
    """Run samples side by side, each from a state of 0.

    Parameters
    ----------
    rasters : (samples, steps, A) input spikes.
    watched : K neurons.

    Returns
    -------
    (samples, steps, N) spikes, and (samples, steps, K) potentials after each step, from rest.
    """
    count, steps, _ = rasters.shape
    core = FloatCore(network, count)
    spikes = np.zeros((count, steps, network.weights.shape[1]), dtype=bool)
    potentials = np.zeros((count, steps, len(watched)))
    for t in range(steps):
        spikes[:, t], _ = core.step(rasters[:, t])
        potentials[:, t] = core.v[:, list(watched)]
    return spikes, potentials
