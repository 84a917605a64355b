"""Importers are found by name and by file, and say what they have."""

import pytest

import spikeloom
from spikeloom import IF, ForeignNetworkError, InputError, Network
from spikeloom.exchange.imported import Imported
from spikeloom.exchange.importer import IMPORTERS, Importer, import_network


def read_lines(path, scale=1.0):
    net = Network()
    net.connect(net.input("in", 1), net.population("out", 2, IF()), scale)
    return Imported(net, "lines", notes=("one line",), initial={"out": {"v": [0.5, 0.25]}})


@pytest.fixture
def lines(monkeypatch):
    importer = Importer(
        name="lines", title="lines of text", read=read_lines, options=(("scale", "of weights"),),
        recognises=lambda path, head: path.suffix == ".lines" or head.startswith(b"lines"),
    )  # fmt: skip
    monkeypatch.setitem(IMPORTERS._parts, "lines", importer)
    return importer


def test_a_file_is_read_by_the_importer_that_recognises_it(lines, tmp_path):
    (tmp_path / "net.lines").write_text("")
    (tmp_path / "net.txt").write_text("lines\n")
    for name in ("net.lines", "net.txt"):
        assert "one line" in repr(import_network(tmp_path / name))
    found = import_network(tmp_path / "net.txt", scale=0.5)
    device = spikeloom.open("golden:", spikeloom.compile(found.network))
    found.start(device)
    assert device.states.v["out"].tolist() == [0.5, 0.25]


def test_other_files_and_options_are_refused(lines, tmp_path):
    (tmp_path / "net.xyz").write_text("nothing")
    with pytest.raises(ForeignNetworkError, match=r"no format that is known: .*lines"):
        import_network(tmp_path / "net.xyz")
    with pytest.raises(InputError, match="no option dt; it has scale"):
        import_network(tmp_path / "net.xyz", "lines", dt=1)
    with pytest.raises(InputError, match="choose one of"):
        import_network(tmp_path / "net.xyz", "xyz")
    with pytest.raises(InputError, match="cannot read"):
        import_network(tmp_path / "missing.lines")


def test_results_are_aligned_with_those_of_the_source():
    net = Network()
    net.population("out", 2, IF())
    found = Imported(net, "lines", delays={"out": 2})
    assert found.aligned("out", [[1, 0], [0, 1], [1, 1], [0, 0]]).tolist() == [[1, 1], [0, 0]]
    with pytest.raises(InputError, match="'out'"):
        found.aligned("in", [[0]])


def test_a_device_without_states_begins_at_rest_or_not_at_all():
    net = Network()
    net.population("out", 2, IF())
    device = spikeloom.open("float:", net)
    Imported(net, "lines").start(device)
    with pytest.raises(InputError, match="no states to write"):
        Imported(net, "lines", initial={"out": {"v": [0.5, 0.0]}}).start(device)
