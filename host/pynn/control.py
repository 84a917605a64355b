"""PyNN's functions for the course of a simulation, and what this back end adds to them."""

from __future__ import annotations

from typing import Any

from pyNN import common
from pyNN.connectors import FixedProbabilityConnector
from pyNN.recording import get_io

from . import simulator
from .comparison import Difference
from .populations import Population
from .projections import Projection
from .refusals import ParameterError
from .standardmodels import StaticSynapse

_COMPILE = (
    "weight_bits", "state_bits", "lanes", "parameters", "scale", "headroom", "config",
    "cores", "fabric", "placement", "board", "strict", "monitors",
)  # fmt: skip
_OPEN = ("baud", "line_rate", "timeout", "progress", "share")


def setup(
    timestep: float = common.control.DEFAULT_TIMESTEP,
    min_delay: float | str = common.control.DEFAULT_MIN_DELAY,
    *,
    device: str = "golden:",
    seed: int = 0,
    fine_leak: bool | None = None,
    **extra_params: Any,
) -> int:
    """Begin anew: forget all populations, and say what will run the next ones.

    Parameters
    ----------
    timestep, min_delay : ms.
    device : "golden:", "fast:", "twin:", or a port, as in `spikeloom.open`.
    seed : of Poisson spikes and of noise.
    fine_leak : whether the cells have a leak of 18 bits instead of 12; default: where 12 bits miss
        a time constant of the membrane by more than 0.5 %.
    extra_params : settings of `spikeloom.compile` and of `spikeloom.open` by their names,
        `weight_bits=16`; `max_delay`, `spike_precision`; others, which are for other back ends, are
        ignored.

    Returns
    -------
    int
        The rank of this process, 0.
    """
    if not isinstance(device, str) or device == "float:":
        raise ParameterError(
            f'device is {device!r}; give "golden:", "fast:", "twin:" or a port. What the network does '
            "in floats is in difference()"
        )
    if isinstance(timestep, str) or not timestep > 0:
        raise ParameterError(f"timestep is {timestep!r}; give ms above 0")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ParameterError(f"seed is {seed!r}; give an integer from 0 on")
    common.setup(timestep, min_delay, **extra_params)
    state = simulator.state
    state.clear()
    state.session = None
    state.write_on_end = []
    state.dt, state.min_delay = float(timestep), min_delay
    state.max_delay = extra_params.get("max_delay", common.control.DEFAULT_MAX_DELAY)
    state.off_grid = extra_params.get("spike_precision") == "off_grid"
    state.device, state.seed, state.fine_leak = device, seed, fine_leak
    state.compile_options = {k: extra_params[k] for k in _COMPILE if k in extra_params}
    state.open_options = {k: extra_params[k] for k in _OPEN if k in extra_params}
    return state.mpi_rank


def end(compatible_output: bool = True) -> None:
    """Write the files that `record` was told of, and close the device; data can still be read."""
    for population, variables, filename in simulator.state.write_on_end:
        population.write_data(get_io(filename), variables)
    simulator.state.write_on_end = []
    simulator.state.close()


run, run_until = common.build_run(simulator)
run_for = run
reset = common.build_reset(simulator)
initialize = common.initialize

(
    get_current_time,
    get_time_step,
    _,
    get_max_delay,
    num_processes,
    rank,
) = common.build_state_queries(simulator)


def get_min_delay() -> float:
    """The shortest delay in ms: as `setup` was told, or that of the synapses that there are."""
    state = simulator.state
    if state.min_delay != "auto":
        return state.min_delay_ms
    delays = [float(p.values("delay").min()) for p in state.projections if len(p)]
    return min(delays, default=state.dt)


create = common.build_create(Population)
connect = common.build_connect(Projection, FixedProbabilityConnector, StaticSynapse)
record = common.build_record(simulator)
set = common.set


def record_v(source: Any, filename: str) -> None:
    """Record potentials to a file."""
    record(["v"], source, filename)


def difference() -> Difference:
    """How the hardware's simulation differs from the ideal one, since the last `reset`.

    Raises
    ------
    ParameterError : before the first run.
    """
    session = simulator.state.session
    if session is None or session.device is None:
        raise ParameterError("nothing has run yet, or only spike sources; call run() first")
    return Difference(session)
