"""Many cores on one chip: the mesh that carries their spikes, the barrier that keeps their steps together."""

from .fabric import Fabric, fabric_increments
from .mesh import Mesh
from .router import Router

__all__ = ["Fabric", "Mesh", "Router", "fabric_increments"]
