"""What the live view is fed with is what the device did."""

import numpy as np
import pytest
from bokeh.models import Range1d
from designs import CONFIG, DESIGN, learning_config, make_design
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import InputError
from spikeloom.watch.panels import PotentialPanel
from spikeloom.watch.source import ALL_NEURONS, BINS, LiveSource
from spikeloom.watch.stimulus import Stimulus

WINDOW = 100


def live(design=DESIGN, seed=0, rate=150.0, **options):
    device = GoldenDevice(design)
    source = LiveSource(device, Stimulus(design, rate=rate, seed=seed), window=WINDOW, **options)
    return device, source


@settings(max_examples=25)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(0, 99))
def test_a_run_in_parts_shows_what_one_run_gives(parts, seed):
    _, source = live(seed=seed, neurons=[0, 7])
    raster = Stimulus(DESIGN, rate=150.0, seed=seed)
    once = GoldenDevice(DESIGN)
    once.monitor([0, 7])
    inputs = np.concatenate([raster.spikes(0, steps) for steps in parts])
    run = once.run(inputs)
    for steps in parts:
        source.advance(steps)

    view, first = source.view(), max(0, sum(parts) - WINDOW)
    assert view.step == sum(parts)
    shown = np.concatenate([inputs[:, :4], run.spikes], axis=1)
    expected = np.argwhere(shown)
    expected = expected[expected[:, 0] >= first]
    assert np.array_equal(np.stack(view.spikes, axis=1), expected)
    steps, potentials = view.potentials
    assert np.array_equal(steps, np.arange(first, sum(parts)))
    assert np.array_equal(potentials[:, 1], run.monitored["v[7]"][first:])
    at, rates = view.rates
    assert np.allclose(rates[:, 0], run.spikes[at.astype(int)].mean(axis=1) * 1e3)


def test_readings_are_those_of_the_device():
    device, source = live(make_design(learning_config("pair"), 5))
    source.read_back(weights=True)
    source.advance(200)
    source.read_back(weights=True)
    readings = source.view().readings
    assert readings.counters == device.counters()
    assert readings.per_step["spikes"] == pytest.approx(device.counters()["spikes"] / 200)
    assert np.array_equal(readings.weights, device.read("weights"))
    assert readings.marked_step == 0
    assert readings.weights_step == 200
    assert np.any(readings.weights != readings.marked)
    source.mark_weights()
    readings = source.view().readings
    assert readings.marked_step == 200
    assert np.array_equal(readings.weights, readings.marked)


def test_a_threshold_is_written_in_the_networks_unit_and_changes_the_rate():
    scaled = make_design()
    scaled.scale[:] = 4.0
    scaled.populations.update({"some": slice(0, 5), "others": slice(5, 11)})
    del scaled.populations["all"]
    device, source = live(scaled, rate=300.0)
    source.advance(200)
    before = source.view().rates[1].mean(axis=0)
    others = device.read("v_threshold")[5:]
    source.set_threshold("some", 8000.25)
    assert np.array_equal(device.read("v_threshold"), [32001] * 5 + others.tolist())
    assert source.view().readings.thresholds["some"] == 8000.25
    source.advance(200)
    after = source.view().rates[1].mean(axis=0)
    assert before[0] > 0
    assert after[0] < before[0] / 4
    assert after[1] > 0
    for value in (1e30, 8192.0, -8193.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match=r"-8192 to 8191\.75"):
            source.set_threshold("some", value)
    with pytest.raises(InputError, match="'some', 'others'"):
        source.set_threshold("none", 1.0)


def test_a_core_with_shared_parameters_has_one_threshold():
    config = CoreConfig(neurons=6, axons=4)
    device, source = live(make_design(config))
    source.set_threshold(ALL_NEURONS, 33.0)
    assert np.all(device.read("v_threshold") == 33)
    assert source.view().readings.thresholds == {ALL_NEURONS: 33.0}


def test_potentials_of_a_core_without_monitors_are_read_after_each_part():
    device, source = live(make_design(CoreConfig(neurons=6, axons=4, monitors=0)), neurons=[3])
    expected = []
    for _ in range(4):
        source.advance(7)
        expected.append(device.read("v")[3])
    steps, potentials = source.view().potentials
    assert steps.tolist() == [6, 13, 20, 27]
    assert potentials[:, 0].tolist() == expected


def test_steps_that_others_run_leave_a_gap_and_their_potentials():
    device, source = live(neurons=[2])
    source.advance(20)
    device.run(np.ones((10, 9), dtype=bool))
    source.read_back()
    assert source.view().step == 30
    assert source.view().potentials[0].tolist() == [*range(20), 29]
    source.advance(20)
    at, _ = source.view().rates
    assert np.isnan(at[20])
    assert at[[0, 19, 21, 40]].tolist() == [0.5, 19.5, 30.5, 49.5]


@pytest.mark.parametrize("look", [LiveSource.read_back, lambda source: source.advance(10)])
def test_a_reset_by_others_begins_anew(look):
    device, source = live()
    source.advance(50)
    device.reset()
    look(source)
    assert source.view().step in (0, 10)
    assert np.all(source.view().spikes[0] < 10)
    assert np.all(source.view().potentials[0] < 10)


def test_impossible_choices_are_refused():
    _, source = live()
    with pytest.raises(InputError, match="no neuron 11 in this core; it has 0…10"):
        source.watch([11])
    with pytest.raises(InputError, match="at most 6"):
        source.watch(range(7))
    with pytest.raises(InputError, match=f"at least {BINS}"):
        LiveSource(GoldenDevice(DESIGN), Stimulus(DESIGN), window=BINS - 1)
    assert source.monitored == (0, 3, 7)
    source.watch([])
    source.advance(10)
    assert source.view().potentials[1].shape[1] == 0


# Input


@given(st.integers(0, 1000), st.integers(0, 50))
def test_a_replay_follows_the_number_of_the_step(start, steps):
    played = np.random.default_rng(1).random((13, CONFIG.axons)) < 0.5
    raster = Stimulus(DESIGN, replay=played).spikes(start, steps)
    assert raster.shape == (steps, CONFIG.axons)
    assert all(np.array_equal(row, played[(start + t) % 13]) for t, row in enumerate(raster))


def test_background_has_the_rate_that_was_asked_for_on_inputs_alone():
    stimulus = Stimulus(DESIGN, rate=100.0)
    raster = stimulus.spikes(0, 5000)
    assert raster[:, :4].mean() == pytest.approx(0.1, rel=0.1)
    assert not raster[:, 4:].any()
    stimulus.set_rate("in", 1e9)
    assert stimulus.spikes(0, 9)[:, :4].all()
    for rate in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="at least 0"):
            stimulus.set_rate("in", rate)
    with pytest.raises(InputError, match="it has 'in'"):
        stimulus.set_rate("out", 1.0)
    with pytest.raises(InputError, match="no steps"):
        Stimulus(DESIGN, replay=np.zeros((0, CONFIG.axons)))


def test_faults_31_a_changed_threshold_leaves_the_past_as_it_was():
    _, source = live(neurons=[0])
    source.read_back()
    name, before = next(iter(source.view().readings.thresholds.items()))
    source.advance(60)
    source.set_threshold(name, before + 3.0)
    source.advance(30)
    view = source.view()
    steps, levels = view.thresholds
    assert steps.tolist() == [0, 60]
    assert levels[:, 0].tolist() == [before, before + 3.0]
    panel = PotentialPanel(source, Range1d())
    panel.update(view)
    (drawn,) = [r.data_source for r in panel.figure.renderers
                if r.data_source.name == f"threshold of {name}"]  # fmt: skip
    assert drawn.data["x"].tolist() == pytest.approx([0.0, 60 * DESIGN.dt, 90 * DESIGN.dt])
    assert drawn.data["y"].tolist() == [before, before + 3.0, before + 3.0]
