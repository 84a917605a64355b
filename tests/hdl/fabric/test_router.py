"""A router: every packet leaves once, by the right port, unharmed, in order of its flow."""

import functools

import pytest
from gateware import Bench
from hypothesis import given
from hypothesis import strategies as st
from traffic import carry, few

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.fabric.router import TURNS, Port, Router
from spikeloom.hdl.primitives.layouts import packet_layout

CORE = CoreConfig(neurons=4, axons=32, axonal_delay_slots=4, route_entries=8)
PLACES = {
    "middle": (FabricConfig(CORE, 3, 3), 1, 1),
    "corner": (FabricConfig(CORE, 3, 2), 0, 1),
    "in a row": (FabricConfig(CORE, 4, 1), 2, 0),
    "in a column": (FabricConfig(CORE, 1, 3), 0, 0),
    "alone": (FabricConfig(CORE), 0, 0),
}
MOST = 12
"""Packets at each input."""


@functools.cache
def bench(name):
    router = Router(*PLACES[name])
    return router, Bench(router)


def way_out(name, packet):
    """Where a packet leaves: columns first."""
    _, column, row = PLACES[name]
    if packet["column"] != column:
        return Port.EAST if packet["column"] > column else Port.WEST
    if packet["row"] != row:
        return Port.SOUTH if packet["row"] > row else Port.NORTH
    return Port.LOCAL


def exists(name, packet):
    config, *_ = PLACES[name]
    return packet["column"] < config.columns and packet["row"] < config.rows


def packets(name, port):
    """Any that may come in there; axon and delay are what they carry."""
    layout = packet_layout(PLACES[name][0])
    fields = {field: st.integers(0, (1 << layout[field].width) - 1) for field in layout.members}
    if port is not Port.LOCAL:
        config, column, row = PLACES[name]
        along = {
            Port.NORTH: (column, column, row, config.rows - 1),
            Port.SOUTH: (column, column, 0, row),
            Port.WEST: (column, config.columns - 1, 0, config.rows - 1),
            Port.EAST: (0, column, 0, config.rows - 1),
        }[port]
        fields["column"] = st.integers(*along[:2])
        fields["row"] = st.integers(*along[2:])
    return st.fixed_dictionaries(fields)


@st.composite
def traffic(draw, name):
    ports = bench(name)[0].ports
    patterns = st.lists(st.booleans(), min_size=1, max_size=5)
    sent = [draw(st.lists(packets(name, port), max_size=MOST)) for port in ports]
    return sent, [draw(patterns) for _ in ports], [draw(patterns) for _ in ports]


def send(name, sent, offers, takes, **more):
    router, simulation = bench(name)
    streams = [getattr(router, f"{port.value}_in") for port in router.ports]
    ways = [getattr(router, f"{port.value}_out") for port in router.ports]
    right = sum(exists(name, p) for packets in sent for p in packets)
    return carry(
        simulation,
        streams,
        ways,
        sent,
        offers,
        takes,
        until=lambda found: sum(map(len, found)) >= right,
        **more,
    )


def carried(port, packet):
    """What leaves by a port: a core gets no place."""
    place = () if port is Port.LOCAL else ("column", "row")
    return {name: packet[name] for name in (*place, "axon", "delay")}


@pytest.mark.parametrize("name", PLACES)
@few(12)
@given(data=st.data())
def test_every_packet_leaves_once_where_it_has_to_and_in_order(name, data):
    sent, offers, takes = data.draw(traffic(name))
    router, _ = bench(name)
    lost = 0

    def watch(ctx, _):
        nonlocal lost
        lost += ctx.get(router.lost)

    # Who sent a packet is seen from its axon: the flows' order can be told apart.
    for number, queue in enumerate(sent):
        for packet in queue:
            packet["axon"] = packet["axon"] & ~7 | number
    _, found = send(name, sent, offers, takes, each_cycle=watch)
    wrong = sum(not exists(name, packet) for packet in sent[0])
    assert lost == wrong
    for port, came in zip(router.ports, found, strict=True):
        for number, queue in enumerate(sent):
            flow = [p for p in queue if exists(name, p) and way_out(name, p) is port]
            expected = [carried(port, p) for p in flow]
            assert [p for _, p in came if p["axon"] & 7 == number] == expected
        assert {p["axon"] & 7 for _, p in came} <= set(range(len(sent)))


@pytest.mark.parametrize("name", ["middle", "alone"])
@few(8)
@given(data=st.data())
def test_idle_is_when_nothing_is_inside(name, data):
    sent, offers, takes = data.draw(traffic(name))
    router, _ = bench(name)
    inside = 0

    def watch(ctx, _):
        nonlocal inside
        assert ctx.get(router.idle) == (inside == 0)
        for port in router.ports:
            come, go = router.incoming(port), router.outgoing(port)
            wrong = port is Port.LOCAL and not exists(name, local_place(ctx, come))
            inside += bool(ctx.get(come.valid & come.ready)) and not wrong
            inside -= ctx.get(go.valid & go.ready)

    send(name, sent, offers, takes, each_cycle=watch)


def local_place(ctx, stream):
    payload = ctx.get(stream.payload)
    return {"column": payload.column, "row": payload.row}


def packet_to(column, row, axon=0):
    return {"column": column, "row": row, "axon": axon, "delay": 0}


def test_all_ports_carry_a_packet_in_every_cycle():
    """Five flows, in nobody's way: what enters leaves in the next cycle."""
    ways = {
        Port.LOCAL: (1, 1),
        Port.NORTH: (1, 2),
        Port.EAST: (0, 1),
        Port.SOUTH: (1, 0),
        Port.WEST: (2, 1),
    }
    router, _ = bench("middle")
    sent = [[packet_to(*ways[port], axon=n % 32) for n in range(40)] for port in router.ports]
    always = [[True]] * len(router.ports)
    accepted, found = send("middle", sent, always, always)
    for cycles, came in zip(accepted, found, strict=True):
        assert cycles == list(range(40))
        assert [cycle for cycle, _ in came] == [cycle + 1 for cycle in cycles]


@pytest.mark.parametrize("port", Port)
def test_an_output_that_many_want_is_never_idle_and_fair(port):
    router, _ = bench("middle")
    place = {
        Port.LOCAL: (1, 1),
        Port.NORTH: (1, 0),
        Port.EAST: (2, 1),
        Port.SOUTH: (1, 2),
        Port.WEST: (0, 1),
    }[port]
    rivals = TURNS[port]
    sent = [
        [packet_to(*place, axon=number)] * 20 if source in rivals else []
        for number, source in enumerate(router.ports)
    ]
    always = [[True]] * len(router.ports)
    _, found = send("middle", sent, always, always)
    came = found[router.ports.index(port)]
    assert [cycle for cycle, _ in came] == list(range(1, 20 * len(rivals) + 1))
    order = [packet["axon"] for _, packet in came]
    rounds = [order[n : n + len(rivals)] for n in range(0, len(order), len(rivals))]
    assert all(len(set(turn)) == len(rivals) for turn in rounds)


def test_a_packet_for_nowhere_is_dropped_at_once():
    nowhere = packet_to(0, 3)
    accepted, found = send(
        "middle", [[nowhere] * 3 + [packet_to(1, 1)], [], [], [], []], [[True]] * 5, [[True]] * 5
    )
    assert accepted[0] == [0, 1, 2, 3]
    assert [cycle for cycle, _ in found[0]] == [4]
