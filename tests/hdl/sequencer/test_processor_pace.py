"""The command processor: when it lets steps begin, and what comes too late."""

import numpy as np
import pytest
from processor_bench import play, run

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.commands import ADVANCE, BITMAP, END
from spikeloom.hdl.contract.memory_map import Region, Register

JITTER = 6
"""Clock cycles: a jump to itself looks that often."""
BETWEEN_STEPS, SHORTEST_STEP = 25, 60
"""Clock cycles from the end of a step to the next one; and from step to step at least."""
MEANWHILE = 80
"""Clock cycles that an event takes, and what the sequencer does while the line is busy: a halfword's time."""


def test_the_boards_pace_drops_what_comes_too_late():
    """With `steps` given, a step does not wait for the events of the host."""

    async def program(board):
        board.ask(run(0, 4)[:-2])  # no END yet
        while board.step < 4:
            await board.cycle()
        board.ask(np.array([5, ADVANCE | 2, 4, 3, ADVANCE | 1, 2, END], dtype="<u2").tobytes())
        reply = await board.answer()
        assert reply[4:-4].tolist() == [ADVANCE | 4]
        assert await board.counter("late") == 4
        assert board.arrived == []

    play(program)


def test_each_bit_that_comes_too_late_is_dropped_and_counted():
    config = CoreConfig(neurons=2, axons=40)

    async def program(board):
        await board.tick_every(400)
        first = [BITMAP, 0x8001, 0b110]
        board.ask(run(0, 2, *first)[:-2])  # a halfword of the bitmap, and END, are still missing
        while board.step < 1:
            await board.cycle()
        rest = [0b11, ADVANCE | 1, BITMAP, 1, 2, 4, ADVANCE | 2, BITMAP, END, 0, 0, END]
        board.ask(np.array(rest, dtype="<u2").tobytes())
        reply = await board.answer()
        assert reply[4:-4].tolist() == [ADVANCE | 2]
        assert board.arrived == [(0, 0), (0, 15), (0, 17), (0, 18), (1, 0), (1, 17), (1, 34)]
        assert (
            await board.counter("late") == 2 + 16
        )  # of a step that is over, and beyond the end of the run
        assert board.overruns == 0

    play(program, config=config)


def test_the_boards_pace_keeps_what_comes_in_time():
    async def program(board):
        await board.tick_every(200)
        reply = await board.answer(run(0, 5, 1, ADVANCE | 3, 2, ADVANCE | 1, 0))
        assert reply[4:-4].tolist() == [ADVANCE | 5]
        assert board.arrived == [(0, 1), (3, 2), (4, 0)]
        assert await board.counter("late") == 0

    play(program)


STEP_CYCLES = 90
"""Of a core whose steps take longer than what the sequencer does meanwhile."""


@pytest.mark.parametrize("period", [150, 200])
def test_steps_begin_at_ticks(period):
    async def program(board):
        await board.tick_every(period)
        await board.answer(run(0, 6))
        assert np.ptp(np.diff(board.started)) <= 2 * JITTER
        assert board.started[-1] - board.started[0] == pytest.approx(5 * period, abs=JITTER)
        assert board.started[0] > period  # spikes of the first step have time to come
        assert board.overruns == 0

    play(program, step_cycles=STEP_CYCLES)


def test_a_tick_during_a_step_is_counted_and_discarded():
    period, cycles = 100, 225  # a step and what follows it take more than two ticks

    async def program(board):
        await board.tick_every(period)
        await board.answer(run(0, 5))
        assert board.started[-1] - board.started[0] == pytest.approx(4 * 3 * period, abs=JITTER)
        assert board.overruns == 10
        assert await board.counter("overruns") == 10

    play(program, step_cycles=cycles)


@pytest.mark.parametrize("monitors", [0, 1])
@pytest.mark.parametrize("spikes", [[], [4], list(range(20))])
def test_what_is_counted_as_stalled_is_the_time_that_the_output_costs(spikes, monitors):
    blocked = 300
    elapsed, stalled = [], []

    async def program(board):
        board.memory = {Region.ROUTES.base: 7}
        await board.write(Region.MONITORS.base, Region.ROUTES.base)
        await board.set_register(Register.MONITOR_COUNT, monitors)
        board.stall(patterns[len(elapsed)])
        board.spikes = {t: spikes for t in range(12)}
        await board.answer(run(0, 12))
        elapsed.append(board.now)
        board.stall([])
        stalled.append(await board.counter("stalls"))

    patterns = [], [False] * 200 + [True] * blocked + [False] * 4000
    for _ in patterns:
        play(program, step_cycles=30)
    assert stalled[0] == 0
    # The sequencer does something else while a halfword waits, but nothing that takes long.
    assert 0 <= stalled[1] - (elapsed[1] - elapsed[0]) <= MEANWHILE
    assert (stalled[1] > blocked / 2) == bool(spikes or monitors)


def test_a_step_does_not_wait_for_the_line_but_the_next_one_does():
    async def program(board):
        board.spikes = {t: list(range(20)) for t in range(2)}
        board.stall([False] * 250 + [True] * 500 + [False] * 500)
        board.ask(run(0, 2))
        for _ in range(600):
            await board.cycle()
        assert board.step == 1
        assert not board.stepping
        assert len(board.started) == 1
        reply = await board.answer()
        assert reply[4:-4].tolist() == 2 * [BITMAP, 0xFFFF, 0xF, ADVANCE | 1]

    play(program)


@pytest.mark.parametrize("step_cycles", range(STEP_CYCLES, STEP_CYCLES + JITTER))
def test_silent_steps_follow_each_other_at_once(step_cycles):
    async def program(board):
        await board.answer(run(0, 6))
        assert max(np.diff(board.started)) - step_cycles <= BETWEEN_STEPS

    play(program, step_cycles=step_cycles)


def test_a_live_run_steps_as_soon_as_the_cursor_moves():
    async def program(board):
        await board.answer(run(0, 0, *(ADVANCE | 1 for _ in range(6))))
        assert max(np.diff(board.started)) - 2 * STEP_CYCLES <= BETWEEN_STEPS

    play(program, step_cycles=2 * STEP_CYCLES)


def test_ids_that_wait_go_one_in_each_cycle():
    async def program(board):
        board.ask(run(0, 0, *range(6), ADVANCE | 1))
        arrivals = []
        while not board.started:
            arrivals.append(len(board.arrived))
            await board.cycle()
        assert arrivals.count(6) <= MEANWHILE
        assert [arrivals.count(n) for n in range(1, 6)] == [1] * 5

    play(program)


def test_the_shortest_step():
    """What the sequencer does meanwhile takes so long."""

    async def program(board):
        await board.answer(run(0, 6))
        assert max(np.diff(board.started)) <= SHORTEST_STEP

    play(program, step_cycles=9)
