"""SpikeLoom as a back end of PyNN 0.13: `import spikeloom.pynn as sim`.

Scripts for PyNN run on the golden model, the fast one, the twin or a board:
`sim.setup(timestep=0.1, device="twin:")`.  `sim.difference()` says what the hardware does otherwise than
the ideal simulation.
"""

from __future__ import annotations

from spikeloom.hdl.contract.errors import MissingToolError

try:
    from pyNN import errors, random, space
except ImportError as error:
    raise MissingToolError(
        "spikeloom.pynn needs PyNN and Neo; install them with pip install 'spikeloom[pynn]'"
    ) from error
from pyNN import connectors
from pyNN.network import Network
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Space
from pyNN.standardmodels import StandardCellType

from .control import (
    connect,
    create,
    difference,
    end,
    get_current_time,
    get_max_delay,
    get_min_delay,
    get_time_step,
    initialize,
    num_processes,
    rank,
    record,
    record_v,
    reset,
    run,
    run_for,
    run_until,
    set,
    setup,
)
from .electrodes import ACSource, DCSource, NoisyCurrentSource, StepCurrentSource
from .populations import Assembly, Population, PopulationView
from .projections import Projection
from .simulator import state
from .standardmodels import (
    AdditiveWeightDependence,
    IF_curr_delta,
    IF_curr_exp,
    MultiplicativeWeightDependence,
    SpikePairRule,
    SpikeSourceArray,
    SpikeSourcePoisson,
    StaticSynapse,
    STDPMechanism,
)
from .unavailable import unavailable

__all__ = [
    "ACSource", "AdditiveWeightDependence", "Assembly", "DCSource", "IF_curr_delta", "IF_curr_exp",
    "MultiplicativeWeightDependence", "Network", "NoisyCurrentSource", "NumpyRNG", "Population",
    "PopulationView", "Projection", "RandomDistribution", "STDPMechanism", "Space", "SpikePairRule",
    "SpikeSourceArray", "SpikeSourcePoisson", "StaticSynapse", "StepCurrentSource", "connect", "create",
    "difference", "end", "errors", "get_current_time", "get_max_delay", "get_min_delay",
    "get_time_step", "initialize", "list_standard_models", "num_processes", "random", "rank", "record",
    "record_v", "reset", "run", "run_for", "run_until", "set", "setup", "space", "state",
]  # fmt: skip

for _name in connectors.__all__ if hasattr(connectors, "__all__") else dir(connectors):
    _found = getattr(connectors, _name)
    if isinstance(_found, type) and issubclass(_found, connectors.Connector):
        globals()[_name] = _found
        __all__.append(_name)
for _name, _model in unavailable({*__all__}):
    globals()[_name] = _model


def list_standard_models() -> list[str]:
    """Names of the cells and spike sources that this back end has."""
    found = (globals()[name] for name in __all__)
    return [o.__name__ for o in found if isinstance(o, type) and issubclass(o, StandardCellType)]
