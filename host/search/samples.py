"""Samples with their labels: what a search for the fewest bits is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from ..compiler.searched import Accuracy, Compile
from ..design.design import Design
from ..design.input_raster import SampleInputs
from ..network.network import Network
from .fewest_bits import find_fewest_bits
from .measured import Measured


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs of a network, and what it should say of them.

    Attributes
    ----------
    inputs : one for each sample, as `Device.run_batch` takes them; of a network with one input also
        an array (samples, steps, size).
    labels : (samples,) integers, the index of the neuron of `output` that should win; not needed with
        a measure of one's own, `compile(…, accuracy=…)`.
    output : the population that is looked at; default: the last one.  Read-outs (`LI`) win by their
        mean potential, others by the number of their spikes.
    steps : of each run; default: those of the inputs.
    monitor : populations whose potentials are recorded for a measure of one's own, beside read-outs.
    """

    inputs: SampleInputs
    labels: ArrayLike | None = None
    output: str | None = None
    steps: int | None = None
    monitor: tuple[str, ...] = ()

    def fewest_bits(
        self,
        compile: Compile,
        network: Network,
        accuracy: Accuracy | None,
        tolerance: float,
        options: dict[str, Any],
    ) -> Design:
        """What `compile(…, samples=…)` returns; see there."""
        measured = Measured(
            network, self.inputs, self.labels, self.output, self.steps, self.monitor, accuracy
        )
        return find_fewest_bits(compile, network, measured, tolerance, options)
