"""Trying mutants: each in a process of its own, under the scenario of the co-simulation."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import mutated_chips

from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.link.link import Link
from spikeloom.sim.cosim.scenario import Mismatch, Scenario
from spikeloom.sim.twin.build import TwinLibrary
from spikeloom.sim.twin.port import TwinPort

LINK_TIMEOUT = 2e-3
"""Simulated seconds without a byte after which the host asks again."""
_PATIENCE = 3
"""A mutant may take so many times the cycles of the chip without mutants."""
_CPU_SECONDS = 120
"""For a mutant that keeps the host busy without simulated time; of the processor, which may be shared."""


@dataclass(frozen=True)
class Outcome:
    """What came out for one mutant.

    Attributes
    ----------
    by : what was different: "spike", a state, a counter, "out of time", an error; "" if it survived.
    seed : in which case; the last one if it survived.
    """

    number: int
    by: str
    seed: int

    @property
    def killed(self) -> bool:
        """Whether anything was different."""
        return bool(self.by)


class OutOfTimeError(Exception):
    """A case takes too many cycles."""


class MutantPort(TwinPort):
    """A port to one of the mutants in a library."""

    def __init__(self, library: TwinLibrary, number: int, *, seed: int, most_cycles: float) -> None:
        super().__init__(library, seed=seed)
        self._most_cycles = most_cycles
        choose = ctypes.CDLL(str(library.path)).twin_mutate
        choose.restype, choose.argtypes = None, [ctypes.c_void_p, ctypes.c_uint32]
        choose(self._handle, number)

    def read(self, size: int = 1) -> bytes:
        """As that of any twin; raises `OutOfTimeError`."""
        if self.cycles > self._most_cycles:
            raise OutOfTimeError
        return super().read(size)


def run_case(
    library: TwinLibrary,
    chip: CoreConfig | FabricConfig,
    number: int,
    seed: int,
    most_cycles: float = float("inf"),
) -> tuple[str, int]:
    """One case on one mutant: what was different ("" for nothing), and the cycles that it took."""
    config = mutated_chips.network_config(chip)
    design = mutated_chips.placed_design(chip, seed)
    with MutantPort(library, number, seed=seed, most_cycles=most_cycles) as port:
        board = Board(Link(port, LINK_TIMEOUT, "the simulation"), progress=False)
        try:
            Scenario(board, config, seed, design=design).run()
        except Mismatch as found:
            return found.what, port.cycles
        except OutOfTimeError:
            return "out of time", port.cycles
        except Exception as error:
            return type(error).__name__, port.cycles
        return "", port.cycles


def try_mutants(
    library: TwinLibrary,
    chip: CoreConfig | FabricConfig,
    numbers: Sequence[int],
    seeds: Sequence[int],
    *,
    jobs: int = 1,
) -> Iterator[Outcome]:
    """Try each mutant with all seeds, until one of them kills it; in the order in which they end.

    Raises `AssertionError` if the chip without mutants differs from the model.
    """
    most = {}
    for seed in seeds:
        different, cycles = run_case(library, chip, 0, seed)
        assert not different, f"without mutants seed {seed} differs: {different}"
        most[seed] = _PATIENCE * cycles
    context = multiprocessing.get_context("fork")
    waiting = list(reversed(numbers))
    running: dict[Connection, tuple[int, BaseProcess]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            ours, theirs = context.Pipe(duplex=False)
            number = waiting.pop()
            process = context.Process(
                target=_worker, args=(theirs, library, chip, number, most), daemon=True
            )
            process.start()
            theirs.close()
            running[ours] = (number, process)
        for end in wait(list(running)):
            assert isinstance(end, Connection)
            number, process = running.pop(end)
            yield _outcome(end, number, process)


def _worker(
    end: Connection,
    library: TwinLibrary,
    chip: CoreConfig | FabricConfig,
    number: int,
    most: dict[int, int],
) -> None:
    """In the child: the simulator may end the process, which the parent sees."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 5))
    silence = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(silence, output)
    outcome = Outcome(number, "", -1)
    for seed, cycles in most.items():
        outcome = Outcome(number, run_case(library, chip, number, seed, cycles)[0], seed)
        if outcome.killed:
            break
    end.send(outcome)


def _outcome(end: Connection, number: int, process: BaseProcess) -> Outcome:
    """What the child said; or why it was ended, by the simulator or the limit of its time."""
    try:
        outcome: Outcome = end.recv()
    except EOFError:
        process.join()
        late = process.exitcode == -signal.SIGXCPU
        return Outcome(number, "out of time" if late else "the simulator stopped", -1)
    process.join()
    return outcome
