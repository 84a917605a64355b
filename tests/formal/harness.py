"""What proofs are made of: claims, past values, constants that may be anything."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from amaranth.hdl import (
    Assert,
    Assume,
    ClockDomain,
    Cover,
    Elaboratable,
    Fragment,
    Module,
    Shape,
    Signal,
    Value,
)
from amaranth.lib import memory
from amaranth.lib.data import View

FREE = "free_"
"""Submodules whose names begin so start in any state; all others from their initial values."""
CLAIM = "claim_"


class Harness(Elaboratable):
    """A design with claims.  Subclasses make `build`; its inputs may do anything at any time."""

    def __init__(self) -> None:
        self._domain = ClockDomain("sync", reset_less=True)
        self.ports: list[Signal] = [self._domain.clk]

    def elaborate(self, platform: object) -> Module:
        """The design, on a clock without reset: registers start as the runner lets them."""
        self._m = m = Module()
        m.domains.sync = self._domain
        self._started = Signal()
        m.d.sync += self._started.eq(1)
        self.build(m)
        return m

    def build(self, m: Module) -> None:
        """Add submodules, claims and assumptions."""
        raise NotImplementedError

    def input(self, name: str, shape: int = 1) -> Signal:
        """A signal that may have any value in any cycle."""
        signal = Signal(shape, name=name)
        self.ports.append(signal)
        return signal

    def constant(self, name: str, shape: int = 1) -> Signal:
        """A signal with the same value in all cycles, which may be any."""
        m = Module()
        signal = Signal(shape, name=name)
        m.d.sync += signal.eq(signal)
        self._m.submodules[FREE + name] = m
        return signal

    def named(self, name: str, value: Value) -> Signal:
        """The value as a signal, to be found in counterexamples."""
        signal = Signal(Shape.cast(value.shape()), name=name)
        self._m.d.comb += signal.eq(value)
        return signal

    def past(self, value: Value, cycles: int = 1, *, init: int = 0) -> Value:
        """What the value was so many cycles ago; `init` before the first."""
        for _ in range(cycles):
            name = f"past_{getattr(value, 'name', '')}"
            register = Signal(Shape.cast(value.shape()), name=name, init=init)
            self._m.d.sync += register.eq(value)
            value = register
        return value

    def since(self, name: str, event: Value, *, already: bool = False) -> Value:
        """The event was in some earlier cycle, or `already` before the first."""
        seen = Signal(name=name, init=already)
        with self._m.If(event):
            self._m.d.sync += seen.eq(1)
        return seen

    def claim(self, name: str, value: Value) -> None:
        """This is true in every cycle: to be proven."""
        self._m.d.comb += Assert(self.named(CLAIM + name, value.bool()))

    def assume(self, value: Value) -> None:
        """Nothing is said about what comes after a cycle in which this is false."""
        self._m.d.comb += Assume(value)

    def cover(self, value: Value) -> None:
        """This is true in some cycle."""
        self._m.d.comb += Cover(value)

    @property
    def first(self) -> Value:
        """This is the first cycle."""
        return ~self._started


class Opened(Elaboratable):
    """A block whose variables can be named from outside, as in `opened["Receiver.head"]`.

    Names are those of the local variables in the methods of the block and of its parts, with the class
    in front, or in functions, with the function's name in front; a read port
    stands for its data; `Class.state` is that of a state machine, 0 at first.

    Parameters
    ----------
    parts : classes and functions from other files than the block's, to be opened too.
    """

    def __init__(self, block: Elaboratable, *parts: Callable[..., object]) -> None:
        self._signals: dict[str, list[Signal]] = {}
        self._memories: dict[str, memory.ReadPort] = {}
        self._blocks: list[object] = []
        modules = {part.__module__ for part in (type(block), *parts)}
        before = sys.getprofile()

        def collect(frame: FrameType, event: str, _: object) -> None:
            if event == "return" and frame.f_globals["__name__"] in modules:
                itself = frame.f_locals.get("self")
                function = frame.f_code.co_name
                owner = function if itself is None else type(itself).__name__
                if function == "elaborate":
                    self._blocks.append(itself)
                for name, local in frame.f_locals.items():
                    for value in local if isinstance(local, tuple) else (local,):
                        self._collect(f"{owner}.{name}", value)

        sys.setprofile(collect)
        try:
            self._fragment = Fragment.get(block, None)
        finally:
            sys.setprofile(before)

    def _collect(self, name: str, value: object) -> None:
        if isinstance(value, View):
            value = value.as_value()
        elif isinstance(value, memory.ReadPort):
            value = value.data
        if isinstance(value, Signal):
            self._signals.setdefault(name, []).append(value)
        elif isinstance(value, Module):
            for machine in value._generated.values():
                self._collect(name.rpartition(".")[0] + ".state", machine._data["signal"])
        elif isinstance(value, memory.Memory):
            self._memories[name] = value.read_port(domain="comb")

    def __getitem__(self, name: str) -> Signal:
        return self.all(name)[-1]

    def all(self, name: str) -> list[Signal]:
        """One for each part of this kind, in the order in which the parts were made."""
        try:
            return self._signals[name]
        except KeyError:
            known = ", ".join(sorted(self._signals))
            raise KeyError(f"no signal is named {name}; there are {known}") from None

    def blocks(self, kind: str) -> list[Any]:
        """All parts of a class, in the order in which they were made."""
        return [block for block in self._blocks if type(block).__name__ == kind]

    def word(self, m: Module, name: str, address: Value) -> Value:
        """What a memory holds there; for one address."""
        port = self._memories[name]
        m.d.comb += port.addr.eq(address)
        return port.data

    def elaborate(self, platform: object) -> Fragment:
        """The block."""
        return self._fragment
