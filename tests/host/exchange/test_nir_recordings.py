"""Networks that real frameworks exported and ran: the same spikes here, layer by layer.

`tests/support/recordings/` has the scripts that recorded them.
"""

import numpy as np
import pytest
from nir_graphs import device_run
from recorded import recorded_names, recording
from shared_builds import NIR_SUBTRACT_TWIN, NIR_VALUE_TWIN

import spikeloom
from spikeloom import ForeignNetworkError

SUBTRACT = {"reset": "subtract", "source": "snntorch"}
ZERO = {"reset": "value", "source": "snntorch"}
JELLY = {"dt": 1e-4, "source": "spikingjelly"}
NORSE = {"dt": 1e-3, "reset": "value", "source": "norse"}
SINABS = {"dt": 1e-3, "reset": "subtract", "source": "sinabs"}
ROCKPOOL = {"dt": 1e-3, "source": "rockpool"}
SPYX = {"dt": 1.0, "source": "spyx"}
CASES = {
    "snntorch-leaky-subtract": SUBTRACT,
    "snntorch-leaky-zero": ZERO,
    # Potentials stay below two thresholds; beyond, `reset_delay=False` is no reset by subtraction.
    "snntorch-leaky-immediate": {"dt": 1e-4, "reset": "subtract", "source": "nir"},
    "snntorch-leaky-each": SUBTRACT,
    "snntorch-leaky-one": SUBTRACT,
    "snntorch-leaky-beyond": SUBTRACT,
    "snntorch-synaptic-subtract": SUBTRACT,
    "snntorch-synaptic-zero": ZERO,
    "snntorch-rleaky-subtract": SUBTRACT,
    "snntorch-rleaky-zero": ZERO,
    "snntorch-rleaky-own": SUBTRACT,
    "snntorch-rsynaptic-subtract": SUBTRACT,
    "snntorch-rsynaptic-zero": ZERO,
    "snntorch-conv": SUBTRACT,
    "spikingjelly-lif": JELLY,
    "spikingjelly-lif-decay-input": JELLY,
    "spikingjelly-lif-reset": JELLY,
    "spikingjelly-plif": JELLY,
    "spikingjelly-if": JELLY,
    "spikingjelly-cubalif": JELLY,
    "spikingjelly-conv": JELLY,
    "norse-box": NORSE,
    "norse-box-leak": NORSE,
    "norse-cell": NORSE,
    "norse-iaf": NORSE,
    "norse-conv": NORSE,
    "norse-paper": {**NORSE, "dt": 1e-4},
    "norse-paper-long": {**NORSE, "dt": 1e-4},
    "sinabs-lif": SINABS,
    "sinabs-lif-plain": {**SINABS, "source": "sinabs-plain"},
    "sinabs-iaf": SINABS,
    "sinabs-conv": SINABS,
    "rockpool-neuron": ROCKPOOL,
    "rockpool-lif": ROCKPOOL,
    "spyx-lif": SPYX,
    "spyx-lif-beyond": SPYX,
    "spyx-cubalif": SPYX,
    "spyx-if": SPYX,
    "spyx-rlif": SPYX,
    "spyx-rcubalif": SPYX,
    "spyx-conv": SPYX,
}
SAME_UNNAMED = {
    "snntorch-leaky-zero", "snntorch-leaky-immediate", "spikingjelly-lif-decay-input",
    "spikingjelly-lif-reset", "spikingjelly-plif", "rockpool-neuron", "rockpool-lif", "spyx-lif",
    "spyx-lif-beyond", "spyx-cubalif", "spyx-if", "spyx-rlif", "spyx-rcubalif", "spyx-conv",
}  # fmt: skip
"""Recordings whose numbers alone are enough."""
REFUSED_UNNAMED = {
    **dict.fromkeys(
        (
            "norse-box",
            "norse-box-leak",
            "norse-cell",
            "norse-conv",
            "norse-paper",
            "norse-paper-long",
        ),
        "source='norse'",
    ),
    "snntorch-leaky-beyond": "source='snntorch'",
}
LATE = {"spyx": 1}
"""Steps by which a framework reports a spike after the potential that made it."""


def differences(name, found, **run):
    """(spikes, neurons and steps that differ) of all layers."""
    recorded = recording(name)
    late = LATE.get(name.split("-")[0], 0)
    got = device_run(found, recorded.x, **run)
    spikes = differ = 0
    for node, raster in recorded.layers.items():
        want = raster[late:]
        spikes += int(want.sum())
        differ += int((got[node][: len(want)] != want).sum())
    return spikes, differ


def test_every_recording_is_tested():
    assert sorted(CASES) == recorded_names()


@pytest.mark.parametrize("name", CASES)
def test_spikes_are_those_of_the_framework(name, tmp_path):
    found = spikeloom.from_nir(recording(name).file(tmp_path), **CASES[name])
    spikes, differ = differences(name, found)
    assert differ == 0
    assert spikes > 100 or spikes == {"norse-paper": 4, "norse-paper-long": 87}[name]


@pytest.mark.parametrize("name", CASES)
def test_floats_fire_as_the_framework(name, tmp_path):
    found = spikeloom.from_nir(recording(name).file(tmp_path), **CASES[name])
    if found.initial:
        pytest.skip("the float device begins at rest")
    recorded, late = recording(name), LATE.get(name.split("-")[0], 0)
    (inputs,) = found.network.inputs
    with spikeloom.open("float:", found.network) as device:
        steps = len(recorded.x) + max(found.delays.values(), default=0)
        run = device.run({inputs: recorded.x}, steps)
    for node, raster in recorded.layers.items():
        got = found.aligned(node, run[node])
        assert np.array_equal(got[: len(raster) - late], raster[late:])


@pytest.mark.parametrize("name", CASES)
def test_an_unnamed_framework_is_recognised_or_said_to_matter(name, tmp_path):
    options = {key: value for key, value in CASES[name].items() if key != "source"}
    framework = name.split("-")[0]
    options = {"dt": 1e-4, "reset": "subtract" if framework == "spyx" else "value"} | options
    if framework == "rockpool":
        del options["reset"]
    path = recording(name).file(tmp_path)
    if name in REFUSED_UNNAMED:
        with pytest.raises(ForeignNetworkError, match=REFUSED_UNNAMED[name]):
            spikeloom.from_nir(path, **options)
        return
    found = spikeloom.from_nir(path, **options)
    _, differ = differences(name, found)
    assert (differ == 0) == (name in SAME_UNNAMED)
    if differ:
        assert f"source='{framework}'" in repr(found)


def test_norse_has_the_published_spikes_of_the_nir_paper():
    """Times in paper/01_lif/lif_norse.csv of NIR's repository."""
    (raster,) = recording("norse-paper").layers.values()
    assert raster[:, 0].nonzero()[0].tolist() == [460, 510, 710, 760]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("snntorch-synaptic-subtract", NIR_SUBTRACT_TWIN),
        ("sinabs-lif", NIR_SUBTRACT_TWIN),
        ("rockpool-lif", NIR_SUBTRACT_TWIN),
        ("spyx-rcubalif", NIR_SUBTRACT_TWIN),
        ("spikingjelly-cubalif", NIR_VALUE_TWIN),
        ("norse-cell", NIR_VALUE_TWIN),
    ],
)
def test_one_of_each_framework_on_the_twin(name, config, tmp_path):
    found = spikeloom.from_nir(recording(name).file(tmp_path), **CASES[name])
    spikes, differ = differences(name, found, device="twin:", config=config)
    assert differ == 0
    assert spikes > 300
