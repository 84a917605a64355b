"""The lanes of a core, and what tells them what to do: synapses, partial sums, and learning."""

from .conductor import Conductor
from .lanes import Lanes

__all__ = ["Conductor", "Lanes"]
