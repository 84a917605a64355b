"""Exact integration of PyNN's current-based cells: the numbers by which one step leads to the next.

With h the time step, and currents that begin at h's multiples (Rotter and Diesmann 1999, "Exact digital
simulation of time-invariant linear systems with applications to neuronal modeling"):

    v(t + h) = v_rest + (v(t) − v_rest)·exp(−h/tau_m) + P_exc·i_exc(t) + P_inh·i_inh(t) + P_0·i_offset
    i(t + h) = i(t)·exp(−h/tau_syn) + the weights that arrive at t + h

A core adds a step's input before it integrates, so its step from t to t + h holds P·i(t) as the
current: weights are multiplied by P, and what arrives at t belongs to the step that begins at t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def synaptic_gain(tau_m: Floats, tau_syn: Floats, cm: Floats, h: float) -> Floats:
    """What a current of 1 nA at the beginning of a step has added to the potential at its end, in mV.

    Parameters
    ----------
    tau_m, tau_syn, h : ms.
    cm : nF.
    """
    kept = np.exp(-h / tau_m)
    ratio = h / tau_syn - h / tau_m
    # (exp(x) − 1)/x, which is 1 where the time constants are the same.
    with np.errstate(divide="ignore", invalid="ignore"):
        grown = np.where(np.abs(ratio) < 1e-9, 1.0, -np.expm1(-ratio) / ratio)
    return np.asarray(h / cm * kept * grown, dtype=np.float64)


def offset_gain(tau_m: Floats, cm: Floats, h: float) -> Floats:
    """What a constant current of 1 nA adds to the potential in a step, in mV."""
    return np.asarray(-tau_m / cm * np.expm1(-h / tau_m), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class CellNumbers:
    """The numbers of one population, for a core; (size,) each, potentials in mV and times in ms.

    Attributes
    ----------
    tau_m, v_rest, v_thresh, v_reset, tau_refrac : as in PyNN.
    bias : what i_offset adds to the potential in a step.
    offset : mV in a step for 1 nA of any other injected current.
    exc, inh : factors of weights, mV for 1 nA; 1 for delta synapses, whose weights are in mV.
    tau_exc, tau_inh : of the currents; None for delta synapses.
    """

    tau_m: Floats
    v_rest: Floats
    v_thresh: Floats
    v_reset: Floats
    tau_refrac: Floats
    bias: Floats
    offset: Floats
    exc: Floats
    inh: Floats
    tau_exc: Floats | None
    tau_inh: Floats | None

    @classmethod
    def of(cls, parameters: dict[str, Any], size: int, h: float) -> CellNumbers:
        """From PyNN's parameters of an IF_curr_exp or an IF_curr_delta, by name."""
        p = {
            name: np.broadcast_to(np.asarray(values, dtype=np.float64), (size,))
            for name, values in parameters.items()
        }
        offset = offset_gain(p["tau_m"], p["cm"], h)
        taus = [p.get("tau_syn_E"), p.get("tau_syn_I")]
        gains = [
            np.ones(size) if tau is None else synaptic_gain(p["tau_m"], tau, p["cm"], h)
            for tau in taus
        ]
        return cls(
            p["tau_m"], p["v_rest"], p["v_thresh"], p["v_reset"], p["tau_refrac"],
            offset * p["i_offset"], offset, gains[0], gains[1], taus[0], taus[1],
        )  # fmt: skip

    @property
    def delta(self) -> bool:
        """Whether what arrives acts in the potential at once."""
        return self.tau_exc is None

    def current(self, exc: Floats, inh: Floats, h: float) -> tuple[Floats, Floats]:
        """What a core holds before a step for currents in nA at the step's beginning, in mV."""
        if self.tau_exc is None or self.tau_inh is None:
            return np.zeros_like(exc), np.zeros_like(inh)
        return (
            exc * self.exc * np.exp(h / self.tau_exc),
            inh * self.inh * np.exp(h / self.tau_inh),
        )
