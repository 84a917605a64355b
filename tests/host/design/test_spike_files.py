"""Spikes from files: rasters of all axons or by input; everything else is refused with advice."""

import numpy as np
import pytest

import spikeloom
from spikeloom import IF, InputError, Network
from spikeloom.design.spike_files import read_spikes

RASTER = np.eye(4, dtype=bool)


@pytest.fixture(scope="module")
def design():
    net = Network()
    net.connect(net.input("in", 4), net.population("out", 2, IF()), 0.5)
    return spikeloom.compile(net)


def test_spikes_are_read_from_files(tmp_path, design):
    np.save(tmp_path / "a.npy", RASTER)
    np.savez(tmp_path / "b.npz", spikes=RASTER)
    np.savez_compressed(tmp_path / "c.npz", **{"in": RASTER})
    assert np.array_equal(read_spikes(tmp_path / "a.npy", design), RASTER)
    assert np.array_equal(read_spikes(tmp_path / "b.npz", design), RASTER)
    assert np.array_equal(read_spikes(tmp_path / "c.npz", design)["in"], RASTER)


def test_faults_25_other_files_are_refused_with_advice(tmp_path, design):
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "objects.npz", a=np.array([None]), allow_pickle=True)
    (tmp_path / "text.npz").write_text("no array")
    (tmp_path / "short.npy").write_bytes(b"\x93NUMPY\x01\x00")
    (tmp_path / "zip.npz").write_bytes(b"PK\x03\x04nothing")
    design.save(tmp_path / "net.slm")
    names = [path.name for path in tmp_path.iterdir()]
    for name in (*names, "missing.npz", "."):
        with pytest.raises(InputError, match=r"numpy\.savez") as found:
            read_spikes(tmp_path / name, design)
        assert "allow_pickle" not in str(found.value)
        assert str(tmp_path / name) in str(found.value)
