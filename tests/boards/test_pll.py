from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.boards.families.ecp5 import Ecp5Pll
from spikeloom.boards.families.ice40 import Ice40Pll
from spikeloom.boards.pll import MHZ, Pll
from spikeloom.hdl import ConfigError


def in_ranges(pll: Pll) -> bool:
    return (
        pll.PHASE_DETECTOR.low <= pll.phase_detector_hz <= pll.PHASE_DETECTOR.high
        and pll.OSCILLATOR.low <= pll.oscillator_hz <= pll.OSCILLATOR.high
        and pll.OUTPUT.low <= pll.output_hz <= pll.OUTPUT.high
    )


@given(
    input_hz=st.integers(10, 133).map(lambda f: f * MHZ),
    divr=st.integers(0, 15),
    divf=st.integers(0, 127),
    divq=st.integers(1, 6),
)
def test_ice40_takes_exactly_the_settings_within_the_data_sheet(
    input_hz: int, divr: int, divf: int, divq: int
) -> None:
    detector = input_hz / (divr + 1)
    oscillator = detector * (divf + 1)
    output = oscillator / 2**divq
    valid = 10e6 <= detector <= 133e6 and 533e6 <= oscillator <= 1066e6 and 16e6 <= output <= 275e6
    if not valid:
        with pytest.raises(ConfigError, match="MHz"):
            Ice40Pll(input_hz=input_hz, divr=divr, divf=divf, divq=divq)
        return
    pll = Ice40Pll(input_hz=input_hz, divr=divr, divf=divf, divq=divq)
    assert in_ranges(pll)
    assert float(pll.output_hz) == pytest.approx(output, rel=1e-12)


@given(
    reference=st.integers(1, 4),
    feedback=st.integers(1, 40),
    output=st.integers(1, 128),
    input_hz=st.sampled_from([12, 25, 50, 100]).map(lambda f: f * MHZ),
)
def test_ecp5_takes_exactly_the_settings_within_the_data_sheet(
    reference: int, feedback: int, output: int, input_hz: int
) -> None:
    settings = {
        "input_hz": input_hz,
        "reference_divider": reference,
        "feedback_divider": feedback,
        "output_divider": output,
    }
    detector = input_hz / reference
    clock = detector * feedback
    valid = (
        10e6 <= detector <= 400e6 and 3.125e6 <= clock <= 400e6 and 400e6 <= clock * output <= 800e6
    )
    if not valid:
        with pytest.raises(ConfigError, match="MHz"):
            Ecp5Pll(**settings)
        return
    assert in_ranges(Ecp5Pll(**settings))
    found = (
        Ecp5Pll.for_clock(input_hz, input_hz * feedback // reference)
        if (input_hz * feedback % reference == 0)
        else Ecp5Pll(**settings)
    )
    assert found.output_hz == Ecp5Pll(**settings).output_hz


def test_ice40_settings_are_those_of_icepll() -> None:
    pll = Ice40Pll.for_clock(12 * MHZ, 24 * MHZ)
    assert (pll.divr, pll.divf, pll.divq, pll.filter_range) == (0, 63, 5, 1)


def test_ecp5_makes_the_board_clock() -> None:
    pll = Ecp5Pll.for_clock(25 * MHZ, 125 * MHZ)
    assert pll.output_hz == 125 * MHZ
    assert in_ranges(pll)


def test_a_clock_that_can_not_be_made_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"use 24 MHz or 24\.375 MHz"):
        Ice40Pll.for_clock(12 * MHZ, 24_100_000)


def test_divider_out_of_range() -> None:
    with pytest.raises(ConfigError, match="divf is 128; give an integer from 0 to 127"):
        Ice40Pll(input_hz=12 * MHZ, divr=0, divf=128, divq=5)


def test_input_out_of_range() -> None:
    with pytest.raises(ConfigError, match="PLL input would run at 1 MHz"):
        Ecp5Pll.for_clock(MHZ, 100 * MHZ)
