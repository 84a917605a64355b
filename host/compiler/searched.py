"""What `compile` asks of samples that are to decide how many bits a core has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from spikeloom.hdl.contract.errors import InputError

from ..design.design import Design
from ..network.network import Network
from ..quantise.arrays import real_number

Compile = Callable[..., Design]
Accuracy = Callable[[Sequence[Any]], float]
"""A measure of a user's: of the `Run`s of all samples, in their order; more is better."""
TOLERANCE = 0.01
_DECIDED = ("config", "fabric", "board")
"""Arguments of `compile` that name a core whose bits are fixed."""


@runtime_checkable
class BitSearch(Protocol):
    """What finds the core (`spikeloom.Samples`)."""

    def fewest_bits(
        self,
        compile: Compile,
        network: Network,
        accuracy: Accuracy | None,
        tolerance: float,
        options: dict[str, Any],
    ) -> Design:
        """The design with the fewest bits whose accuracy is within a tolerance of that in floats."""


def compile_within(
    compile: Compile,
    network: Network,
    samples: object,
    accuracy: object,
    tolerance: object,
    options: dict[str, Any],
) -> Design:
    """Check the arguments of a search, and begin it; raises `InputError` for wrong ones."""
    if not isinstance(samples, BitSearch):
        raise InputError(
            f"samples is {type(samples).__name__}; give spikeloom.Samples(inputs, labels)"
            if samples is not None
            else "accuracy is measured on samples; give samples=spikeloom.Samples(inputs, labels)"
        )
    if accuracy is not None and not callable(accuracy):
        raise InputError(
            f"accuracy is {accuracy!r}; give a function of a list of runs, or labels to Samples"
        )
    advice = "give the accuracy that may be lost, e.g. 0.01"
    if real_number("tolerance", tolerance, advice) < 0:
        raise InputError(f"tolerance is {tolerance!r}; {advice}")
    fixed = [name for name in _DECIDED if options.get(name) is not None]
    if fixed:
        raise InputError(
            f"{fixed[0]} says how many bits there are already; give that, or samples to search with"
        )
    given = {name: value for name, value in options.items() if value is not None}
    return samples.fewest_bits(compile, network, accuracy, float(tolerance), given)  # type: ignore[arg-type]
