"""Files that are cut short, damaged, or none of NIR: one typed error, which says what is wrong with them."""

import contextlib
import io
import zipfile

import h5py
import nir
import numpy as np
import pytest
from nir_graphs import DT, chain

import spikeloom
from spikeloom import ForeignNetworkError


def written(tmp_path, change=None):
    file = tmp_path / "net.nir"
    nir.write(file, chain())
    if change is not None:
        with h5py.File(file, "r+") as f:
            change(f)
    return file


def _drop(*names):
    def change(f):
        for name in names:
            del f[name]

    return change


def _put(name, value):
    def change(f):
        if name in f:
            del f[name]
        f[name] = value

    return change


def _loop(f):
    f["node/nodes/again"] = f["node"]


def _group(name):
    def change(f):
        del f[name]
        f.create_group(name)

    return change


FILES = {
    "no node": (_drop("node"), "has no node"),
    "empty node": (_group("node"), "'node' has no type; writing it ended early"),
    "no nodes": (_drop("node/nodes"), "has no nodes"),
    "no edges": (_drop("node/edges"), "has no edges"),
    "nodes as an array": (_put("node/nodes", np.zeros(3)), "nodes of graph '' are an array"),
    "edges as numbers": (_put("node/edges", np.zeros((3, 2))), "is no edge"),
    "edges as a text": (_put("node/edges", "input"), "edge"),
    "node as an array": (_put("node/nodes/lif", np.zeros(3)), "'lif' is an array"),
    "no type": (_drop("node/nodes/lif/type"), "'lif' has no type"),
    "number as type": (_put("node/nodes/lif/type", 3), "'lif' has no type"),
    "unknown type": (_put("node/nodes/lif/type", "ALIF"), "'lif' is a ALIF, which is no kind"),
    "no weight": (_drop("node/nodes/fc/weight"), "'fc' .*has no weight"),
    "weight as a group": (_group("node/nodes/fc/weight"), "'fc': weight is a group"),
    "text weight": (_put("node/nodes/fc/weight", "w"), "'fc' .*weight"),
    "empty weight": (_put("node/nodes/fc/weight", h5py.Empty("f")), "'fc' .*has no weight"),
    "no tau": (_drop("node/nodes/lif/tau"), "'lif' .*has no tau"),
    "no shape": (_drop("node/nodes/input/shape"), "'input' .*has no shape"),
    "a graph in itself": (_loop, "more than 32 graphs"),
    "huge array": (
        lambda f: (f.__delitem__("node/nodes/fc/weight"),
                   f.create_dataset("node/nodes/fc/weight", (1 << 14, 1 << 14), "f8", chunks=True)),
        "'fc': weight has 268435456 values",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_whole_is_refused(name, tmp_path):
    change, message = FILES[name]
    with pytest.raises(ForeignNetworkError, match=message):
        spikeloom.from_nir(written(tmp_path, change), dt=DT, reset="subtract")


def test_files_that_are_no_hdf5_are_refused(tmp_path):
    whole = written(tmp_path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    for data, message in (
        (b"", "not HDF5"),
        (b"no network", "not HDF5"),
        (whole[: len(whole) // 2], "truncated or damaged"),
        (whole[:600], "truncated or damaged"),
        (buffer.getvalue(), "zip archive, as torch.save writes"),
    ):
        file = tmp_path / "bad.nir"
        file.write_bytes(data)
        with pytest.raises(ForeignNetworkError, match=message):
            spikeloom.from_nir(file, dt=DT, reset="subtract")
        with pytest.raises(ForeignNetworkError, match=message):
            spikeloom.import_network(file)
    with pytest.raises(ForeignNetworkError, match="cannot read"):
        spikeloom.from_nir(tmp_path / "missing.nir", dt=DT)


def test_no_damage_of_a_file_gives_another_error(tmp_path):
    whole = bytearray(written(tmp_path).read_bytes())
    r = np.random.default_rng(0)
    for _ in range(150):
        data = bytearray(whole)
        for at in r.integers(0, len(data), 20):
            data[at] = r.integers(256)
        file = tmp_path / "bad.nir"
        file.write_bytes(data)
        with contextlib.suppress(spikeloom.InputError):
            spikeloom.from_nir(file, dt=DT, reset="subtract")
