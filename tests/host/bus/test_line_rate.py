"""The rate of the line: measured, raised on demand, lowered when it must be."""

import warnings

import pytest
from fake_board import FakeBoard

from spikeloom.bus.line_rate import check_rate, measure, tune
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import InputError, LineWarning
from spikeloom.hdl.contract.line_rate import phase_step
from spikeloom.hdl.contract.memory_map import Register
from spikeloom.link.link import Link

CLOCK_HZ = 1_000_000
HOLD = 0.6


class RatedBoard(FakeBoard):
    """A board whose rate can be set; bytes arrive when both ends agree and the line is good for it."""

    def __init__(self, carries: int = 1 << 30) -> None:
        super().__init__(CoreConfig(neurons=4, axons=6), window=2048, reply_bytes=256)
        self.baudrate = self.first = self.rate = 25_000
        self.carries = carries
        self._mapped[(1 << 28) + Register.LINE] = True
        self._spoiled, self._pending, self._heard = 0, self.rate, 0.0
        self.to_board = self.to_host = self._carry

    def fall_back(self) -> None:
        if self._time - self._heard > HOLD:
            self.rate = self.first

    def _carry(self, data: bytes) -> bytes:
        self.fall_back()
        if self.baudrate != self.rate:
            return bytes(len(data))
        self._heard = self._time
        self._spoiled += 1
        if self.rate > self.carries and self._spoiled % 5 == 0:
            return data[:-3] + b"?" + data[-2:]
        return data

    def _set(self, address: int, value: int) -> None:
        if address == (1 << 28) + Register.LINE:
            self._pending = round(value * CLOCK_HZ / (1 << 20))
        else:
            super()._set(address, value)

    def read(self, size: int = 1) -> bytes:
        data = super().read(size)
        if not self._output:  # the reply has left
            self.rate, self._pending = self._pending or self.rate, 0
        return data


def opened(board):
    link = Link(board)
    link.open()
    return link


def test_a_measurement_finds_a_good_line_good_and_a_bad_one_bad():
    assert measure(opened(RatedBoard())).good
    assert not measure(opened(RatedBoard(carries=20_000))).good


def test_a_rate_is_raised_on_demand():
    board = RatedBoard()
    link = opened(board)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quality = tune(link, 100_000)
    assert quality.good
    assert quality.baud == board.baudrate == 100_000
    assert board.rate == pytest.approx(100_000, rel=1e-3)


def test_a_rate_at_which_nothing_comes_is_given_up_aloud():
    board = RatedBoard()
    link = opened(board)
    original = board._carry

    def deaf(data):
        board.fall_back()
        return bytes(len(data)) if board.rate != board.first else original(data)

    board.to_board = board.to_host = deaf
    with pytest.warns(LineWarning, match="nothing comes at 200000 baud; staying at 25000"):
        quality = tune(link, 200_000)
    assert quality.good
    assert board.baudrate == 25_000


@pytest.mark.parametrize(("baud", "match"), [(0, "1…250000"), (251_000, "1…250000")])
def test_rates_that_the_board_can_not_make_are_refused(baud, match):
    with pytest.raises(InputError, match=match):
        check_rate(CLOCK_HZ, baud)
    assert phase_step(CLOCK_HZ, 250_000) == 1 << 18


@pytest.mark.parametrize(("carries", "wanted"), [(1 << 30, 100_000), (20_000, None)])
def test_a_board_with_a_fixed_rate_says_so(carries, wanted):
    board = RatedBoard(carries)
    board.first = board.rate = board.baudrate = 250_000
    board._mapped[(1 << 28) + Register.LINE] = False
    link = opened(board)
    with pytest.warns(LineWarning, match="rate is fixed; staying at 250000"):
        quality = tune(link, wanted)
    assert quality.baud == board.baudrate == 250_000


def test_a_board_that_went_back_to_its_first_rate_is_found_there_aloud():
    board = RatedBoard()
    link = opened(board)
    tune(link, 200_000)
    board.rate = board.first  # it was reset, say
    with pytest.warns(LineWarning, match="nothing comes at 200000 baud; back to 25000"):
        link.reopen()
    assert board.baudrate == 25_000
    assert measure(link).good


def test_faults_17_a_line_that_loses_as_much_at_lower_rates_keeps_its_rate():
    board = RatedBoard()
    board.first = board.rate = board.baudrate = 250_000
    link = opened(board)
    count = [0]

    def spoil(data):
        count[0] += 1
        return data[:-2] + b"\x55" + data[-1:] if count[0] % 5 == 0 else data

    board.to_host = spoil
    with pytest.warns(LineWarning, match="going back to 250000") as warned:
        quality = tune(link)
    assert quality.baud == board.baudrate == 250_000
    assert [str(w.message).rpartition("trying ")[2][:6] for w in warned][:2] == ["230400", "115200"]
