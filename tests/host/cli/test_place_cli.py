import json

import pytest
from designs import DESIGN

from spikeloom import cli
from spikeloom.compiler import partition
from spikeloom.design.design import Design


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `spikeloom place …`; gives exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["spikeloom", "place", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


@pytest.fixture
def file(tmp_path):
    DESIGN.save(tmp_path / "net.slm")
    return tmp_path / "net.slm"


def test_a_design_is_placed_saved_and_reported(run, file, tmp_path):
    placed, other = tmp_path / "placed.slm", tmp_path / "other.slm"
    code, out, err = run(file, "--cores", 4, "--out", placed, "--json")
    found, design = json.loads(out), Design.load(placed)
    assert (code, err) == (0, f"wrote {placed}\n")
    assert [use["neurons"] for use in found["used"]] == [3, 3, 3, 2]
    assert (design.chip.columns, design.chip.rows) == (2, 2)
    assert design.image.weights.tolist() == DESIGN.image.weights.tolist()

    code, out, _ = run(placed, "--like", placed, "--placement", "order", "-o", other)
    assert code == 0
    assert "2 × 2 cores" in out
    assert Design.load(other).chip == design.chip
    assert run(other)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 1, "place it with cores= or fabric="),
        (["--cores", "11"], 1, "use 10 (5 × 2) or 12 (4 × 3)"),
        (["--cores", "2", "--placement", "best"], 1, "'best'; choose 'cut', 'order', 'random'"),
        (["--cores", "2", "--like", "net.slm"], 2, "give --cores or --like"),
        (["--like", "net.slm"], 1, "is for one core; name a design that is placed"),
    ],
)
def test_what_can_not_be(run, file, monkeypatch, arguments, code, message):
    monkeypatch.chdir(file.parent)
    got, out, err = run(file, *arguments)
    assert (got, out) == (code, "")
    assert message in err


def test_without_a_partitioner_the_order_is_kept_and_said_so(run, file, monkeypatch):
    monkeypatch.setattr("spikeloom.cli.place.can_cut", lambda: False)
    monkeypatch.setattr(partition, "can_cut", lambda: False)
    code, _, err = run(file, "--cores", 4)
    assert code == 0
    assert "pip install 'spikeloom[place]'" in err


def command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr("sys.argv", ["spikeloom", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code or 0, *capsys.readouterr()


def test_other_commands_take_the_fabric_of_a_placed_design(run, file, monkeypatch, capsys):
    placed = file.parent / "placed.slm"
    run(file, "--cores", 4, "--out", placed)
    chip = Design.load(placed).chip
    code, out, _ = command(monkeypatch, capsys, "info", "--design", placed, "--json")
    found = json.loads(out)
    assert (code, found["fabric"]["digest"]) == (0, f"{chip.digest:016x}")
    assert found["configuration"] == chip.core.to_dict()

    generated = []
    monkeypatch.setattr("spikeloom.cli.verilog.generate", lambda c: generated.append(c) or "//")
    assert command(monkeypatch, capsys, "verilog", placed, "--set", "monitors=1")[0] == 0
    (changed,) = generated
    assert (changed.columns, changed.rows, changed.core.monitors) == (2, 2, 1)

    code, _, err = command(monkeypatch, capsys, "cosim", placed)
    assert code == 1
    assert "2 × 2 cores, and this is about a single one" in err
