"""A fair choice among several that want the same."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value


def round_robin(m: Module, wanted: list[Value], served: Value, name: str) -> list[Value]:
    """Who is served: one of those that want it (combinational), none if none does.

    Whoever wants it goes on wanting until served; then each is served after the others were served once
    at most.

    Parameters
    ----------
    wanted : who wants to be served; at least one place.
    served : the one that is chosen is served in this cycle, if there is one.
    name : of the register that remembers who was served last.
    """
    count = len(wanted)
    if count == 1:
        return wanted
    last = Signal(range(count), name=name)
    chosen = [Signal(name=f"{name}_{n}_next") for n in range(count)]
    with m.Switch(last):
        for previous in range(count):
            # Where the last is no power of two, the codes beyond are never reached.
            with m.Case(previous) if previous < count - 1 else m.Default():
                earlier: list[Value] = []
                for n in ((previous + 1 + k) % count for k in range(count)):
                    m.d.comb += chosen[n].eq(wanted[n] & ~Cat(earlier).any())
                    earlier.append(wanted[n])
    with m.If(served):
        for n, choice in enumerate(chosen):
            with m.If(choice):
                m.d.sync += last.eq(n)
    return list(chosen)
