"""Cells and synapses of PyNN that a core has, with PyNN's own names and units."""

from __future__ import annotations

from typing import Any

from pyNN.standardmodels import build_translations, cells, synapses

from .errors import UnsupportedModelError
from .simulator import state


def _same(*names: str) -> Any:
    """Parameters are kept as PyNN has them."""
    return build_translations(*((name, name) for name in names))


class IF_curr_exp(cells.IF_curr_exp):  # type: ignore[misc]  # noqa: N801
    __doc__ = cells.IF_curr_exp.__doc__

    translations = _same(*cells.IF_curr_exp.default_parameters)


class IF_curr_delta(cells.IF_curr_delta):  # type: ignore[misc]  # noqa: N801
    __doc__ = cells.IF_curr_delta.__doc__

    translations = _same(*cells.IF_curr_delta.default_parameters)


class SpikeSourceArray(cells.SpikeSourceArray):  # type: ignore[misc]
    __doc__ = cells.SpikeSourceArray.__doc__

    translations = _same(*cells.SpikeSourceArray.default_parameters)


class SpikeSourcePoisson(cells.SpikeSourcePoisson):  # type: ignore[misc]
    __doc__ = cells.SpikeSourcePoisson.__doc__

    translations = _same(*cells.SpikeSourcePoisson.default_parameters)


class _Delayed:
    """What all synapses have."""

    @staticmethod
    def _get_minimum_delay() -> float:
        return state.min_delay_ms


class StaticSynapse(_Delayed, synapses.StaticSynapse):  # type: ignore[misc]
    __doc__ = synapses.StaticSynapse.__doc__

    translations = _same("weight", "delay")


class STDPMechanism(_Delayed, synapses.STDPMechanism):  # type: ignore[misc]
    __doc__ = synapses.STDPMechanism.__doc__

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


class SpikePairRule(synapses.SpikePairRule):  # type: ignore[misc]
    __doc__ = synapses.SpikePairRule.__doc__

    translations = _same(*synapses.SpikePairRule.default_parameters)


class AdditiveWeightDependence(synapses.AdditiveWeightDependence):  # type: ignore[misc]
    __doc__ = synapses.AdditiveWeightDependence.__doc__

    translations = _same(*synapses.AdditiveWeightDependence.default_parameters)
    bounds = "hard"


class MultiplicativeWeightDependence(synapses.MultiplicativeWeightDependence):  # type: ignore[misc]
    __doc__ = synapses.MultiplicativeWeightDependence.__doc__

    translations = _same(*synapses.MultiplicativeWeightDependence.default_parameters)
    bounds = "soft"


_WEIGHT_DEPENDENCES = (AdditiveWeightDependence, MultiplicativeWeightDependence)
