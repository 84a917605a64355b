"""A fair choice among several requests."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value


def round_robin(m: Module, requests: list[Value], served: Value, name: str) -> list[Value]:
    """Choose one of the requests (combinational), or none if there is none.

    A request has to stay until it is served; then no other requester is served twice before it.

    Parameters
    ----------
    requests : one bit for each requester; at least one.
    served : the chosen request, if there is one, is served in this cycle.
    name : of the register that holds the requester that was served last.
    """
    count = len(requests)
    if count == 1:
        return requests
    last = Signal(range(count), name=name)
    chosen = [Signal(name=f"{name}_{n}_next") for n in range(count)]
    with m.Switch(last):
        for previous in range(count):
            # Where the last is no power of two, the codes beyond are never reached.
            with m.Case(previous) if previous < count - 1 else m.Default():
                earlier: list[Value] = []
                for n in ((previous + 1 + k) % count for k in range(count)):
                    m.d.comb += chosen[n].eq(requests[n] & ~Cat(earlier).any())
                    earlier.append(requests[n])
    with m.If(served):
        for n, choice in enumerate(chosen):
            with m.If(choice):
                m.d.sync += last.eq(n)
    return list(chosen)
