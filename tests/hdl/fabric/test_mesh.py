"""The mesh: every packet arrives once, at the right core, unharmed, in order of its flow."""

import functools
import graphlib

import pytest
from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator
from gateware import Bench
from hypothesis import given
from hypothesis import strategies as st
from traffic import carry, few

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.fabric.coordinates import coordinates
from spikeloom.hdl.fabric.mesh import Mesh
from spikeloom.hdl.fabric.router import TURNS, Port, neighbours

CORE = CoreConfig(neurons=4, axons=256, axonal_delay_slots=4, route_entries=8)
SHAPES = [(1, 1), (2, 2), (3, 2), (1, 4), (4, 1)]
MOST = 8
"""Packets of each core."""


def config(shape):
    return FabricConfig(CORE, *shape)


@functools.cache
def bench(shape):
    mesh = Mesh(config(shape))
    return mesh, Bench(mesh)


def packet_to(shape, core, axon=0, delay=0):
    """For a core by its number; there is none with the number `cores`."""
    row, column = divmod(core, shape[0])
    return {"column": column, "row": row, "axon": axon, "delay": delay}


def send(shape, sent, offers=None, takes=None, **more):
    mesh, simulation = bench(shape)
    cores = shape[0] * shape[1]
    always = [[True]] * cores
    right = sum(packet["row"] < shape[1] for packets in sent for packet in packets)
    return carry(
        simulation,
        [mesh.inject[core] for core in range(cores)],
        [mesh.deliver[core] for core in range(cores)],
        sent,
        offers or always,
        takes or always,
        until=lambda found: sum(map(len, found)) >= right,
        **more,
    )


@st.composite
def traffic(draw, shape):
    """Packets that say who sent them (axon's low bits), to any core and to none."""
    cores = shape[0] * shape[1]
    few = draw(st.lists(st.integers(0, cores), min_size=1, max_size=cores))
    targets = st.sampled_from(few)
    contents = st.tuples(targets, st.integers(0, 31), st.integers(0, 3))
    sent = [
        [
            packet_to(shape, target, number << 3 | core, delay)
            for target, number, delay in draw(st.lists(contents, max_size=MOST))
        ]
        for core in range(cores)
    ]
    patterns = st.lists(st.booleans(), min_size=1, max_size=5)
    return sent, [draw(patterns) for _ in sent], [draw(patterns) for _ in sent]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@few(8)
@given(data=st.data())
def test_every_packet_arrives_once_at_its_core_in_order(shape, data):
    sent, offers, takes = data.draw(traffic(shape))
    mesh, _ = bench(shape)
    lost = 0

    def watch(ctx, _):
        nonlocal lost
        lost += ctx.get(mesh.lost)

    _, found = send(shape, sent, offers, takes, each_cycle=watch)
    assert lost == sum(packet["row"] == shape[1] for queue in sent for packet in queue)
    for core, came in enumerate(found):
        here = packet_to(shape, core)
        for sender, queue in enumerate(sent):
            expected = [
                {"axon": p["axon"], "delay": p["delay"]}
                for p in queue
                if (p["column"], p["row"]) == (here["column"], here["row"])
            ]
            assert [p for _, p in came if p["axon"] & 7 == sender] == expected
        assert all(p["axon"] & 7 < len(sent) for _, p in came)


@pytest.mark.parametrize("shape", [(2, 2), (1, 4)], ids=str)
@few(8)
@given(data=st.data())
def test_idle_says_that_nothing_is_in_the_mesh(shape, data):
    sent, offers, takes = data.draw(traffic(shape))
    mesh, _ = bench(shape)
    inside, quiet, expected = 0, False, 0

    def watch(ctx, offered):
        nonlocal inside, quiet, expected
        # Never while something is inside; always after a cycle without anything.
        assert ctx.get(mesh.idle) == expected
        assert not (ctx.get(mesh.idle) and inside)
        expected = inside == 0 and not offered
        for inject, deliver in zip(mesh.inject, mesh.deliver, strict=True):
            wrong = ctx.get(inject.payload).row >= shape[1]
            inside += bool(ctx.get(inject.valid & inject.ready)) and not wrong
            inside -= ctx.get(deliver.valid & deliver.ready)

    send(shape, sent, offers, takes, each_cycle=watch)


@pytest.mark.parametrize("shape", [(3, 2), (1, 4), (4, 1)], ids=str)
def test_without_other_traffic_a_hop_takes_one_cycle(shape):
    cores = shape[0] * shape[1]
    for source in range(cores):
        for target in range(cores):
            sent = [[] for _ in range(cores)]
            sent[source] = [packet_to(shape, target)]
            accepted, found = send(shape, sent)
            (a, b), (c, d) = divmod(source, shape[0]), divmod(target, shape[0])
            hops = abs(a - c) + abs(b - d)
            assert accepted[source] == [0]
            assert [cycle for cycle, _ in found[target]] == [hops + 1]


def test_each_core_sends_and_takes_a_packet_in_every_cycle():
    """To the neighbour in its row, so that no two share a link."""
    shape = (2, 2)
    sent = [[packet_to(shape, core ^ 1, axon=n) for n in range(40)] for core in range(4)]
    accepted, found = send(shape, sent)
    for core in range(4):
        assert accepted[core] == list(range(40))
        assert [cycle for cycle, _ in found[core]] == list(range(2, 42))


def test_one_core_takes_one_packet_per_cycle_from_all():
    shape = (3, 2)
    sent = [[packet_to(shape, 4, axon=core)] * 20 for core in range(6)]
    _, found = send(shape, sent)
    cycles = [cycle for cycle, _ in found[4]]
    assert cycles == list(range(1, 121))


@pytest.mark.parametrize("shape", [*SHAPES, (8, 8), (3, 5)], ids=str)
def test_the_coordinates_of_a_core(shape):
    fabric = config(shape)
    core = Signal(range(64))
    column, row = coordinates(fabric, core)
    m = Module()
    found = Signal.like(column), Signal.like(row)
    m.d.comb += [found[0].eq(column), found[1].eq(row)]
    simulator = Simulator(m)

    async def testbench(ctx):
        for k in range(64):
            ctx.set(core, k)
            there = ctx.get(found[0]), ctx.get(found[1])
            if k < fabric.cores:
                assert there == (k % shape[0], k // shape[0])
            else:
                assert there[1] == shape[1]

    simulator.add_testbench(testbench)
    simulator.run()


def links_after(fabric, link):
    """Links, as (place, port that it leaves by), that a packet on this one may take next."""
    (column, row), port = link
    here = neighbours(fabric, column, row)[port]
    entered = port.opposite
    return [(here, way) for way in neighbours(fabric, *here) if entered in TURNS[way]]


@pytest.mark.parametrize("shape", [(8, 8), (2, 2), (1, 8), (8, 1), (5, 3)], ids=str)
def test_no_links_wait_for_each_other_in_a_circle(shape):
    """The channel dependency graph of all turns that routers have is acyclic."""
    fabric = config(shape)
    places = [(x, y) for x in range(shape[0]) for y in range(shape[1])]
    links = [(p, port) for p in places for port in neighbours(fabric, *p)]
    graph = {link: links_after(fabric, link) for link in links}
    assert len(links) == 2 * ((shape[0] - 1) * shape[1] + shape[0] * (shape[1] - 1))
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert set(order) == set(links)


def test_a_turn_from_a_column_into_a_row_would_close_a_circle(monkeypatch):
    """The test before can fail."""
    monkeypatch.setitem(TURNS, Port.EAST, (*TURNS[Port.EAST], Port.NORTH, Port.SOUTH))
    monkeypatch.setitem(TURNS, Port.WEST, (*TURNS[Port.WEST], Port.NORTH, Port.SOUTH))
    with pytest.raises(graphlib.CycleError):
        test_no_links_wait_for_each_other_in_a_circle((2, 2))
