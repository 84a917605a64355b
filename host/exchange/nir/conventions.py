"""What the numbers of a file mean, by the framework that wrote it; and recognising which one did.

NIR describes differential equations.  Each framework discretises them in its own way, and chooses
`r` and `w_in` so that its own importer gets back what it exported.  Here each convention says what a
neuron of that framework does in one step:

    i ← β·i + g_syn·x        v ← α·v + g_mem·i + (1 − α)·v_leak        LIF: i is x itself
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from spikeloom.hdl.contract.errors import InputError

from ...quantise.rounding import Floats
from .raw import Node

Decay = Callable[[Floats, float], Floats]
SPIKELOOM = "spikeloom"
"""Name of the convention of `to_nir`, whose graphs say so."""
TOLERANCE = 1e-5
"""Relative difference up to which two numbers of a file, which may be single floats, are the same."""

ENDLESS = 1e30
"""Time constant in seconds that leaves all of a state after a step."""


def euler(tau: Floats, dt: float) -> Floats:
    """What a step of forward Euler leaves: 1 − dt/τ."""
    return np.asarray(1 - dt / tau)


def exponential(tau: Floats, dt: float) -> Floats:
    """What is left after a step of the exact solution: exp(−dt/τ)."""
    return np.asarray(np.exp(-dt / tau))


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How one framework runs the neurons that it writes.

    Attributes
    ----------
    name : by which it is chosen.
    decay : `decay(tau, dt)`, what of a current or potential is left after a step.
    gain : of a LIF's input: "euler" (r·dt/τ), "complement" (r·(1 − α)) or "one".
    current_gain : of a CubaLIF's input: "euler" (w_in·dt/τ_syn), "decay" (w_in·β) or "one".
    integrator_gain : of an IF's input: "euler" (r·dt), "one" (r) or "none" (1).
    inclusive : it fires at v ≥ v_threshold, else above it.
    late_subtraction : kinds whose reset by subtraction takes the threshold from what has decayed, a
        step later.
    zero_lasts : a reset to a value holds the potential there for one step more, in a CubaLIF and in
        a neuron with recurrent weights.
    input_at_weights : inputs of a recurrent layer are written as those of its recurrent weights.
    channels_last : a Flatten takes its values in the order row, column, channel.
    layer_steps : a spike reaches the next layer one step later, as here.
    steady_bias : a bias of a CubaLIF's current acts in full from the first step on.
    in_steps : times are in steps, whatever dt is.
    clamped : decays beyond 0…1, which training may lead to, are run as 0 and 1, but written as they are.
    dt : of all its files, in seconds; None where the user chooses.
    reset : that all its neurons have; None where the user chooses.
    said : what a reader has to know of it.
    """

    name: str
    decay: Decay = euler
    gain: str = "euler"
    current_gain: str = "euler"
    integrator_gain: str = "euler"
    inclusive: bool = False
    late_subtraction: tuple[str, ...] = ()
    zero_lasts: bool = False
    input_at_weights: bool = False
    channels_last: bool = False
    layer_steps: bool = False
    steady_bias: bool = False
    in_steps: bool = False
    clamped: bool = False
    dt: float | None = None
    reset: str | None = None
    said: str = "decays are 1 − dt/τ, a LIF's input is scaled by r·dt/τ"

    def membrane(self, node: Node, tau: Floats, dt: float) -> tuple[Floats, Floats]:
        """α and g_mem of a neuron that leaks."""
        alpha = self._decay(node, "tau_mem" if "tau_mem" in node.values else "tau", tau, dt)
        r = node.numbers("r")
        reads_out = node.kind in ("LI", "CubaLI") and self.name != SPIKELOOM
        if self.gain == "one" and not reads_out:
            return alpha, np.ones_like(alpha)
        if self.gain == "complement":
            return alpha, r * (1 - alpha)
        return alpha, r * dt / tau

    def current(self, node: Node, tau: Floats, dt: float) -> tuple[Floats, Floats]:
        """β and g_syn of a neuron with a synaptic current."""
        beta = self._decay(node, "tau_syn", tau, dt)
        w_in = node.numbers("w_in", 1.0)
        if self.current_gain == "one":
            return beta, np.ones_like(beta)
        factor = {"decay": beta, "euler": dt / tau}[self.current_gain]
        return beta, w_in * factor

    def integrator(self, node: Node, dt: float) -> Floats:
        """Gain of a neuron that does not leak."""
        if node.kind == "Threshold" or self.integrator_gain == "none":
            return np.ones(1)
        r = node.numbers("r")
        return r if self.integrator_gain == "one" else r * dt

    def taus(self, node: Node, key: str, dt: float) -> Floats:
        """Time constants in seconds; `ForeignNetworkError` for those that are not positive."""
        tau = node.numbers(key)
        if self.clamped:
            tau = np.where(tau < 0, ENDLESS, tau)
        if np.any(tau <= 0):
            raise node.refused(
                f"{key} is {tau.min():g}; a time constant must be positive. snnTorch and Spyx write "
                "negative ones for decays above 1: give source='snntorch' or source='spyx' for theirs"
            )
        if self.in_steps:
            return tau * dt
        if self.name == "norse" and np.all(tau < dt):
            return tau / dt
        return tau

    def clamps(self, node: Node, dt: float) -> list[str]:
        """What is to be said of decays that are beyond 0…1."""
        found = []
        for key in ("tau", "tau_mem", "tau_syn"):
            if not self.clamped or node.values.get(key) is None:
                continue
            tau = node.numbers(key)
            above = int(np.sum(tau < 0))
            below = int(np.sum((tau > 0) & (tau < dt * (1 - TOLERANCE))))
            if above or below:
                found.append(
                    f"node {node.name!r}: {key} stands for decays above 1 in {above} of {tau.size} "
                    f"neurons, and below 0 in {below}; {self.name} runs them as 1 and 0"
                )
        return found

    def _decay(self, node: Node, key: str, tau: Floats, dt: float) -> Floats:
        left = self.decay(tau, dt)
        # τ = dt forgets everything in a step; a single float may be just below.
        left = np.where(np.abs(left) < TOLERANCE, 0.0, left)
        if self.clamped:
            left = np.maximum(left, 0.0)
        if np.any(left < 0):
            shortest = float(tau.min())
            raise node.refused(
                f"{key} is {shortest:g} s, less than dt = {dt:g} s: a step of forward Euler would "
                f"leave {float(left.min()):.3g} of the state. Give a dt of at most {shortest:g} s; "
                "or source='norse' for files of Norse 1.1, which writes dt·τ, or source='sinabs' "
                "where times are in steps"
            )
        return left


CONVENTIONS = {
    c.name: c
    for c in (
        Convention(name="nir"),
        Convention(
            name="snntorch", gain="one", current_gain="one", integrator_gain="one",
            late_subtraction=("IF", "LIF", "CubaLIF"), zero_lasts=True, clamped=True, dt=1e-4,
            said="dt is 1e-4 s in its files unless you say otherwise, inputs are not scaled, whatever "
            "r and w_in are, and a reset by subtraction acts a step later, after the decay (with "
            "reset_delay=False it does not: source='nir')",
        ),
        Convention(
            name="spikingjelly", inclusive=True, reset="value",
            said="decays are 1 − dt/τ, the input is scaled by r·dt/τ, neurons fire at ≥",
        ),
        Convention(
            name="norse", current_gain="one", integrator_gain="one",
            said="decays are 1 − dt/τ, a LIF's input is scaled by dt/τ, a synaptic current's is "
            "not; where τ is below dt, the file has dt·τ",
        ),
        Convention(
            name="sinabs", decay=exponential, gain="complement", integrator_gain="one",
            current_gain="decay", inclusive=True, in_steps=True,
            said="times are in steps, decays are exp(−1/τ), a LIF's input is scaled by 1 − exp(−1/τ) "
            "(norm_input=True), neurons fire at ≥ and once in a step (spike_fn=SingleSpike), and "
            "have no lower bound",
        ),
        Convention(
            name="sinabs-plain", decay=exponential, gain="one", integrator_gain="one",
            current_gain="decay", inclusive=True, in_steps=True,
            said="as 'sinabs', but inputs are not scaled (norm_input=False)",
        ),
        Convention(
            name="rockpool", decay=exponential, gain="one", current_gain="decay",
            integrator_gain="one", inclusive=True, reset="subtract",
            said="decays are exp(−dt/τ), a LIF's input is not scaled, a synaptic current decays in "
            "the step of its input, neurons fire at ≥ and once in a step (max_spikes_per_dt=1)",
        ),
        Convention(
            name="spyx", gain="one", current_gain="one", integrator_gain="one",
            late_subtraction=("IF", "LIF"), layer_steps=True, input_at_weights=True, clamped=True,
            channels_last=True,
            reset="subtract",
            said="decays are 1 − dt/τ, inputs are not scaled (r is β), a spike reaches the next "
            "layer a step later, as here, and is reported a step after it is here",
        ),
        Convention(
            name=SPIKELOOM, gain="one", current_gain="one", integrator_gain="none", inclusive=True,
            steady_bias=True,
            said="decays are 1 − dt/τ, inputs are not scaled, neurons fire at ≥ the float after "
            "v_threshold",
        ),
    )
}  # fmt: skip
"""By name; "nir" is the text of the specification, by forward Euler."""


def without_leak(nodes: Iterable[Node], dt: float) -> None:
    """Make finite what a decay of 1 is written as: τ = dt/(1 − β) and r = τ/dt, both infinite."""
    for node in nodes:
        key = "tau" if node.kind == "LIF" else "tau_mem"
        if key not in node.values or "r" not in node.values:
            continue
        with np.errstate(all="ignore"):
            tau, r = (np.asarray(node.values[k], dtype=np.float64) for k in (key, "r"))
        if tau.shape == r.shape and np.any(endless := np.isposinf(tau) & np.isposinf(r)):
            node.values[key] = np.where(endless, ENDLESS, tau)
            node.values["r"] = np.where(endless, ENDLESS / dt, r)


def find_convention(source: str | None, nodes: Iterable[Node], dt: float) -> tuple[Convention, str]:
    """The convention of a source, or the one that the numbers show, and a sentence about it."""
    if source is not None:
        found = check_source(source)
        return found, f"numbers are taken as {found.name} means them: {found.said}"
    nodes = list(nodes)
    leaky = [n for n in nodes if n.kind in ("LIF", "CubaLIF") and _positive(n)]
    literal = CONVENTIONS["nir"]
    if not leaky:
        return (
            literal,
            f"numbers are taken as NIR's text means them: {literal.said}{_integrators(nodes, dt)}",
        )
    gains, rs, shares = [], [], []
    for node in leaky:
        tau = node.numbers("tau" if node.kind == "LIF" else "tau_mem").ravel()
        r, tau = np.broadcast_arrays(node.numbers("r").ravel(), tau)
        gains.append(r * dt / tau)
        rs.append(r)
        shares.append(dt / tau)
    gain, r, share = (np.concatenate(x) for x in (gains, rs, shares))

    def same(a: Floats, b: Floats | float) -> bool:
        return bool(np.all(np.abs(a - b) <= TOLERANCE * np.abs(b)))

    if same(gain, 1.0):
        return literal, (
            "r·dt/τ is 1 everywhere, so inputs are not scaled, as snnTorch and SpikingJelly (without "
            "decay_input) write; decays are 1 − dt/τ. snnTorch resets a step later, after the decay, and "
            "SpikingJelly fires at the threshold, not above it: source='snntorch' and "
            "source='spikingjelly' do that"
        )
    if same(r, 1.0):
        return literal, (
            "r is 1 everywhere, so inputs are scaled by dt/τ, as Norse and SpikingJelly (with "
            "decay_input) write; decays are 1 − dt/τ. Sinabs writes the same and means exp(−dt/τ): "
            "for its files give source='sinabs'; SpikingJelly fires at the threshold, not above it: "
            "source='spikingjelly'"
        )
    if same(gain, np.exp(-share)):
        found = CONVENTIONS["rockpool"]
        return found, f"r·dt/τ is exp(−dt/τ) everywhere, which Rockpool writes: {found.said}"
    if same(r, 1 - share):
        found = CONVENTIONS["spyx"]
        return found, f"r is 1 − dt/τ everywhere, which Spyx writes: {found.said}"
    return (
        literal,
        f"no framework's habit was recognised in r·dt/τ; as NIR's text says: {literal.said}",
    )


def _integrators(nodes: Iterable[Node], dt: float) -> str:
    """What is to be said of neurons that all integrate without a leak."""
    rs = [node.numbers("r") for node in nodes if node.kind == "IF"]
    if rs and all(np.all(r == 1) for r in rs):
        return (
            f"; an IF's by r·dt, here {dt:g}. Norse, Sinabs and Spyx write r = 1 and do not scale: for "
            "their files give source='norse', source='sinabs' or source='spyx'"
        )
    if rs and all(np.allclose(r * dt, 1, rtol=TOLERANCE) for r in rs):
        return (
            "; an IF's by r·dt, here 1, as SpikingJelly writes, which fires at the threshold, not "
            "above it: source='spikingjelly' does that"
        )
    return ""


def _positive(node: Node) -> bool:
    return bool(np.all(node.numbers("tau" if node.kind == "LIF" else "tau_mem") > 0))


def check_source(source: str) -> Convention:
    """The convention of this name, or `InputError`."""
    if source not in CONVENTIONS:
        raise InputError(
            f"source is {source!r}; choose one of {', '.join(CONVENTIONS)}, or leave it out to have "
            "the convention recognised"
        )
    return CONVENTIONS[source]


def suggested_dt(nodes: Iterable[Node]) -> float | None:
    """The dt with which r·dt/τ is 1 in all nodes, if there is one; with r = 1 that would be τ itself."""
    found: list[float] = []
    for node in nodes:
        if node.kind in ("LIF", "CubaLIF") and _positive(node):
            tau = node.numbers("tau" if node.kind == "LIF" else "tau_mem")
            r = node.numbers("r")
            if np.all(r == 1):
                return None
            with np.errstate(divide="ignore"):
                found += np.ravel(tau / r).tolist()
    if not found or not np.isfinite(found[0]):
        return None
    first = found[0]
    alike = all(abs(x - first) <= 1e-4 * abs(first) for x in found)
    return float(f"{first:.4g}") if alike and first > 0 else None
