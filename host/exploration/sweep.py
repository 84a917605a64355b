"""Sweeps: a function at every point of a design space, over workers, with results kept by digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spikeloom.hdl.contract.errors import InputError

from ..display.progress import progress_bar
from .cache import Results
from .point import FAILED, Task, run_task
from .results import Sweep, SweepPoint
from .space import Space
from .workers import dask_client

OUT = "out/sweep"


def sweep(
    function: Callable[..., Any] | str | Space,
    axes: Mapping[str, Sequence[Any]] | None = None,
    objectives: Mapping[str, str] | None = None,
    *,
    constants: Mapping[str, Any] | None = None,
    hardware: Mapping[str, Any] | None = None,
    files: Sequence[str | Path] = (),
    sample: int | None = None,
    seed: int = 0,
    out: str | Path = OUT,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: bool | None = None,
) -> Sweep:
    """Call a function at every point of a design space, and find the best trade-offs.

    Results are kept in `out` as soon as they are there, one file for each point, by the digest of
    all they depend on: the point, the constants, the function's code, `files`, and SpikeLoom's
    numerics.  What is kept is not computed again: a sweep that was stopped or killed goes on where it
    was, and one with more values computes what is new.  If a worker dies, others take over what
    it had not finished.

    Parameters
    ----------
    function : called with a value for each axis and constant as keyword arguments; returns a dict of
        figures (numbers or text).  Two entries are special: "design", a `Design`, adds "luts",
        "flip_flops", "block_rams" and "fmax_mhz"; "run" beside it, a `Run` of a model, a list of
        them, or counters, adds "cycles_per_step", "steps_per_second" and the range of energy.  A
        `SpikeLoomError` it raises is the point's result ("refused").  Or text: "FILE.py:NAME", or
        "package.module:NAME".  Or a whole `Space`.
    axes : lists of values by name; all combinations are tried.  Numbers, text, or lists of them.
    objectives : figures by name, "min" or "max", for the Pareto front.
    constants : further arguments.
    hardware : "family" ("ecp5", "ice40", "xilinx"), "stage" ("fitted", "synthesised", "routed") and
        "board", see `spikeloom.estimate.resources`.
    files : what the function reads (data, other modules); a change makes results stale.
    sample, seed : only so many of the points, at random.
    out : folder of the results.
    scheduler : address of a Dask scheduler; default: workers of our own on this machine.
    workers : how many of our own; default: one for each processor.
    progress : show a bar; None: when stderr is a terminal.

    Raises
    ------
    InputError : arguments that cannot be, or a scheduler that does not answer.
    MissingToolError : Dask is not installed, and there is something to compute.
    """
    if isinstance(function, Space):
        space = function
    else:
        if axes is None or objectives is None:
            raise InputError('give axes={"lanes": [1, 2, 4]} and objectives={"luts": "min"}')
        space = Space.of(
            function,
            axes,
            objectives,
            constants=constants,
            hardware=hardware,
            files=files,
            sample=sample,
            seed=seed,
        )
    results = Results(Path(out).resolve())
    token = results.create()
    points = space.points()
    digests = [space.digest(point) for point in points]
    found = {digest: known for digest in digests if (known := results.read(digest)) is not None}
    reused = len(found)
    missing = {
        digest: point for digest, point in zip(digests, points, strict=True) if digest not in found
    }
    if missing:
        tasks = [
            Task(
                space.target,
                {**space.constants, **point},
                space.hardware,
                digest,
                str(results.folder),
                token,
            )
            for digest, point in missing.items()
        ]
        with progress_bar("points", len(points), progress) as advance:
            advance(reused)
            for digest, result in _compute(tasks, scheduler, workers):
                found[digest] = result
                if FAILED not in result and results.read(digest) is None:
                    results.write(digest, result)  # by a worker that does not see the folder
                advance(1)
    rows = tuple(
        SweepPoint.of(point, found[digest]) for digest, point in zip(digests, points, strict=True)
    )
    return Sweep(tuple(space.axes), dict(space.objectives), rows, reused=reused)


def _compute(tasks: list[Task], scheduler: str | None, workers: int | None) -> Any:
    """Pairs of digest and result, as they come."""
    with dask_client(scheduler, workers) as client:
        from distributed import as_completed

        futures = {
            client.submit(run_task, task, key=f"point-{task.digest}", pure=False): task.digest
            for task in tasks
        }
        for future in as_completed(futures):
            error = future.exception()
            result = future.result() if error is None else {FAILED: f"{error}"}
            yield futures[future], result
            future.release()
