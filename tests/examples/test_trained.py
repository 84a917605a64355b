"""examples/trained/: what was trained elsewhere does here what it did there."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import spikeloom

FOLDER = Path(__file__).parents[2] / "examples" / "trained"
DIGITS = {
    "digits_snntorch": {"source": "snntorch", "reset": "subtract"},
    "digits_norse": {"source": "norse", "dt": 1e-3, "reset": "value"},
    "digits_conv": {"source": "spikingjelly", "dt": 1e-4},
}
pytestmark = pytest.mark.filterwarnings("ignore::spikeloom.FitWarning")


@pytest.fixture(scope="module", autouse=True)
def _folder():
    sys.path.insert(0, str(FOLDER))
    yield
    sys.path.remove(str(FOLDER))


def load(name):
    return importlib.import_module(name)


def outputs(name, device, count, **widths):
    """(framework's, ours) output spikes (count, steps, 10)."""
    digits = load("digits")
    found = spikeloom.from_nir(FOLDER / "networks" / f"{name}.nir", **DIGITS[name])
    with np.load(FOLDER / "networks" / f"{name}.npz") as held:
        framework = np.unpackbits(held["spikes"], axis=1, count=digits.STEPS)[:count]
    samples = digits.spikes(digits.split()[1][:count])
    late = found.delays[found.outputs[0]]
    return framework, digits.on_spikeloom(found, samples, device, late, **widths)


@pytest.mark.parametrize("name", DIGITS)
def test_digits_are_within_a_point_of_the_framework(name):
    framework, here = outputs(name, "golden:", 450, weight_bits=12, state_bits=24)
    labels = load("digits").split()[3]
    there, ours = (
        np.mean(spikes.sum(axis=1).argmax(axis=1) == labels) for spikes in (framework, here)
    )
    assert there > 0.95
    assert abs(there - ours) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("name", DIGITS)
def test_digits_on_the_twin(name):
    widths = {"weight_bits": 12, "state_bits": 24}
    _, golden = outputs(name, "golden:", 3, **widths)
    _, twin = outputs(name, "twin:", 3, **widths)
    assert twin.sum() > 0
    assert np.array_equal(golden, twin)


DEVICES = ["golden:", pytest.param("twin:", marks=pytest.mark.slow)]


@pytest.mark.parametrize("device", DEVICES)
def test_xor(device):
    found, counts = load("xor").classes(device)
    assert found.tolist() == [0, 1, 1, 0]
    assert np.all(np.abs(np.diff(counts)) > 2)


@pytest.mark.parametrize("device", DEVICES)
def test_the_winner_takes_all_as_in_superneuromat(device):
    pytest.importorskip("superneuromat")
    here, there = load("winner_take_all").run(device)
    assert np.array_equal(here, there)
    for winner, part in ((2, here[:100]), (4, here[100:])):
        counts = part.sum(axis=0)
        assert counts.argmax() == winner
        assert counts[winner] > 4 * np.delete(counts, winner).max()
