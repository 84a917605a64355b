"""Signatures between the blocks of a core."""

from __future__ import annotations

from amaranth.hdl import signed
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from ..contract.core_config import CoreConfig


class FiredSignature(wiring.Signature):
    """What a step made of a neuron, one per cycle in order, as seen from the block that updates them.

    No back-pressure.

    Members
    -------
    valid : the other members are of a neuron of this step.
    neuron, spike : which, and whether it fired.
    potential : as it is stored after the step.
    """

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(
            {
                "valid": Out(1),
                "neuron": Out(range(config.neurons)),
                "spike": Out(1),
                "potential": Out(signed(config.state_bits)),
            }
        )
