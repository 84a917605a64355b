"""The search: the fewest bits of weights, then of states, whose accuracy is within a tolerance."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable
from typing import Any

from spikeloom.hdl import ConfigError
from spikeloom.hdl.contract.core_config import RANGES
from spikeloom.hdl.contract.errors import (
    FallbackWarning,
    FitError,
    FitWarning,
    MissingToolError,
)

from ..compiler.searched import Compile
from ..design.design import Design
from ..device.golden import GoldenDevice
from ..diagnosis.float_device import FloatDevice
from ..network.network import Network
from ..quantise.reports import AccuracyReport, RoundingCost, Trial
from .measured import Measured
from .rounding_costs import rounding_costs

_PLACES = ("cores", "placement")
"""Arguments of `compile` that change no spike."""
_SLACK = 1e-12


def find_fewest_bits(
    compile: Compile,
    network: Network,
    measured: Measured,
    tolerance: float,
    options: dict[str, Any],
) -> Design:
    """The design, with an `AccuracyReport` in its report; arguments as `compile` explains them."""
    return _Search(compile, network, measured, tolerance, options).found()


class _Search:
    def __init__(
        self,
        compile: Compile,
        network: Network,
        measured: Measured,
        tolerance: float,
        options: dict[str, Any],
    ) -> None:
        self._compile, self._network, self._measured = compile, network, measured
        self._tolerance, self._options = tolerance, options
        self._fixed = {name: value for name, value in options.items() if name not in _PLACES}
        self._trials: list[Trial] = []
        self._ranges = {
            name: range(low, high + 1)
            for name, (low, high) in RANGES.items()
            if name in ("weight_bits", "state_bits")
        }

    def found(self) -> Design:
        floats = self._floats()
        if floats is not None:
            reference, of = self._measured.on(floats), "floats"
        else:
            widest = self._try(self._widest())
            if widest.refused:
                raise FitError(widest.refused)
            reference, of = widest.accuracy, "the widest core"
        self._least = reference - self._tolerance - _SLACK
        settings = self._widest()
        for name in self._ranges:
            if name not in self._fixed:
                choices = ({**settings, name: bits} for bits in self._ranges[name])
                settings = self._first(choices, reference, of)
        best = self._try(settings)
        if self._may_share(best):
            shared = {**settings, "parameters": "shared", "scale": "global"}
            trial = self._try(shared)
            if self._holds(trial):
                best, settings = trial, shared
        design = self._design(settings, self._options)
        costs: tuple[RoundingCost, ...] = ()
        numbers = 0.0
        if floats is not None:
            single = self._design(settings)
            costs, numbers = rounding_costs(
                floats, self._network, single, self._measured, reference
            )
        assert design.report is not None
        trials = tuple(dict.fromkeys(self._trials))
        report = AccuracyReport(
            reference,
            of,
            best.accuracy,
            self._tolerance,
            self._measured.count,
            costs,
            numbers,
            trials,
        )
        return dataclasses.replace(
            design, report=dataclasses.replace(design.report, accuracy=report)
        )

    def _widest(self) -> dict[str, Any]:
        return {name: bits[-1] for name, bits in self._ranges.items() if name not in self._fixed}

    def _first(
        self, choices: Iterable[dict[str, Any]], reference: float, of: str
    ) -> dict[str, Any]:
        """The first settings that are within the tolerance."""
        tried = []
        for settings in choices:
            trial = self._try(settings)
            if self._holds(trial):
                return settings
            tried.append(trial)
        measured = [trial for trial in tried if not trial.refused]
        if not measured:
            raise FitError(f"no core of any width holds the network: {tried[-1].refused}")
        best = max(measured, key=lambda trial: trial.accuracy)
        raise FitError(
            f"no core keeps an accuracy of {reference:.4g} ({of}) within {self._tolerance:g}: the best "
            f"of {len(tried)} that were tried has {best.accuracy:.4g}, with weight_bits="
            f"{best.weight_bits} and state_bits={best.state_bits}; allow a tolerance of "
            f"{max(reference - best.accuracy, 0.0):.4g}, or describe the network otherwise"
        )

    def _may_share(self, best: Trial) -> bool:
        """Whether a core with the same parameters for all neurons is worth a trial."""
        given = self._fixed.keys() & {"parameters", "scale"}
        return not given and best.parameters != "shared"

    def _holds(self, trial: Trial) -> bool:
        return not trial.refused and trial.accuracy >= self._least

    def _design(self, settings: dict[str, Any], options: dict[str, Any] | None = None) -> Design:
        """A design, without warnings of losses: whether they matter is measured."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)
            return self._compile(self._network, **((options or self._fixed) | settings))

    def _try(self, settings: dict[str, Any]) -> Trial:
        chosen = self._fixed | settings
        try:
            design = self._design(settings)
        except (FitError, ConfigError) as error:
            bits = int(chosen["weight_bits"]), int(chosen["state_bits"])
            trial = Trial(*bits, str(chosen.get("parameters", "")), 0.0, str(error))
        else:
            c = design.config
            with _fastest(design) as device, warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", FitWarning
                )  # clamped states, which count if they matter
                accuracy = self._measured.on(device)
            trial = Trial(c.weight_bits, c.state_bits, c.parameters, accuracy)
        self._trials.append(trial)
        return trial

    def _floats(self) -> FloatDevice | None:
        """The network in floats; None where its model or its rule has no such device."""
        if not FloatDevice.runs(self._network):
            return None
        return FloatDevice(self._network)


def _fastest(design: Design) -> GoldenDevice:
    """The fast model, or the golden one where it cannot run; results are the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FallbackWarning)
        try:
            from ..fast import open_fast
        except MissingToolError:
            return GoldenDevice(design)
        return open_fast(design)
