"""Dask workers: some on this machine, or those of a scheduler that runs already."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spikeloom.hdl.contract.errors import InputError, MissingToolError

CONNECT_SECONDS = 10


@contextmanager
def dask_client(scheduler: str | None = None, workers: int | None = None) -> Iterator[Any]:
    """A connected `distributed.Client` for as long as the context lasts.

    Parameters
    ----------
    scheduler : its address, "tcp://host:8786"; None: a scheduler and workers of our own on this
        machine, each in a process, which end with the context.
    workers : how many of our own; default: one for each processor.

    Raises `MissingToolError` without Dask, and `InputError` when the scheduler does not answer.
    """
    distributed = _distributed()
    if scheduler is not None and workers is not None:
        raise InputError("workers are our own, or those of the scheduler; give one or the other")
    if workers is not None and (type(workers) is not int or workers < 1):
        raise InputError(f"workers is {workers!r}; give at least 1")
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, timeout=CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"no Dask scheduler answers at {scheduler} ({type(error).__name__}); start one with "
                "`dask scheduler`, and workers with `dask worker ADDRESS`"
            ) from None
        with client:
            yield client
        return
    count = workers or os.cpu_count() or 1
    with _local_cluster(count) as cluster, distributed.Client(cluster) as client:
        yield client


def _local_cluster(count: int) -> Any:
    """Workers that are processes started afresh: a script needs no `if __name__ == "__main__"`."""
    options: dict[str, Any] = {
        "n_workers": count,
        "threads_per_worker": 1,
        "dashboard_address": None,
        "silence_logs": logging.ERROR,
    }
    if os.name == "nt":
        return _distributed().LocalCluster(processes=True, **options)
    from distributed.deploy.subprocess import SubprocessCluster

    return SubprocessCluster(**options)


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise MissingToolError(
            "sweeps need Dask; install it with: pip install 'spikeloom[sweep]'"
        ) from None
    return distributed
