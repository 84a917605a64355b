"""The gate between link and commands: order, and nothing of an old connection after a new one."""

import random

from gateware import Bench

from spikeloom.hdl.chip.connection_gate import ConnectionGate


def test_requests_come_in_order_and_none_after_a_new_connection_is_of_the_old_one():
    dut = ConnectionGate()
    rng = random.Random(5)

    async def testbench(ctx):
        connection = given = 0
        sent: list[int] = []
        received: list[int] = []
        for _ in range(3000):
            opens = rng.random() < 0.03
            offered = rng.random() < 0.7
            ctx.set(dut.opened, opens)
            ctx.set(dut.restarted, ctx.get(dut.restart) and rng.random() < 0.5)
            ctx.set(dut.received.valid, offered)
            ctx.set(dut.received.payload, connection << 8 | given)
            ctx.set(dut.requests.ready, rng.random() < 0.5)
            if ctx.get(dut.requests.valid & dut.requests.ready):
                received.append(ctx.get(dut.requests.payload))
            if offered and ctx.get(dut.received.ready):
                sent.append(connection << 8 | given)
                given += 1
            await ctx.tick()
            if opens:
                # What has not come through is lost.
                assert received == sent[: len(received)]
                connection, given, sent, received = connection + 1, 0, [], []
        assert connection > 50

    Bench(dut).run(testbench)
