"""The command processor: when it lets steps begin, and what comes too late."""

import numpy as np
import pytest
from processor_bench import play, run

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.commands import ADVANCE, BITMAP, END
from spikeloom.hdl.contract.memory_map import Region


def test_the_boards_pace_drops_what_comes_too_late():
    """With `steps` given, a step does not wait for the events of the host."""

    async def program(board):
        board.ask(run(0, 4)[:-2])  # no END yet
        while board.step < 4:
            await board.cycle()
        board.ask(np.array([5, ADVANCE | 2, 4, 3, ADVANCE | 1, 2, END], dtype="<u2").tobytes())
        reply = await board.answer()
        assert reply[4:-4].tolist() == [ADVANCE | 4]
        assert board.late == 4
        assert board.arrived == []

    play(program)


def test_each_bit_that_comes_too_late_is_dropped_and_counted():
    config = CoreConfig(neurons=2, axons=40)

    async def program(board):
        board.tick_every(200)
        first = [BITMAP, 0x8001, 0b110]
        board.ask(run(0, 2, *first)[:-2])  # a halfword of the bitmap, and END, are still missing
        while board.step < 1:
            await board.cycle()
        rest = [0b11, ADVANCE | 1, BITMAP, 1, 2, 4, ADVANCE | 2, BITMAP, END, 0, 0, END]
        board.ask(np.array(rest, dtype="<u2").tobytes())
        reply = await board.answer()
        assert reply[4:-4].tolist() == [ADVANCE | 2]
        assert board.arrived == [(0, 0), (0, 15), (0, 17), (0, 18), (1, 0), (1, 17), (1, 34)]
        assert board.late == 2 + 16  # of a step that is over, and beyond the end of the run
        assert board.overruns == 0

    play(program, config=config)


def test_the_boards_pace_keeps_what_comes_in_time():
    async def program(board):
        board.tick_every(100)
        reply = await board.answer(run(0, 5, 1, ADVANCE | 3, 2, ADVANCE | 1, 0))
        assert reply[4:-4].tolist() == [ADVANCE | 5]
        assert board.arrived == [(0, 1), (3, 2), (4, 0)]
        assert board.late == 0

    play(program)


@pytest.mark.parametrize("period", [25, 40])
def test_steps_begin_at_ticks(period):
    async def program(board):
        board.tick_every(period)
        await board.answer(run(0, 6))
        assert np.diff(board.started).tolist() == [period] * 5
        assert board.started[0] > period  # spikes of the first step have time to come
        assert board.overruns == 0

    play(program, step_cycles=9)


def test_a_tick_during_a_step_is_counted_and_discarded():
    period, cycles = 20, 45  # a step and what follows it take more than two ticks

    async def program(board):
        board.tick_every(period)
        await board.answer(run(0, 5))
        assert np.diff(board.started).tolist() == [3 * period] * 4
        assert board.overruns == 10

    play(program, step_cycles=cycles)


@pytest.mark.parametrize("monitors", [0, 1])
@pytest.mark.parametrize("spikes", [[], [4], list(range(20))])
def test_what_is_counted_as_stalled_is_the_time_that_the_output_costs(spikes, monitors):
    blocked = 300
    elapsed, stalled = [], []

    async def program(board):
        board.memory = {Region.MONITORS.base: 0, 0: 7}
        board.ctx.set(board.dut.monitor_count, monitors)
        board.spikes = {t: spikes for t in range(12)}
        await board.answer(run(0, 12))
        elapsed.append(board.now)
        stalled.append(board.stalled)

    for pattern in ([], [False] * 60 + [True] * blocked + [False] * 2000):
        play(program, pattern, step_cycles=30)
    assert stalled[0] == 0
    assert elapsed[1] - elapsed[0] == stalled[1]
    assert (stalled[1] > blocked / 2) == bool(spikes or monitors)


def test_a_step_does_not_wait_for_the_line_but_the_next_one_does():
    async def program(board):
        board.spikes = {t: list(range(20)) for t in range(2)}
        board.ask(run(0, 2))
        for _ in range(300):
            await board.cycle()
        assert board.step == 1
        assert not board.stepping
        assert len(board.started) == 1
        reply = await board.answer()
        assert reply[4:-4].tolist() == 2 * [BITMAP, 0xFFFF, 0xF, ADVANCE | 1]

    play(program, [False] * 20 + [True] * 500 + [False] * 500)


def test_silent_steps_follow_each_other_at_once():
    async def program(board):
        await board.answer(run(0, 6))
        assert np.diff(board.started).tolist() == [9 + 4] * 5

    play(program, step_cycles=9)
