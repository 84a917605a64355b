"""lava-dl's netx files run as Loihi runs them, spike for spike."""

import re

import numpy as np
import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st
from netx_networks import conv, dense, neuron, simulate, write

import spikeloom
from spikeloom import ForeignNetworkError
from spikeloom.exchange.importer import import_network

h5py = pytest.importorskip("h5py")
pytestmark = pytest.mark.filterwarnings("ignore::spikeloom.FitWarning")
WHOLE = (0, 4096)
DECAYS = (0, 1, 128, 410, 1024, 4000, 4096)


def weights(rng, *shape, most=60):
    return rng.integers(-most, most + 20, shape) * (rng.random(shape) < 0.7)


def random_layers(seed):
    """(layers, shape of the input)."""
    rng = np.random.default_rng(seed)

    whole = rng.random() < 0.3

    def cell():
        decays = rng.choice(WHOLE if whole else DECAYS, 2)
        return neuron(*map(int, decays), int(rng.integers(20, 200)))

    shape, layers = (2, 5, 6), []
    if rng.random() < 0.5:
        stride, padding, groups = (
            int(rng.choice([1, 2])),
            int(rng.choice([0, 1])),
            int(rng.choice([1, 2])),
        )
        dilation = int(rng.choice([1, 2]))
        size = [(n + 2 * padding - 2 * dilation - 1) // stride + 1 for n in shape[1:]]
        if min(size) >= 1:
            bias = rng.integers(-9, 30, 4).astype(float)
            kernels = weights(rng, 4, 2 // groups, 3, 3)
            how = (stride, padding, dilation, groups)
            layers.append(conv(kernels, (4, *size), cell(), *how, bias=bias))
    before = int(np.prod(layers[-1]["shape"] if layers else shape))
    for _ in range(2):
        n = int(rng.integers(2, 7))
        more = {"weight_rec": weights(rng, n, n, most=30)} if rng.random() < 0.5 else {}
        if rng.random() < 0.5:
            more["delay"] = (
                rng.integers(0, 63, n) if "weight_rec" in more else rng.integers(0, 63, (n, before))
            )
        layers.append(dense(weights(rng, n, before), cell(), **more))
        before = n
    return layers, shape


def run(imported, spikes, device="golden:"):
    """What it gave, and the clamps: Loihi's currents wrap where a core's are clamped."""
    design = spikeloom.compile(imported.network, **imported.settings)
    assert design.report.exact == sum(p.size for p in imported.network.populations.values())
    with spikeloom.open(device, design) as opened:
        return opened.run({"input": spikes}), opened.counters()["clamps"]


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_random_networks_have_the_same_spikes(tmp_path_factory, seed):
    note(f"seed {seed}")
    layers, shape = random_layers(seed)
    path = write(tmp_path_factory.mktemp("netx") / "network.net", layers)
    imported = spikeloom.from_netx(path, input_shape=shape)
    spikes = np.random.default_rng(seed).random((90, int(np.prod(shape)))) < 0.2
    result, clamps = run(imported, spikes)
    assume(clamps == 0)
    for k, expected in enumerate(simulate(layers, spikes, shape)[0]):
        assert np.array_equal(result[f"layer_{k}"], expected)


def test_potentials_are_loihi_s(tmp_path):
    rng = np.random.default_rng(4)
    layers = [dense(weights(rng, 6, 9), neuron(1024, 512, 131071))]
    imported = spikeloom.from_netx(write(tmp_path / "network.net", layers))
    spikes = rng.random((300, 9)) < 0.2
    design = spikeloom.compile(imported.network, **imported.settings)
    with spikeloom.open("golden:", design) as device:
        device.monitor(range(6))
        monitored = device.run({"input": spikes}).monitored
    potentials = np.stack([monitored[f"v[{k}]"] for k in range(6)], axis=1)
    assert np.array_equal(potentials, simulate(layers, spikes, (9,))[1][0] / 64)
    assert len(np.unique(potentials)) > 300


def test_it_is_told_from_other_files_and_read_by_its_layers(tmp_path):
    layers = [
        {"type": np.array([b"input"]), "shape": np.array([2, 4, 4])},
        conv(np.ones((1, 2, 2, 2)), (1, 3, 3), neuron(4096, 0, 3)),
        {"type": np.array([b"flatten"]), "shape": np.array([9, 1, 1])},
        dense(np.ones((2, 9)), neuron(4096, 1024, (1 << 18) - 1)),
    ]
    imported = import_network(write(tmp_path / "mine.hdf5", layers))
    assert imported.format == "netx"
    assert imported.network.inputs["input"].size == 32
    assert [type(p.neuron).__name__ for p in imported.network.populations.values()] == ["LIF", "LI"]
    assert imported.outputs == ("layer_3",)
    skipped = spikeloom.from_netx(tmp_path / "mine.hdf5", skip_layers=2)
    assert skipped.network.inputs["input"].size == 9


ONE = neuron(4096, 0, 3)
SQUARE = conv(np.ones((1, 1, 2, 2)), (1, 2, 2), ONE)
REFUSED = {
    "weight[0, 1] of layer 0 is 1.5": [dense([[1, 1.5]], ONE)],
    "weight[0, 0] of layer 0 is nan": [dense([[np.nan]], ONE)],
    "weight[0, 0] of layer 0 is 300": [dense([[300]], ONE)],
    "the weights of layer 1 have shape (1, 3); from 2": [
        dense(np.ones((2, 2)), ONE), dense(np.ones((1, 3)), ONE)
    ],
    "weight_rec of layer 0 has shape (1, 2)": [dense([[1]], ONE, weight_rec=np.ones((1, 2)))],
    "the delays of layer 0 have shape (3,)": [dense(np.ones((2, 2)), ONE, delay=np.ones(3))],
    "delay[0] of layer 0 is -1": [dense(np.ones((2, 2)), ONE, delay=-np.ones(2))],
    "the bias of layer 0 has 3 values": [dense(np.ones((2, 2)), ONE, bias=np.ones(3))],
    "the neuron of layer 0 is of type 'SDNN'": [dense([[1]], ONE | {"type": b"SDNN"})],
    "the neuron of layer 0 sends graded spikes": [dense([[1]], ONE | {"gradedSpike": True})],
    "iDecay of the neuron of layer 0 is 5000": [dense([[1]], ONE | {"iDecay": 5000})],
    "vDecay of the neuron of layer 0 has shape (2,)": [dense([[1]], ONE | {"vDecay": [1, 2]})],
    "layer 0 is of type 'average'": [{"type": np.array([b"average"]), "shape": np.array([1])}],
    "layer 0 is of type 'input': its neurons are driven by values": [
        {"type": np.array([b"input"]), "shape": np.array([2, 4, 4]), "neuron": ONE}
    ],
    "layer 0 has no shape": [{"type": np.array([b"dense"]), "weight": np.ones((1, 1))}],
    "layer 0 is a convolution of inputs of shape None": [SQUARE],
    "no layer of neurons": [{"type": np.array([b"input"]), "shape": np.array([3])}],
    "layer 1 has the shape (1, 2, 2), and its convolution gives (1, 3, 3)": [
        {"type": np.array([b"input"]), "shape": np.array([1, 4, 4])}, SQUARE
    ],
    "layer 1: 1 kernels of 1 channels in 1 groups do not fit 2": [
        {"type": np.array([b"input"]), "shape": np.array([2, 3, 3])}, SQUARE
    ],
    "layer 0 has complex weights": [
        {"type": np.array([b"dense"]), "shape": np.array([1]), "weight": {"real": 1, "imag": 1}}
    ],
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_mapped_is_named(reason, tmp_path):
    path = write(tmp_path / "network.net", REFUSED[reason])
    with pytest.raises(ForeignNetworkError, match=re.escape(reason)):
        spikeloom.from_netx(path)


def test_files_that_are_none_are_refused(tmp_path):
    path = write(tmp_path / "network.net", [dense([[1]], ONE)])
    (tmp_path / "cut.net").write_bytes(path.read_bytes()[:700])
    (tmp_path / "text.net").write_text("layer")
    with h5py.File(tmp_path / "other.net", "w") as file:
        file["node/type"] = b"Input"
    for name in ("cut.net", "text.net", "missing.net", "other.net"):
        with pytest.raises(ForeignNetworkError):
            spikeloom.from_netx(tmp_path / name)
    with pytest.raises(ForeignNetworkError, match="skip_layers is 7"):
        spikeloom.from_netx(path, skip_layers=7)
    with pytest.raises(ForeignNetworkError, match="3 is no netx"):
        spikeloom.from_netx(3)


@pytest.mark.slow
def test_the_twin_decays_as_loihi_does(tmp_path):
    rng = np.random.default_rng(7)
    layers = [
        dense(weights(rng, 6, 9), neuron(700, 410, 60), weight_rec=weights(rng, 6, 6, most=20)),
        dense(weights(rng, 4, 6), neuron(4000, 128, 90)),
    ]
    imported = spikeloom.from_netx(write(tmp_path / "network.net", layers))
    spikes = rng.random((120, 9)) < 0.2
    result, clamps = run(imported, spikes, "twin:")
    assert clamps == 0
    for k, expected in enumerate(simulate(layers, spikes, (9,))[0]):
        assert expected.any()
        assert np.array_equal(result[f"layer_{k}"], expected)
