"""A design: one core's configuration, its image, and the names that the user gave to things."""

from __future__ import annotations

from dataclasses import dataclass, field

from .hdl import CoreConfig, Image


@dataclass
class Design:
    """CoreConfig + Image, with the populations that they came from.

    Attributes
    ----------
    config, image : the core and its contents.
    inputs : axon range of each input population.
    populations : neuron range of each neuron population.
    dt : length of a time step in seconds.
    """

    config: CoreConfig
    image: Image
    inputs: dict[str, slice] = field(default_factory=dict)
    populations: dict[str, slice] = field(default_factory=dict)
    dt: float = 1e-3
