"""One process owns a port, others share the board through it.

Boards opened twice in one process share through the same sockets as those of two processes.
"""

import os
import random
import signal
import threading
import time

import numpy as np
import pytest
from designs import CONFIG, DESIGN, make_design
from fake_board import FakeBoard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spikeloom
from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl.contract.errors import BoardRefusedError, LinkError, WrongBoardError
from spikeloom.hdl.contract.memory_map import Identity, Region
from spikeloom.link import port_owner as ownership
from spikeloom.sharing import server as link_server

pytestmark = pytest.mark.timeout(60)

PORT = "/dev/fake"
OTHER = make_design(seed=1)


def spikes_for(steps, seed=1):
    return np.random.default_rng(seed).random((steps, CONFIG.axons)) < 0.3


# Sharing


def test_a_board_is_the_same_one_from_everywhere(owner, client, boards):
    golden = GoldenDevice(DESIGN)
    spikes = spikes_for(40)
    for device in (owner, client, golden):
        device.monitor([1])
    assert (client.read("weights") == DESIGN.image.weights).all()
    owner.write("v_threshold", 9)
    golden.write("v_threshold", 9)
    assert (client.read("v_threshold") == 9).all()
    ours, theirs = client.run(spikes), golden.run(spikes)
    assert theirs.spikes.any()
    assert (ours.spikes == theirs.spikes).all()
    assert (ours.monitored["v[1]"] == theirs.monitored["v[1]"]).all()
    assert owner.snapshot() == client.snapshot() == golden.snapshot()
    assert client.counters()["steps"] == 40
    assert client.info()["link"]["connections"] == owner.info()["link"]["connections"] == 1
    assert f"shared by process {os.getpid()}" in client.info()["port"]
    assert len(boards) == 1


def test_attaching_does_not_load(owner, boards):
    owner.run(steps=7)
    boards[0].requests.clear()
    with spikeloom.open(PORT, DESIGN) as board:
        assert board.step == 7
    assert not [request for request in boards[0].requests if not request.startswith("READ")]
    with pytest.raises(BoardRefusedError, match=f"holds the image {DESIGN.identity:08x}"):
        spikeloom.open(PORT, OTHER)
    with spikeloom.open(PORT, OTHER, load=False) as board:
        with pytest.raises(BoardRefusedError, match="holds the image"):
            board.read("weights")
        board.accept_image()
        assert (board.read("weights") == DESIGN.image.weights).all()
    with spikeloom.open(PORT, OTHER, load=True) as board:
        assert (board.read("weights") == OTHER.image.weights).all()


def test_a_stray_step_is_refused_and_then_known(owner, client):
    owner.run(steps=3)
    assert client.run(steps=2).start == 3
    with pytest.raises(BoardRefusedError, match="begin at step 3, but the board's next step is 5"):
        owner.run(steps=1)
    assert owner.run(steps=1).start == 5
    assert owner.step == 6
    with pytest.raises(BoardRefusedError, match="step 5, but the board's next step is 6"):
        client.run(steps=1)
    assert client.step == 6
    assert client.run(steps=1).start == 6


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=st.lists(st.tuples(st.booleans(), st.integers(1, 6), st.booleans()), max_size=12))
def test_whatever_two_do_no_run_gives_a_wrong_result(owner, client, turns):
    """Each run is the golden model's next steps, or refused; monitors are each one's own."""
    devices = owner, client
    golden = GoldenDevice(DESIGN)
    devices[0].reset()
    expected = [device.step for device in devices]
    devices[0].monitor([0, 5])
    devices[1].monitor([2])
    golden.monitor([0, 2, 5])
    for who, steps, look in turns:
        device, spikes = devices[who], spikes_for(steps, steps)
        if look:
            expected[who] = device.step
        if expected[who] != golden.step:
            with pytest.raises(BoardRefusedError, match="next step is"):
                device.run(spikes)
            expected[who] = golden.step
        ours, theirs = device.run(spikes), golden.run(spikes)
        assert ours.start == theirs.start
        assert (ours.spikes == theirs.spikes).all()
        for label, values in ours.monitored.items():
            assert (values == theirs.monitored[label]).all()
        assert len(ours.monitored) == 1 + (who == 0)
        expected[who] = golden.step


@pytest.mark.parametrize("who", ["another process", "another thread"])
def test_a_step_between_the_commands_of_a_long_run_ends_it(owner, client, boards, monkeypatch, who):
    monkeypatch.setattr("spikeloom.driver.board.CHUNK_SECONDS", 0.002)
    other = client if who == "another process" else owner

    def step():
        with other.exclusive():
            other.run(steps=1, start=other.step)

    stray = threading.Thread(target=step)

    def step_once(data):
        if len([request for request in boards[0].requests if request.startswith("RUN")]) == 3:
            boards[0].to_board = bytes
            stray.start()
            time.sleep(0.1)  # until it waits for its turn
        return data

    boards[0].to_board = step_once
    with pytest.raises(BoardRefusedError, match="something else drives it too"):
        owner.run(spikes_for(60))
    stray.join(10)
    assert owner.run(steps=1).start == owner.step - 1 > 2


def test_another_network_is_not_mistaken_for_ones_own(owner, client):
    client.run(steps=1)
    owner.load(OTHER)
    client.reset()
    with pytest.raises(BoardRefusedError, match=f"worked with {DESIGN.identity:08x}"):
        client.run(steps=1)
    client.load()
    assert client.run(steps=1).steps == 1
    with pytest.raises(BoardRefusedError, match=f"worked with {OTHER.identity:08x}"):
        owner.run(steps=1)


def test_ticks_of_one_are_not_those_of_another(owner, client, boards):
    client.run_live(steps=2, tick_period_cycles=500)
    owner.run(steps=1, start=owner.step)
    assert boards[0]._tick == 0
    client.run_live(steps=2, tick_period_cycles=500, start=client.step)
    assert boards[0]._tick == 500


def test_what_several_threads_do_is_whole(owner, client, monkeypatch):
    """Whole weights are written in several commands; nobody reads or writes in between."""
    monkeypatch.setattr("spikeloom.driver.core_memory.PIECE_WORDS", 4)
    wrong, refused = [], []

    def work(device, number):
        for _ in range(6):
            device.write("weights", np.full((CONFIG.axons, CONFIG.neurons), number))
            seen = np.unique(device.read("weights"))
            if len(seen) != 1:
                wrong.append(seen)
            try:
                device.run(steps=2)
            except BoardRefusedError:
                refused.append(device)

    threads = [
        threading.Thread(target=work, args=(device, 2 * k + j))
        for k, device in enumerate((owner, client))
        for j in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert not wrong
    assert owner.step == 2 * (24 - len(refused))


# Errors and interrupts


@pytest.mark.parametrize("who", [0, 1])
def test_an_interrupt_leaves_a_board_that_both_can_use(owner, client, monkeypatch, who):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    devices = owner, client
    with monkeypatch.context() as patch:
        patch.setattr("spikeloom.sharing.client.receive_message", interrupt)
        with pytest.raises(KeyboardInterrupt):
            devices[who].run(spikes_for(30))
    golden = GoldenDevice(DESIGN)
    for device in devices[::-1]:
        device.reset()
        device.monitor([3])
        golden.reset()
        assert (device.run(spikes_for(9)).spikes == golden.run(spikes_for(9)).spikes).all()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_interrupts_at_any_moment_leave_a_board_that_both_can_use(owner, client):
    """The turn is neither kept nor lost, wherever the owner's thread is interrupted."""
    interrupted = []

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR2, interrupt)
    rng = random.Random(0)
    try:
        for _ in range(60):
            arguments = (os.getpid(), signal.SIGUSR2)
            timer = threading.Timer(rng.uniform(1e-4, 2e-2), os.kill, arguments)
            try:
                timer.start()
                until = time.monotonic() + 1
                while time.monotonic() < until:
                    owner.write("v_threshold", rng.randrange(100))
            except KeyboardInterrupt:
                interrupted.append(timer)
            came = []
            other = threading.Thread(target=lambda came=came: came.append(client.step))
            other.start()
            other.join(10)
            assert came == [0]
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert len(interrupted) > 50  # Python ignores what comes while something is being deleted
    owner.load()
    golden = GoldenDevice(DESIGN)
    assert (owner.run(spikes_for(9)).spikes == golden.run(spikes_for(9)).spikes).all()


def test_what_nobody_waits_for_is_cancelled(owner, client, boards, monkeypatch):
    """A client that leaves in the middle of something long does not keep the others waiting."""
    link, turn = owner.link._owned.link, owner.link._owned.server.turn
    monkeypatch.setattr(FakeBoard, "read", lambda self, size=1: time.sleep(0.01) or b"")
    monkeypatch.setattr(link._line, "now", time.monotonic)
    monkeypatch.setattr(link, "timeout", 1000.0)
    threading.Timer(0.3, client.link._link.close).start()
    with pytest.raises(LinkError):
        client.run(steps=1)
    deadline = time.monotonic() + 5
    while turn.taken and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not turn.taken
    monkeypatch.undo()
    assert owner.step == 0


def test_a_client_that_dies_in_its_turn_takes_nobody_with_it(owner, client, boards):
    client.link._link.begin()
    client.link._link.send(b"\x01\x52")  # half a request
    client.link._link.close()
    assert owner.step == 0
    assert owner.link.statistics.connections == 2
    assert client.step == 0


def test_a_client_that_does_nothing_in_its_turn_loses_it(owner, client, monkeypatch):
    monkeypatch.setattr(link_server, "IDLE", 0.2)
    with client.exclusive():
        time.sleep(0.5)
        assert owner.step == 0
        with pytest.raises(LinkError, match="the turn was taken from it"):
            client.run(steps=1)
    assert client.step == 0


def test_errors_of_the_line_reach_who_asked(owner, client, boards):
    boards[0].to_host = lambda data: b""
    with pytest.raises(LinkError, match="nothing came"):
        client.run(steps=1)
    with pytest.raises(LinkError, match="does not answer"):
        owner.run(steps=1)
    boards[0].to_host = bytes
    assert client.run(steps=1).steps == 1
    owner.reset()
    assert owner.run(steps=1).steps == 1


@pytest.mark.parametrize("who", [0, 1])
def test_after_a_new_connection_everybody_looks_who_is_there(owner, client, boards, who):
    owner.link._owned.link.broken = True
    (client, owner)[who].counters()
    assert owner.link.statistics.connections == 2
    boards[0].identity[Region.IDENTITY.base + Identity.DIGEST_LOW] = 1
    with pytest.raises(WrongBoardError):
        (owner, client)[who].counters()


# Owners come and go


def test_when_the_owner_closes_a_client_takes_the_port(owner, client, boards):
    client.run(spikes_for(5))
    owner.close()
    assert boards[0].closed
    with pytest.raises(LinkError, match=rf"process {os.getpid()} .* has ended or closed the port"):
        client.run(steps=1)
    golden = GoldenDevice(DESIGN)
    golden.run(spikes_for(5))
    assert (client.run(spikes_for(8)).spikes == golden.run(spikes_for(8)).spikes).all()
    assert not client.link.attached
    assert len(boards) == 2
    with spikeloom.open(PORT, DESIGN) as third:
        assert third.link.attached
        assert third.step == 13


def test_a_closed_board_stays_closed(owner, client, boards):
    for device in (client, owner):
        device.close()
        device.close()
        with pytest.raises(LinkError, match="was closed"):
            device.run(steps=1)
    assert len(boards) == 1
    assert ownership.find(PORT) is None


def test_a_board_that_nobody_refers_to_lets_go_of_its_port(boards):
    spikeloom.open(PORT, DESIGN)
    import gc

    gc.collect()
    assert boards[0].closed
    assert ownership.find(PORT) is None


def test_another_process_shares_its_board(process):
    with spikeloom.open(PORT, DESIGN) as board:
        assert board.identity.build == "of another process"
        assert board.step == 3
        golden = GoldenDevice(DESIGN)
        golden.run(steps=3)
        assert (board.run(spikes_for(9)).spikes == golden.run(spikes_for(9)).spikes).all()


def test_a_client_survives_the_owners_sudden_end(process, boards):
    with spikeloom.open(PORT, DESIGN) as board:
        assert not boards
        process.kill()
        process.wait(10)
        with pytest.raises(LinkError, match=rf"process {process.pid} .*sharing_process\.py"):
            board.run(steps=1)
        with pytest.raises(BoardRefusedError, match="no image"):  # another board is there
            board.run(steps=1)
        assert len(boards) == 1
        board.load()
        assert board.run(steps=1).start == 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("process", [["run"]], indirect=True)
def test_ctrl_c_in_the_owner_leaves_the_board_to_its_clients(process):
    with spikeloom.open(PORT, DESIGN) as board:
        weights = board.read("weights")
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        golden = GoldenDevice(DESIGN)
        assert (board.read("weights") == weights).all()
        while board.step > 0:
            time.sleep(0.01)
        assert (board.run(spikes_for(9)).spikes == golden.run(spikes_for(9)).spikes).all()
