import threading

import pytest

from spikeloom.sharing.fair_lock import FairLock


def test_a_turn_is_nobody_elses():
    turn, inside, most = FairLock(), [], []

    def work(user):
        for _ in range(50):
            with turn.take(user):
                inside.append(user)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(most) == 250
    assert set(most) == {1}
    assert not turn.taken


@pytest.mark.timeout(20)
def test_who_waits_is_next():
    turn, waits, came = FairLock(), threading.Event(), threading.Event()

    def come_once():
        waits.set()
        with turn.take("visitor"):
            came.set()

    visitor = threading.Thread(target=come_once)
    with turn.take("resident"):
        visitor.start()
        waits.wait()
        came.wait(0.1)  # time to arrive at the turnstile
        assert not came.is_set()
    with turn.take("resident"):
        assert came.is_set()
    visitor.join(10)


def test_it_tells_whether_somebody_else_was_there():
    turn = FairLock()
    seen = []
    for user in "aabba":
        with turn.take(user) as between:
            seen.append(between)
    assert seen == [False, False, True, False, True]


def test_an_error_gives_the_turn_back():
    turn = FairLock()
    with pytest.raises(KeyError), turn.take("a"):
        raise KeyError
    assert not turn.taken
