"""Cells and synapses of PyNN that a core has, with PyNN's own names and units."""

from __future__ import annotations

from typing import Any

from pyNN.standardmodels import build_translations, cells, synapses

from .refusals import UnsupportedModelError
from .simulator import state


def _same(*names: str) -> Any:
    """Parameters are kept as PyNN has them."""
    return build_translations(*((name, name) for name in names))


class IF_curr_exp(cells.IF_curr_exp):  # noqa: N801
    """Leaky integrate and fire with exponential currents; parameters as in PyNN."""

    translations = _same(*cells.IF_curr_exp.default_parameters)


class IF_curr_delta(cells.IF_curr_delta):  # noqa: N801
    """Leaky integrate and fire whose potential jumps by the weights, in mV; parameters as in PyNN."""

    translations = _same(*cells.IF_curr_delta.default_parameters)


class SpikeSourceArray(cells.SpikeSourceArray):
    """Spikes at given times, in ms from the beginning of the segment."""

    translations = _same(*cells.SpikeSourceArray.default_parameters)


class SpikeSourcePoisson(cells.SpikeSourcePoisson):
    """Spikes at random with a rate in Hz, at most one in a time step."""

    translations = _same(*cells.SpikeSourcePoisson.default_parameters)


class _Delayed:
    """What all synapses have."""

    @staticmethod
    def _get_minimum_delay() -> float:
        return state.min_delay_ms


class StaticSynapse(_Delayed, synapses.StaticSynapse):
    """A weight in nA, or in mV of delta synapses, and a delay in ms."""

    translations = _same("weight", "delay")


class STDPMechanism(_Delayed, synapses.STDPMechanism):
    """Spike-timing dependent plasticity; all synapses that learn have the same numbers.

    Raises
    ------
    UnsupportedModelError : for rules that a core does not have.
    """

    base_translations = _same("weight", "delay", "dendritic_delay_fraction")

    def __init__(
        self,
        timing_dependence: Any = None,
        weight_dependence: Any = None,
        voltage_dependence: Any = None,
        dendritic_delay_fraction: float = 1.0,
        weight: Any = 0.0,
        delay: Any = None,
    ) -> None:
        for name, part, kinds in (
            ("timing_dependence", timing_dependence, (SpikePairRule,)),
            ("weight_dependence", weight_dependence, _WEIGHT_DEPENDENCES),
            ("voltage_dependence", voltage_dependence, (type(None),)),
        ):
            if not isinstance(part, kinds):
                given = None if part is None else type(part).__name__
                known = ", ".join(k.__name__ for k in kinds if k is not type(None)) or "none"
                raise UnsupportedModelError(
                    f"STDPMechanism with {name} {given}: a core has no such rule; it has {known}"
                )
        super().__init__(
            timing_dependence, weight_dependence, voltage_dependence, dendritic_delay_fraction,
            weight, delay,
        )  # fmt: skip

    def _build_translations(self) -> None:
        # PyNN's own adds to the table of the class, which other mechanisms then share.
        parts = (self.timing_dependence, self.weight_dependence)
        self.translations = dict(self.base_translations)
        for part in parts:
            self.translations |= part.translations


class SpikePairRule(synapses.SpikePairRule):
    """Exponential windows, of all pairs of spikes."""

    translations = _same(*synapses.SpikePairRule.default_parameters)


class AdditiveWeightDependence(synapses.AdditiveWeightDependence):
    """Changes of A·w_max, whatever the weight is, within the bounds."""

    translations = _same(*synapses.AdditiveWeightDependence.default_parameters)
    bounds = "hard"


class MultiplicativeWeightDependence(synapses.MultiplicativeWeightDependence):
    """Changes of A·(w_max − w) and A·(w − w_min)."""

    translations = _same(*synapses.MultiplicativeWeightDependence.default_parameters)
    bounds = "soft"


_WEIGHT_DEPENDENCES = (AdditiveWeightDependence, MultiplicativeWeightDependence)
