"""All proofs, by name.  As a program: run them all, and those that have to fail."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass

from amaranth.hdl import Module
from barrier_proof import BARRIER_MUTANTS, prove_barrier, refute_barrier
from encoder_harness import EncoderHarness
from fabric_proofs import FABRIC_MUTANTS, FABRIC_PROOFS, prove_fabric, refute_fabric
from harness import FREE, Harness, Opened
from mutants import MUTANTS, Mutant
from payload_harness import PayloadHarness
from prove import Verdict, run
from receiver_harness import PARTS, ReceiverHarness
from rich.progress import track

from spikeloom.hdl.contract.frames import CRC_BYTES, HEADER_BYTES
from spikeloom.hdl.link import crc
from spikeloom.hdl.link.receiver import Receiver

INDUCTION = {"decoder": 2, "buffer": 2, "payload": 2, "answers": 2}
"""Cycles that the induction of a part assumes; 1 for others."""
FRAME_SIZES = (HEADER_BYTES + 4 + CRC_BYTES, HEADER_BYTES + 8 + CRC_BYTES)
"""SABM, and an I frame of eight bytes, before encoding."""


class StartHarness(Harness):
    """Cover: a first cycle in which the receiver stands amid a frame, as no line has brought it."""

    def __init__(self, *, any_state: bool) -> None:
        super().__init__()
        self._any_state = any_state

    def build(self, m: Module) -> None:
        """Only its registers."""
        dut = Receiver()
        inside = Opened(dut)
        m.submodules[FREE + "dut" if self._any_state else "dut"] = inside
        amid = (inside["Receiver.position"] == 9) & (inside["CobsDecoder.code"] == 100)
        whole = (inside["Receiver.register"] == crc.GOOD) & (dut.connection == 0xDEADBEEF)
        self.cover(self.first & amid & whole & inside["Receiver.connected"] & (dut.expected == 7))


@dataclass(frozen=True)
class Proof:
    """A design, and how to run it."""

    design: Callable[[], Harness]
    mode: str
    depth: int


def _encoder(size: int) -> Proof:
    return Proof(lambda: EncoderHarness(size), "bmc", size + 3)


def _part(part: str, *, any_state: bool, receiver: Receiver | None = None) -> Proof:
    harness = PayloadHarness if part == "payload" else ReceiverHarness
    return Proof(
        lambda: harness(part, any_state=any_state, receiver=receiver),
        "prove",
        INDUCTION.get(part, 1),
    )


PROOFS = {
    "start-any": Proof(lambda: StartHarness(any_state=True), "cover", 1),
    **{f"encoder-{n}": _encoder(n) for n in FRAME_SIZES},
    **{f"any-{part}": _part(part, any_state=True) for part in PARTS},
    **{f"power-up-{part}": _part(part, any_state=False) for part in PARTS if part != "links"},
}
"""What has to hold."""


def prove(name: str) -> Verdict:
    """Run one of `PROOFS`."""
    proof = PROOFS[name]
    return run(name, proof.design(), mode=proof.mode, depth=proof.depth)


def refute(mutant: Mutant) -> Verdict:
    """Run the proof that has to fail for a broken receiver."""
    proof = _part(mutant.part, any_state=True, receiver=mutant.receiver())
    name = f"mutant-{mutant.part}"
    return run(name, proof.design(), mode=proof.mode, depth=proof.depth, keep=False)


def main() -> int:
    """Returns how many came out wrong."""
    wrong = 0
    for name in track((*PROOFS, *FABRIC_PROOFS), "proofs that have to hold"):
        verdict = prove(name) if name in PROOFS else prove_fabric(name)
        print(verdict.report)
        wrong += not verdict.holds
    wrong += not prove_barrier().holds
    mutants = {name: functools.partial(refute, mutant) for name, mutant in MUTANTS.items()}
    for name, broken in FABRIC_MUTANTS.items():
        mutants[name] = functools.partial(refute_fabric, broken)
    for name in BARRIER_MUTANTS:
        mutants[name] = functools.partial(refute_barrier, name)
    for name, attempt in track(mutants.items(), "proofs that have to fail"):
        verdict = attempt()
        print(f"{name}: {', '.join(verdict.broken) or 'NOT NOTICED'}")
        wrong += verdict.holds
    return wrong


if __name__ == "__main__":
    sys.exit(main())
