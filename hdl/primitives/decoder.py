"""From the bus to the blocks behind it: which block has an address, and the sequence of an access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value, ValueLike

from ..contract.memory_map import REGION_SHIFT, Region
from .access import Access

Bus = Any
"""An interface of `BusSignature`, seen from the target."""


@dataclass(frozen=True)
class Window:
    """The addresses of a region that lead to one block.

    Parameters
    ----------
    region : top bits of the addresses.
    access : of the block (`AccessSignature`, seen from its initiator).
    where : parts of the block's address, by name.
    exists : the block has this address.
    selected : this window is meant, where a region has several.  Exactly one of them is.
    """

    region: Region
    access: Access
    where: dict[str, ValueLike]
    exists: Value
    selected: Value = field(default_factory=lambda: Const(1))


def decode_bus(m: Module, bus: Bus, ready: Value, windows: Sequence[Window]) -> None:
    """Answer the bus with the blocks behind `windows`.

    - What it does: looks up the address, accesses its block, and passes value and end on to the bus.
    - Latency: two cycles more than the block takes; an address that does not exist takes two.
    - Back-pressure: an access waits for `ready`, and then for the block.
    - Errors: `error` is set for an address that does not exist; it reads as an undefined value, and
      nothing is written.

    Parameters
    ----------
    bus : an interface of `BusSignature`, seen from the target.
    ready : the blocks have nothing else to do, and will not until the access is done.
    windows : in any order.
    """
    region = bus.address[REGION_SHIFT:]
    for access, own in _grouped(windows, lambda window: window.access):
        # The parts of an address are registers, since they lead to memories.
        m.d.comb += [access.write.eq(bus.write), access.data.eq(bus.data)]
        for k, window in enumerate(own):
            last = k == len(own) - 1
            # An address of no window may lead anywhere: its access is never active.
            condition = Const(1) if last else region == window.region
            with m.If(condition) if k == 0 else m.Else() if last else m.Elif(condition):
                for name, part in window.where.items():
                    m.d.sync += getattr(access.where, name).eq(part)

    # One bit for each window; registers, since they choose the addresses of memories.
    chosen = Signal(len(windows))
    matches = Cat((region == w.region) & w.selected & w.exists for w in windows)
    with m.FSM(name="bus"):
        with m.State("IDLE"):
            m.d.sync += [bus.done.eq(0), bus.value.eq(0), chosen.eq(matches)]
            with m.If(bus.valid & ~bus.done & ready):
                m.next = "ACCESS"
        with m.State("ACCESS"):
            for k, window in enumerate(windows):
                with m.If(chosen[k]):
                    m.d.comb += window.access.active.eq(1)
            accesses = [access for access, _ in _grouped(windows, lambda window: window.access)]
            m.d.sync += [
                bus.error.eq(~chosen.any()),
                # All but the one that is active are 0.
                bus.value.eq(reduce(or_, (access.value for access in accesses))),
            ]
            with m.If(~chosen.any() | Cat(access.done for access in accesses).any()):
                m.d.sync += bus.done.eq(1)
                m.next = "IDLE"


def _grouped(
    windows: Sequence[Window], key: Callable[[Window], Any]
) -> list[tuple[Any, list[Window]]]:
    """Windows by block or region, in the order in which these first come."""
    groups: dict[int, tuple[Any, list[Window]]] = {}
    for window in windows:
        what = key(window)
        groups.setdefault(id(what), (what, []))[1].append(window)
    return list(groups.values())
