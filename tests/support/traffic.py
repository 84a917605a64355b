"""Packets through a router or a mesh in Amaranth's simulator, with stalls of any pattern."""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any

from gateware import Bench, quick
from hypothesis import Phase, settings

PATIENCE = 120
"""Cycles after which nothing stalls any more."""
LIMIT = 600
"""Cycles after which something hangs."""

Packet = dict[str, int]
Arrival = tuple[int, Packet]
"""Cycle, spike."""


def few(examples: int) -> settings:
    """Settings of properties that simulate for long: what fails is shown as it was found."""
    return settings(quick(examples), phases=(Phase.explicit, Phase.generate))


def carry(
    bench: Bench,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    sent: Sequence[Sequence[Packet]],
    offers: Sequence[Sequence[bool]],
    takes: Sequence[Sequence[bool]],
    *,
    until: Callable[[Sequence[Sequence[Arrival]]], bool],
    each_cycle: Callable[[Any, bool], None] | None = None,
    settle: int = 4,
) -> tuple[list[list[int]], list[list[Arrival]]]:
    """(cycles in which each input's packets were accepted, what each output gave).

    `offers` and `takes` say, cyclically, when an input has its next packet and when an output is taken, up
    to `PATIENCE`.  Simulates until `until` holds for what the outputs gave, then `settle` cycles more.
    `each_cycle` gets the context, and whether any input is offered a packet.
    """
    accepted: list[list[int]] = [[] for _ in inputs]
    found: list[list[Arrival]] = [[] for _ in outputs]

    async def testbench(ctx: Any) -> None:
        waiting = [list(packets) for packets in sent]
        offered = [False] * len(inputs)
        offer: list[Iterator[bool]] = [cycle(pattern) for pattern in offers]
        take: list[Iterator[bool]] = [cycle(pattern) for pattern in takes]
        left = settle
        for now in range(LIMIT):
            patient = now < PATIENCE
            for k, stream in enumerate(inputs):
                wants = next(offer[k]) or not patient
                # What is offered stays until it is taken.
                offered[k] = bool(waiting[k]) and (offered[k] or wants)
                ctx.set(stream.valid, offered[k])
                if offered[k]:
                    ctx.set(stream.payload, waiting[k][0])
            shown = [(ctx.get(o.valid), ctx.get(o.payload.as_value())) for o in outputs]
            for k, stream in enumerate(outputs):
                ready = next(take[k]) or not patient
                ctx.set(stream.ready, ready)
                if ready and shown[k][0]:
                    payload = ctx.get(stream.payload)
                    names = stream.payload.shape().members
                    found[k].append((now, {name: payload[name] for name in names}))
            # Outputs are registers: they do not look at who takes them.
            assert shown == [(ctx.get(o.valid), ctx.get(o.payload.as_value())) for o in outputs]
            if each_cycle is not None:
                each_cycle(ctx, any(offered))
            for k, stream in enumerate(inputs):
                if offered[k] and ctx.get(stream.ready):
                    accepted[k].append(now)
                    waiting[k].pop(0)
                    offered[k] = False
            await ctx.tick()
            if not any(waiting) and until(found):
                left -= 1
                if left < 0:
                    return
        raise AssertionError(f"something hangs: {waiting} wait, {found} came")

    bench.run(testbench)
    return accepted, found
