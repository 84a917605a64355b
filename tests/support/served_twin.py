"""Test equipment: a twin that another process serves, and a pseudo-terminal that spoils bytes."""

from __future__ import annotations

import contextlib
import os
import random
import select
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

from spikeloom.hdl import CoreConfig
from spikeloom.sim.twin.build import build_twin


@contextlib.contextmanager
def served_twin(config: CoreConfig, folder: Path) -> Iterator[str]:
    """Serve a twin of `config` from a process of its own; yields its port."""
    build_twin(config)
    (folder / "core.toml").write_text(config.to_toml())
    code = "from spikeloom.cli import main; main()"
    arguments = ["serve", str(folder / "core.toml"), "--link", str(folder / "board")]
    # Ctrl-C at the tests' terminal, or by a test, does not reach it.
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert "A simulated board is at" in process.stdout.readline()
            yield str(folder / "board")
        finally:
            process.terminate()
            assert process.wait(60) == 0


class Mangler:
    """A pseudo-terminal before a serial port, on which each byte is spoiled with some probability.

    It carries no line rate, as pseudo-terminals do.

    Parameters
    ----------
    port : path of what is behind it.
    probability : of each byte, in each direction.

    Attributes
    ----------
    name : what clients open.
    spoiled : bytes, so far.
    """

    def __init__(self, port: str, probability: float, seed: int = 0) -> None:
        self._probability, self._random = probability, random.Random(seed)
        self._behind = os.open(port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._behind)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.name, self.spoiled = os.ttyname(self._slave), 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._thread.start()

    def _pump(self) -> None:
        across = {self._master: self._behind, self._behind: self._master}
        while not self._closing.is_set():
            for end in select.select(list(across), [], [], 0.05)[0]:
                os.write(across[end], self._mangle(os.read(end, 4096)))

    def _mangle(self, data: bytes) -> bytes:
        mangled = bytearray(data)
        for k in range(len(mangled)):
            if self._random.random() < self._probability:
                mangled[k] ^= self._random.randrange(1, 256)
                self.spoiled += 1
        return bytes(mangled)

    def __enter__(self) -> Mangler:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()
        for end in (self._behind, self._master, self._slave):
            os.close(end)
