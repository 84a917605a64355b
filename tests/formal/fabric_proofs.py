"""Proofs of routers, mesh and arrivals, and designs broken on purpose (docs/explanation/proofs.md)."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from arrival_list_harness import ArrivalListHarness
from arrivals_harness import ArrivalsHarness
from harness import Harness
from mesh_harness import MeshHarness
from prove import Verdict, run
from router_harness import CarryHarness, WaitHarness

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.core import arrival_list, arrivals
from spikeloom.hdl.fabric import mesh, router
from spikeloom.hdl.memories import read_modify_write as rmw
from spikeloom.hdl.primitives import round_robin, skid

SMALL = CoreConfig(neurons=4, axons=2, axonal_delay_slots=2, route_entries=8)
LARGE = CoreConfig(neurons=64, axons=256, axonal_delay_slots=16, route_entries=64)
PATIENCE = 2
"""Cycles in which a core takes what it is offered, in proofs about a mesh."""


def harness(name: str) -> Harness:
    """The design of one of `FABRIC_PROOFS`."""
    part, size, *place = name.split()
    if part == "list":
        return ArrivalListHarness(int(size))
    if part == "arrivals":
        return ArrivalsHarness(int(size), int(place[0]))
    columns, rows = map(int, size.split("×"))
    if part == "mesh":
        return MeshHarness(FabricConfig(SMALL, columns, rows), PATIENCE)
    column, row = map(int, place[0].split(","))
    if part == "carries":
        return CarryHarness(FabricConfig(LARGE, columns, rows), column, row)
    return WaitHarness(FabricConfig(SMALL, columns, rows), column, row)


FABRIC_PROOFS = (
    "carries 8×8 3,4",
    "carries 8×8 0,0",
    "carries 8×8 7,3",
    "carries 3×1 1,0",
    "waits 3×3 1,1",
    "waits 3×3 2,0",
    "waits 1×3 0,1",
    "mesh 2×2",
    "mesh 3×1",
    "mesh 1×2",
    "arrivals 64 1",
    "arrivals 64 4",
    "list 2",
)
"""What has to hold: part, size of the mesh, place of the router; or numbers of axons and of bitmaps.

All are proven by induction over one cycle, but those of the list, which are bounded."""
LIST_DEPTH = 15
"""Cycles in which the list of arrivals is looked at: it is cleared, filled, emptied, and filled again."""


def prove_fabric(name: str, *, keep: bool = True) -> Verdict:
    """Run one of `FABRIC_PROOFS`."""
    title = "fabric-" + name.replace(" ", "-").replace("×", "x")
    if name.startswith("list"):
        return run(title, harness(name), mode="bmc", depth=LIST_DEPTH, keep=keep)
    return run(title, harness(name), mode="prove", depth=1, keep=keep)


_PARTS = ("Skid", "Router", "Mesh", "round_robin", "Arrivals", "ReadModifyWrite", "ArrivalList")


@dataclass(frozen=True)
class FabricMutant:
    """`old` in a module's source becomes `new`; the proof has to fail."""

    proof: str
    module: ModuleType
    old: str
    new: str

    def source(self) -> str:
        """The broken source; `ValueError` if `old` is not there, or not once."""
        source = Path(str(self.module.__file__)).read_text()
        times = source.count(self.old)
        if times != 1:
            raise ValueError(
                f"{times} × {self.old!r} in {self.module.__name__}; mutate another place"
            )
        return source.replace(self.old, self.new)

    @contextlib.contextmanager
    def built_in(self) -> Iterator[None]:
        """Whoever uses something of this module uses what is broken."""
        broken: dict[str, Any] = {
            "__name__": self.module.__name__,
            "__package__": self.module.__package__,
        }
        exec(compile(self.source(), "mutant", "exec"), broken)
        whole = {name: vars(self.module)[name] for name in _PARTS if name in vars(self.module)}
        with contextlib.ExitStack() as patches:
            for user in list(sys.modules.values()):
                for name, part in whole.items():
                    if vars(user).get(name) is part:
                        patches.enter_context(mock.patch.object(user, name, broken[name]))
            yield


def refute_fabric(mutant: FabricMutant) -> Verdict:
    """Run the proof that has to fail, with what is broken built in."""
    with mutant.built_in():
        return prove_fabric(mutant.proof, keep=False)


_CARRIES, _WAITS, _MESH = "carries 8×8 3,4", "waits 3×3 1,1", "mesh 2×2"
_ARRIVALS, _RING, _LIST = "arrivals 64 1", "arrivals 64 4", "list 2"

FABRIC_MUTANTS = {
    "what comes while an output is stuck is dropped": FabricMutant(
        _CARRIES, skid, ", full.eq(1)]", "]"
    ),
    "a second packet overwrites the first": FabricMutant(
        _CARRIES, skid, "self.output.ready | ~self.output.valid", "self.output.ready | ~full"
    ),
    "the second packet is sent twice": FabricMutant(
        _CARRIES, skid, "self.input.valid | full), full.eq(0)]", "self.input.valid | full)]"
    ),
    "a newer packet overtakes": FabricMutant(
        _CARRIES,
        skid,
        "self.output.payload.eq(spare)",
        "self.output.payload.eq(self.input.payload)",
    ),
    "an input is told that its packet is gone, though there was no room": FabricMutant(
        _CARRIES, router, "source: choice & slots.input.ready", "source: choice"
    ),
    "two inputs are served at once": FabricMutant(
        _CARRIES, round_robin, "requests[n] & ~Cat(earlier).any()", "requests[n]"
    ),
    "a packet goes beyond its row": FabricMutant(
        _CARRIES, router, "packet.row > self._row", "packet.row >= self._row"
    ),
    "rows first": FabricMutant(
        _CARRIES,
        router,
        "            Port.EAST: packet.column > self._column,\n"
        "            Port.WEST: packet.column < self._column,\n"
        "            Port.SOUTH: packet.row > self._row,\n",
        "            Port.SOUTH: packet.row > self._row,\n"
        "            Port.EAST: packet.column > self._column,\n"
        "            Port.WEST: packet.column < self._column,\n",
    ),
    "fields change places": FabricMutant(
        _CARRIES, router, "for name in shape.members)", "for name in reversed([*shape.members]))"
    ),
    "a packet for nowhere waits": FabricMutant(
        _CARRIES, router, "accepted[Port.LOCAL].append(missed)", "pass"
    ),
    "a packet for nowhere is not counted": FabricMutant(
        _CARRIES, router, "self.lost.eq(missed)", "self.lost.eq(0)"
    ),
    "turns are not taken": FabricMutant(_WAITS, round_robin, "last.eq(n)", "last.eq(0)"),
    "a turn is counted before it is taken": FabricMutant(
        _WAITS, round_robin, "with m.If(served):", "if True:"
    ),
    "an output is never emptied into": FabricMutant(
        _WAITS, skid, "self.input.valid | full), full.eq(0)]", "self.input.valid | full)]"
    ),
    "the mesh is idle while a packet enters": FabricMutant(
        _MESH, mesh, "(moving | offered)", "moving"
    ),
    "an output of a mesh is stuck for ever": FabricMutant(
        _MESH, skid, "self.input.ready.eq(~full)", "self.input.ready.eq(~full & ~self.output.valid)"
    ),
    "a packet turns round the wrong way": FabricMutant(
        _MESH, router, "packet.column > self._column", "packet.column < self._column"
    ),
    "a spike takes the place of another in its word": FabricMutant(
        _ARRIVALS, arrivals, "lambda old, new: old | new", "lambda old, new: new"
    ),
    "of two spikes in a row one is forgotten": FabricMutant(
        _ARRIVALS, rmw, "if self._revisit <= 1:", "if False:"
    ),
    "of two spikes with a gap one is forgotten": FabricMutant(
        _ARRIVALS, rmw, "if self._revisit <= 2:", "if False:"
    ),
    "spikes are handed over again": FabricMutant(
        _ARRIVALS, rmw, "write.en.eq(1), write.addr", "write.en.eq(0), write.addr"
    ),
    "the last word is forgotten": FabricMutant(
        _ARRIVALS, arrivals, "last = fetch == self._words - 1", "last = fetch == self._words - 2"
    ),
    "an axon that is not taken is forgotten": FabricMutant(
        _ARRIVALS, arrivals, "free.eq(~self.axons.valid | self.axons.ready)", "free.eq(1)"
    ),
    "of two spikes in a row both are listed": FabricMutant(
        _LIST, arrival_list, "repeated.eq(same[0] | same[1])", "repeated.eq(same[1])"
    ),
    "of two spikes with a gap both are listed": FabricMutant(
        _LIST, arrival_list, "repeated.eq(same[0] | same[1])", "repeated.eq(same[0])"
    ),
    "an axon that was handed over stays known": FabricMutant(
        _LIST, arrival_list, "taken.eq(out.valid & out.ready)", "taken.eq(0)"
    ),
    "a listed axon that is not taken is forgotten": FabricMutant(
        _LIST, arrival_list, "moves.eq(~out.valid | out.ready)", "moves.eq(1)"
    ),
    "the list is handed over twice": FabricMutant(
        _LIST, arrival_list, "[going.eq(0), written.eq(0), read.eq(0)]", "[going.eq(0), read.eq(0)]"
    ),
    "the last bit is not cleared": FabricMutant(
        _LIST, arrival_list, "last = place == self._count - 1", "last = place == self._count - 2"
    ),
    "a spike for later comes at once": FabricMutant(
        _RING, arrivals, "(self._next + slots)[", "(self._next + (slots & 1))["
    ),
}
