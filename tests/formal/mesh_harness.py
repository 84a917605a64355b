"""A mesh: every packet arrives, at its core and unharmed, within a number of cycles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import View
from harness import Harness, Opened
from router_harness import claim_turns
from routers import LOCAL, Inside, Place, counted, keeps, look_inside, one_at_most

from spikeloom.hdl import FabricConfig
from spikeloom.hdl.fabric.mesh import Mesh
from spikeloom.hdl.fabric.router import Router
from spikeloom.hdl.primitives.round_robin import round_robin
from spikeloom.hdl.primitives.skid import Skid

OPPOSITE = {"north": "south", "south": "north", "east": "west", "west": "east"}
STEP = {"north": (0, -1), "south": (0, 1), "east": (1, 0), "west": (-1, 0)}

Key = tuple[int, int, str]
"""Column and row of a router, and one of its outputs."""


@dataclass
class Bounds:
    """How long packets stay where, at most, if cores take what they are offered in `patience` cycles.

    A packet that is offered at an input of which `n` share an output is accepted in `n` times what whoever is
    behind the output takes for one.  The recursion ends, because dimension order has no circles.
    """

    columns: int
    rows: int
    patience: int

    def place(self, column: int, row: int) -> Place:
        """What dimension order says at a router."""
        return Place(self.columns, self.rows, column, row)

    def offered(self, column: int, row: int, source: str) -> int:
        """Cycles until a packet offered to this input of a router is accepted."""
        place = self.place(column, row)
        return max(
            len(place.sources(port)) * self.taken((column, row, port))
            for port in place.ports
            if source in place.sources(port)
        )

    def taken(self, key: Key) -> int:
        """Cycles until a packet offered by this output of a router is accepted."""
        column, row, port = key
        if port == LOCAL:
            return self.patience
        across, down = STEP[port]
        return self.offered(column + across, row + down, OPPOSITE[port])

    def entered(self, key: Key) -> int:
        """Age of the oldest packet that has just come into this output, in cycles since it was injected."""
        column, row, port = key
        ages = []
        for source in self.place(column, row).sources(port):
            if source == LOCAL:
                ages.append(self.offered(column, row, LOCAL))
            else:
                across, down = STEP[source]
                before = (column + across, row + down, OPPOSITE[source])
                # As the second of two, then as the first.
                ages.append(self.entered(before) + 2 * self.taken(before) - 1)
        return max(ages)

    def delivered(self, column: int, row: int) -> int:
        """Age of the oldest packet that is delivered there."""
        key = (column, row, LOCAL)
        return self.entered(key) + 2 * self.taken(key) - 2


class MeshHarness(Harness):
    """Claims: of all packets any one arrives at its core, unharmed, once, and within the bounds.

    Cores may offer packets for any place at any time, and take what they are offered in `patience` cycles.
    One packet at a time is marked in its payload, which no router looks at.
    """

    def __init__(self, config: FabricConfig, patience: int) -> None:
        super().__init__()
        self._config = config
        self._bounds = Bounds(config.columns, config.rows, patience)

    def build(self, m: Module) -> None:
        """What cores do; what each router claims; the way of the marked packet."""
        c, bounds = self._config, self._bounds
        self._mesh = mesh = Mesh(c)
        m.submodules.dut = opened = Opened(mesh, Router, Skid, round_robin)
        self._routers = look_inside(opened, c.columns, c.rows)
        self._bits = bits = (2 * max(bounds.delivered(0, 0), 8)).bit_length()
        for core, (inject, deliver) in enumerate(zip(mesh.inject, mesh.deliver, strict=True)):
            self.ports += [inject.valid, inject.payload.as_value(), deliver.ready]
            self.assume(keeps(self, inject, f"inject_{core}"))
        # For how many cycles packets have been offered, by cores and by outputs of routers.
        self._injecting: dict[tuple[int, int], Signal] = {}
        self._stalls: dict[Key, Signal] = {}
        for inside in self._routers:
            at = (inside.place.column, inside.place.row)
            stream = inside.dut.local_in
            offered = counted(m, stream.valid & ~stream.ready, bits, f"inject_{at[0]}_{at[1]}_wait")
            self._injecting[at] = offered
            for port, out in _outputs(inside).items():
                name = f"at_{at[0]}_{at[1]}_{port}_stall"
                self._stalls[*at, port] = counted(m, out.valid & ~out.ready, bits, name)
            stall, out = self._stalls[*at, LOCAL], inside.dut.local_out
            self.assume(~out.valid | out.ready | (stall + 1 < bounds.patience))
        for inside in self._routers:
            self._router(m, inside)
        self._follow(m)

    def _wait(self, place: Place, source: str) -> Signal:
        """For how many cycles a packet has been offered to an input."""
        if source == LOCAL:
            return self._injecting[place.column, place.row]
        across, down = STEP[source]
        return self._stalls[place.column + across, place.row + down, OPPOSITE[source]]

    def _router(self, m: Module, inside: Inside) -> None:
        """Each input waits for turns, each turn as long as the next router or core takes."""
        place = inside.place
        name = f"at_{place.column}_{place.row}_"
        for port, out in _outputs(inside).items():
            key = (place.column, place.row, port)
            limit, stall = self._bounds.taken(key), self._stalls[key]
            self.claim(f"{name}{port}_taken", stall < limit)
            full = inside.full[port]
            self.claim(f"{name}{port}_places", ~full | out.valid)
            if port != LOCAL:
                legal = ~out.valid | place.may_leave(out.payload, port)
                spare = ~full | place.may_leave(inside.spare[port], port)
                self.claim(f"{name}{port}_legal", legal & spare)
            for source in place.sources(port):
                wants, turns, pause = claim_turns(
                    self, m, inside, source, port, stall, Const(limit), prefix=name
                )
                in_time = self._wait(place, source) <= _times(turns, limit) + pause
                self.claim(f"{name}{source}_to_{port}_waits", ~wants | in_time)
        quiet = Cat(out.valid for out in _outputs(inside).values()) == 0
        self.claim(f"{name}idle", ~self._mesh.idle | quiet)

    def _follow(self, m: Module) -> None:
        """The marked packet: in one place at a time, as it was sent, and not too old."""
        mesh, bounds = self._mesh, self._bounds
        offers = [s.valid & _marked(s.payload) for s in mesh.inject]
        takes = [s.valid & s.ready & _marked(s.payload) for s in mesh.inject]
        leaves = [s.valid & s.ready & _marked(s.payload) for s in mesh.deliver]
        there, age = Signal(name="marked_is_there"), Signal(self._bits, name="marked_age")
        packet = Signal(mesh.inject[0].payload.shape().size, name="marked_packet")
        kept = View(mesh.inject[0].payload.shape(), packet)
        # One at a time, for a place that exists.
        self.assume(one_at_most([*offers, there]))
        for stream in mesh.inject:
            exists = Place(bounds.columns, bounds.rows, 0, 0).exists(stream.payload)
            self.assume(~(stream.valid & _marked(stream.payload)) | exists)
            with m.If(stream.valid & stream.ready & _marked(stream.payload)):
                m.d.sync += packet.eq(stream.payload.as_value())
        gone = self.named("marked_leaves", Cat(leaves).any())
        m.d.sync += there.eq((there & ~gone) | Cat(takes).any())
        m.d.sync += age.eq(0)
        with m.If((there & ~gone) | Cat(offers).any()):
            m.d.sync += age.eq(age + 1)

        found: list[Value] = []
        for inside in self._routers:
            for port, out in _outputs(inside).items():
                key = (inside.place.column, inside.place.row, port)
                name = f"marked_{key[0]}_{key[1]}_{port}"
                stall = self._stalls[key]
                entered, taken = bounds.entered(key), bounds.taken(key)
                first = self.named(f"{name}_first", out.valid & _marked(out.payload))
                second = inside.full[port] & _marked(inside.spare[port])
                second = self.named(f"{name}_second", second)
                found += [first, second]
                self.claim(f"{name}_first_in_time", ~first | (age < entered + taken + stall))
                self.claim(f"{name}_second_in_time", ~second | (age < entered + stall))
                for which, at in (("first", out.payload), ("second", inside.spare[port])):
                    same = Cat(kept[field] == at[field] for field in at.shape().members).all()
                    here = inside.place.way(kept, port)
                    right = self.named(f"{name}_{which}_right", same & here)
                    self.claim(
                        f"{name}_{which}_same", ~(first if which == "first" else second) | right
                    )
        self.claim("marked_once", one_at_most(found) & (Cat(found).any() == there))
        for at, offer in zip(self._injecting, offers, strict=True):
            self.claim(f"marked_{at[0]}_{at[1]}_new", ~offer | (age == self._injecting[at]))
        oldest = max(bounds.delivered(*at) for at in self._injecting)
        self.claim("marked_delivered", ~there | (age <= oldest))


def _outputs(inside: Inside) -> dict[str, Any]:
    return {port: getattr(inside.dut, f"{port}_out") for port in inside.place.ports}


def _times(count: Signal, factor: int) -> Value:
    """A product that becomes no table: solvers may forget what is in one."""
    return sum((Mux(count[k], factor << k, 0) for k in range(len(count))), start=Const(0))


def _marked(payload: View) -> Value:
    return payload.delay[0]
