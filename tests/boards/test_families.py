"""FPGA families: found by their files, described by records, and refused where nothing can be built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spikeloom.boards import families as package
from spikeloom.boards.families import Family, FpgaPart, families, family_named
from spikeloom.boards.families.ice40 import UP5K
from spikeloom.boards.families.xilinx import XilinxPll
from spikeloom.boards.pll import MHZ
from spikeloom.boards.resources import ResourceEstimate
from spikeloom.hdl import ConfigError
from spikeloom.hdl.contract.errors import InputError

ALL = pytest.mark.parametrize("family", families().values(), ids=list(families()))


@pytest.fixture
def fresh_families() -> Iterator[None]:
    families.cache_clear()
    yield
    families.cache_clear()


def test_a_new_file_is_a_new_family(
    fresh_families: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nanochip.py").write_text(
        "from dataclasses import replace\n"
        "from spikeloom.boards.families.ice40 import FAMILY as ICE40\n"
        'FAMILY = replace(ICE40, name="nanochip", flow=None, why_no_flow="it is a test")\n'
    )
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    assert list(families()) == ["ecp5", "ice40", "nanochip", "xilinx"]
    with pytest.raises(InputError, match="can only be estimated: it is a test"):
        family_named("nanochip").required_flow()


def test_an_unknown_family_names_the_known() -> None:
    with pytest.raises(InputError, match="no family 'gowin'; known are ecp5, ice40, xilinx"):
        family_named("gowin")


@ALL
def test_a_record_is_complete(family: Family) -> None:
    fields = set(ResourceEstimate.__dataclass_fields__)
    assert {"luts", "flip_flops", "block_rams", "dsps"} <= set(family.cells) <= fields
    models = Path(package.__path__[0]).parent / "models"
    files = [*family.models]
    if family.flow is None:
        assert family.why_no_flow
    elif family.flow.simulation is not None:
        files += family.flow.simulation.models
    assert all((models / name).is_file() for name in files)
    assert (family.sram is not None) == ("srams" in family.cells)


def test_only_some_families_can_be_built() -> None:
    for name, family in families().items():
        if name == "xilinx":
            with pytest.raises(InputError, match=r"only be estimated: .*Vivado.*--estimate"):
                family.required_flow()
        else:
            assert family.required_flow() is family.flow


def test_options_of_a_chip() -> None:
    flow = family_named("ecp5").required_flow()
    assert {flow.options_for(learns=learns, many=False) for learns in (0, 1)} == {""}
    assert {flow.options_for(learns=learns, many=True) for learns in (0, 1)} == {"-nowidelut"}
    flow = family_named("ice40").required_flow()
    found = {flow.options_for(learns=a, many=b) for a in (0, 1) for b in (0, 1)}
    assert found == {"-abc9 -dffe_min_ce_use 4"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "gowin"}, r"is 'gowin'; give the record .*ice40\.FAMILY"),
        ({"luts": -1}, "luts of iCE40UP5K is -1"),
        ({"block_rams": 30.0}, r"block_rams of iCE40UP5K is 30\.0"),
    ],
)
def test_a_part_that_cannot_be(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(UP5K, **change)  # type: ignore[arg-type]


def test_parts_are_of_the_family_of_their_file() -> None:
    for name in ("ice40", "ecp5", "xilinx"):
        module = __import__(f"{package.__name__}.{name}", fromlist=["FAMILY"])
        parts = [value for value in vars(module).values() if isinstance(value, FpgaPart)]
        assert parts
        assert {part.family for part in parts} == {module.FAMILY}
        # A block RAM of the part has every shape of the family, but for spare bits.
        bits = {width * words for width, words in module.FAMILY.block_ram_shapes}
        assert {part.block_ram_bits for part in parts} == {max(bits)}


def test_settings_of_a_xilinx_pll() -> None:
    pll = XilinxPll.for_clock(100 * MHZ, 75 * MHZ)
    assert (pll.output_hz, pll.phase_detector_hz) == (75 * MHZ, 100 * MHZ)
    assert 800 * MHZ <= pll.oscillator_hz <= 1600 * MHZ
    with pytest.raises(ConfigError, match="oscillator would run at 100 MHz"):
        XilinxPll(input_hz=50 * MHZ, divide=1, multiply=2, output_divider=1)
    with pytest.raises(ConfigError, match="multiply is 65"):
        XilinxPll(input_hz=50 * MHZ, divide=1, multiply=65, output_divider=1)
