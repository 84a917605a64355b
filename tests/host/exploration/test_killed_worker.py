"""A worker that is killed in the middle of a sweep: nothing is lost, nothing finished runs twice."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sweep_space import calls

import spikeloom
from spikeloom.exploration.cache import Results
from spikeloom.exploration.space import Space

FILE = Path(__file__).parents[2] / "support" / "sweep_space.py"
POINTS = 240
KILL_AFTER = 60

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")


@contextlib.contextmanager
def dask_processes(folder, workers):
    """A scheduler and workers without nannies, each a process; yields the address and the workers."""
    address_file = folder / "scheduler.json"
    command = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    options = ["--no-dashboard", "--scheduler-file", str(address_file)]
    processes = [
        subprocess.Popen(
            [*command, "scheduler", "--port", "0", "--host", "127.0.0.1", *options], **quiet
        )
    ]
    try:
        for _ in range(workers):
            one = ["--nthreads", "1", "--no-nanny"]
            processes.append(subprocess.Popen([*command, "worker", *one, *options], **quiet))
        import distributed

        wait_for(address_file.exists)
        with distributed.Client(scheduler_file=str(address_file), timeout=60) as client:
            client.wait_for_workers(workers, timeout=60)
            address = client.scheduler.address
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "what the test waits for did not come"
        time.sleep(0.01)


def space_of(folder):
    return Space.of(
        f"{FILE}:recorded",
        {"k": list(range(POINTS))},
        {"square": "min", "minus": "min"},
        constants={"folder": str(folder)},
    )


def test_a_sweep_outlives_a_killed_worker(tmp_path):
    begun, out = tmp_path / "begun", tmp_path / "out"
    begun.mkdir()
    space = space_of(begun)
    finished_before, failures = set(), []

    def kill_one(process):
        try:
            wait_for(lambda: len(list((out / "points").glob("*.json"))) >= KILL_AFTER)
            finished_before.update(p.stem for p in (out / "points").glob("*.json"))
            process.send_signal(signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
        except BaseException as error:
            failures.append(error)

    with dask_processes(tmp_path, workers=2) as (address, workers):
        killer = threading.Thread(target=kill_one, args=(workers[0],))
        killer.start()
        found = spikeloom.sweep(space, out=out, scheduler=address)
        killer.join()
        assert workers[1].poll() is None, "the other worker is alive"

    assert not failures
    assert KILL_AFTER <= len(finished_before) < POINTS
    assert [p.figures["square"] for p in found] == [k * k for k in range(POINTS)]
    assert not found.failed
    counts = calls(begun)
    assert sorted(counts) == list(range(POINTS))
    number = {space.digest(point): point["k"] for point in space.points()}
    assert all(counts[number[digest]] == 1 for digest in finished_before)
    # What the killed worker was at is all that may have been begun twice.
    assert sum(counts.values()) - POINTS <= 1
    assert len(list((out / "points").glob("*.json"))) == POINTS


def test_a_sweep_that_was_killed_goes_on(tmp_path):
    """The whole program is killed; the next one computes what is missing alone."""
    begun, out = tmp_path / "begun", tmp_path / "out"
    begun.mkdir()
    program = (
        "import spikeloom\n"
        f"spikeloom.sweep('{FILE}:recorded', {{'k': list(range({POINTS}))}},\n"
        "    {'square': 'min', 'minus': 'min'},\n"
        f"    constants={{'folder': {str(begun)!r}}}, out={str(out)!r}, workers=2)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=tmp_path, start_new_session=True
    )
    wait_for(lambda: len(list((out / "points").glob("*.json"))) >= KILL_AFTER)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # the last results of workers that die with it
    space = space_of(begun)
    kept = {
        point["k"] for point in space.points() if Results(out).read(space.digest(point)) is not None
    }
    assert KILL_AFTER <= len(kept) < POINTS
    found = spikeloom.sweep(space, out=out, workers=2)
    assert found.reused == len(kept)
    assert len(found) == POINTS
    assert not found.failed
    counts = calls(begun)
    assert all(counts[k] == 1 for k in kept)
    assert sorted(counts) == list(range(POINTS))
