import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeloom import cli
from spikeloom.demos import patterns
from spikeloom.demos.digits_network import CLASSES, PIXELS, digits, encode
from spikeloom.demos.learn_digits import run_learn_digits
from spikeloom.demos.patterns import run_patterns
from spikeloom.demos.training_tasks import TASKS
from spikeloom.design.design import Design
from spikeloom.device.golden import GoldenDevice
from spikeloom.diagnosis.lockstep import Lockstep
from spikeloom.display import learning_plots
from spikeloom.hdl import LearningConfig
from spikeloom.hdl.contract.errors import FitError, InputError

tasks = st.sampled_from(list(TASKS.values()))
images = hnp.arrays(np.int64, (2, PIXELS), elements=st.integers(0, 16))


# Training tasks


@given(task=tasks, shown=images, right=hnp.arrays(np.int64, 2, elements=st.integers(0, 9)))
def test_a_lesson_is_the_image_and_one_spike_of_its_teacher(task, shown, right):
    lesson = task.training_input(shown, right).reshape(2, task.period, -1)
    teacher = lesson[:, :, task.inputs["teacher"]]
    assert np.array_equal(np.argwhere(teacher), [(k, task.teacher_step, right[k]) for k in (0, 1)])
    pixels = lesson[:, :, task.inputs["pixels"]]
    assert np.array_equal(pixels[:, : task.exposure], encode(shown, task.exposure))
    assert not lesson[:, max(task.exposure, task.teacher_step + 1) :].any()

    question = task.test_input(shown).reshape(2, task.test_period, -1)
    lesson[:, task.teacher_step, task.inputs["teacher"]] = False
    assert np.array_equal(question[:, : task.exposure], lesson[:, : task.exposure])
    assert not question[:, task.exposure :].any()


@given(shown=images)
def test_dark_pixels_fire_when_bright_ones_do_not(shown):
    task = TASKS["stdp"]
    question = task.test_input(shown).reshape(2, task.test_period, -1)
    bright, dark = (question[..., task.inputs[name]].sum(axis=1) for name in ("pixels", "dark"))
    assert np.all(np.abs(bright + dark - task.exposure) <= 1)


@given(task=tasks, data=st.data())
def test_the_neuron_that_fires_most_answers_and_of_several_the_earlier(task, data):
    raster = hnp.arrays(np.bool_, (task.test_period, CLASSES))
    spikes = data.draw(raster)
    (answer,) = task.decode(spikes)
    counts, late = spikes.sum(axis=0), (np.arange(len(spikes))[:, None] * spikes).sum(axis=0)
    assert (counts[answer], -late[answer]) == max(zip(counts, -late, strict=True))


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_weights_start_small_and_random_and_know_nothing(task):
    design, other = task.design(0), task.design(1)
    learn = design.image.plastic
    assert learn[: task.inputs["teacher"].start].all()
    assert not learn[task.inputs["teacher"]].any()
    assert np.abs(design.image.weights[learn]).max() <= 20
    assert abs(design.image.weights[learn].mean()) < 2
    assert np.count_nonzero(design.image.weights != other.image.weights) > learn.sum() / 2


def test_while_neurons_learn_by_stdp_only_the_teacher_makes_them_fire():
    task = TASKS["stdp"]
    train_x, _, train_y, _ = digits()
    with GoldenDevice(task.design()) as device:
        fired = device.run(task.training_input(train_x[:60], train_y[:60])).spikes
    step, neuron = np.nonzero(fired)
    assert np.array_equal(step, np.arange(60) * task.period + task.teacher_step)
    assert np.array_equal(neuron, train_y[:60])


# learn-digits


@pytest.mark.parametrize(
    ("hidden", "model"), [("", "FastCore"), ("sys.modules['numba'] = None", "GoldenCore")]
)
def test_curves_are_of_the_fast_model_where_there_is_one(hidden, model):
    script = (
        f"import sys; {hidden}\n"
        "from spikeloom.demos.any_model import any_model\n"
        "from spikeloom.hdl import CoreConfig, Image\n"
        "print(type(any_model(Image(CoreConfig(neurons=1, axons=1), [[1]]))).__name__)\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == model


@pytest.mark.parametrize("rule", TASKS)
@pytest.mark.parametrize("lessons", [60, pytest.param(None, marks=pytest.mark.slow)])
def test_digits_learned_on_the_fast_model_have_the_weights_of_the_golden_one(
    rule, lessons, tmp_path
):
    report = run_learn_digits("fast:", rule, tmp_path, lessons=lessons, images=lessons)
    assert report.weight_updates > 0
    assert report.differences.weights == 0
    assert not any(dataclasses.asdict(report.differences).values())


@pytest.mark.parametrize(("rule", "share"), [("three_factor", 0.7), ("stdp", 0.6)])
def test_some_lessons_teach_much_and_device_and_model_learn_the_same(rule, share, tmp_path):
    report = run_learn_digits("golden:", rule, tmp_path, lessons=120, images=60)
    assert report.ok
    assert not report.all_images
    assert report.accuracy >= share
    assert report.curve[0] == (0, pytest.approx(0.1, abs=0.1))
    assert [given for given, _ in report.curve][-1] == 120 * report.epochs
    assert report.weight_updates > 50_000
    json.dumps(report.to_dict())

    learned = Design.load(report.files["learned.slm"])
    assert np.array_equal(learned.image.plastic, TASKS[rule].design().image.plastic)
    changed = learned.image.weights != TASKS[rule].design().image.weights
    assert changed.any()
    assert not changed[~learned.image.plastic].any()
    for name, path in report.files.items():
        if name.endswith(".png"):
            with open(path, "rb") as file:
                assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def test_too_little_accuracy_or_any_difference_is_not_ok(tmp_path):
    report = run_learn_digits("golden:", out=tmp_path, lessons=1, images=1)
    complete = dataclasses.replace(report, all_images=True, images=100)
    assert dataclasses.replace(complete, correct=94).ok
    assert not dataclasses.replace(complete, correct=93).ok
    for kind in ("spikes", "weights", "states", "counters"):
        other = dataclasses.replace(report.differences, **{kind: 1})
        assert not dataclasses.replace(complete, correct=100, differences=other).ok


@pytest.mark.parametrize("wrong", [{"rule": "luck"}, {"lessons": 0}, {"images": 0}])
def test_wrong_arguments_are_refused(wrong, tmp_path):
    with pytest.raises(InputError, match=next(iter(wrong))):
        run_learn_digits("golden:", out=tmp_path, **wrong)
    assert not list(tmp_path.iterdir())


# Lockstep


def test_whatever_differs_is_counted():
    task = TASKS["three_factor"]
    device = GoldenDevice(task.design())
    lockstep = Lockstep(device)
    spikes = task.training_input(np.full((1, PIXELS), 8), [3])
    lockstep.run(spikes)
    lockstep.read_weights()
    lockstep.compare()
    assert lockstep.differences.total == 0
    assert lockstep.spikes == device.counters()["spikes"]

    weights = device.read("weights")
    weights[:2, 3] += 1
    device.write("weights", weights)
    device.write("eligibility", device.read("eligibility") + 1)
    device.write("v", 7)
    lockstep.read_weights()
    lockstep.compare()
    states = task.config.axons * task.config.neurons + task.config.neurons
    assert (lockstep.differences.weights, lockstep.differences.states) == (2, states)
    assert lockstep.differences.counters == 0

    device.write("v_threshold", -1000)
    lockstep.run(steps=2)
    assert lockstep.differences.spikes == 2 * CLASSES
    lockstep.compare()
    assert lockstep.differences.counters > 0


# patterns


@settings(max_examples=3)
@given(seed=st.integers(0, 1000), count=st.integers(1, 8))
def test_a_neuron_detects_the_pattern_that_it_was_taught_once_and_no_other(
    seed, count, tmp_path_factory
):
    out = tmp_path_factory.mktemp("patterns")
    report = run_patterns("golden:", out, patterns=count, tests=60, seed=seed)
    assert report.ok
    assert report.accuracy == 1
    assert report.detected >= 20
    weights = Design.load(report.files["learned.slm"]).image.weights[:PIXELS]
    assert np.array_equal(np.abs(weights[:, :count]) == patterns.WEIGHT, np.ones((PIXELS, count)))
    assert np.all((weights[:, :count] > 0).sum(axis=0) == patterns.ACTIVE)
    assert np.abs(weights[:, count:]).max(initial=0) <= 1


@given(seed=st.integers(0, 1000))
def test_tests_are_what_they_are_called(seed):
    rng = np.random.default_rng(seed)
    taught = patterns.draw_patterns(4, rng)
    assert np.all(taught.sum(axis=1) == patterns.ACTIVE)
    kinds, shown, expected = patterns.draw_tests(taught, 60, rng)
    distance = np.count_nonzero(shown[:, None] != taught, axis=2).min(axis=1)
    needed = {
        "a taught pattern": 0,
        "a spike missing": 1,
        "a spike too many": 1,
        "a spike moved": 2,
    }
    for kind, pattern, apart, neuron in zip(kinds, shown, distance, expected, strict=True):
        assert needed.get(kind, apart) == apart
        assert (neuron >= 0) == (apart == 0)
        assert neuron < 0 or np.array_equal(pattern, taught[neuron])


def test_a_wrong_answer_is_counted_and_not_ok(tmp_path, monkeypatch):
    # A threshold that a pattern with a spike missing or too many reaches.
    monkeypatch.setattr(patterns, "THRESHOLD", patterns.THRESHOLD - patterns.WEIGHT)
    report = run_patterns("golden:", tmp_path, tests=120)
    assert not report.ok
    assert report.wrong["a spike missing"] == report.tests["a spike missing"] > 0
    assert report.wrong["a spike too many"] == report.tests["a spike too many"] > 0
    assert report.wrong["a taught pattern"] == report.wrong["another pattern"] == 0
    assert report.accuracy == 1 - sum(report.wrong.values()) / 120


def test_any_large_enough_core_with_pair_stdp_will_do():
    rng = np.random.default_rng(0)
    other = dataclasses.replace(
        patterns.CONFIG,
        neurons=4,
        lanes=4,
        state_bits=16,
        leak="exponential",
        reset="subtract",
        parameters="per_neuron",
        learning=LearningConfig(rule="pair", trace_bits=8, fraction_bits=2, pairing="nearest"),
    )
    with GoldenDevice(patterns.make_design(rng, other)) as device:
        taught = patterns.draw_patterns(4, rng)
        device.run(patterns.training_input(device.design, taught))
        fired = device.run(patterns.presentations(device.design, taught)).spikes
    assert np.array_equal(fired[:: patterns.PERIOD], np.eye(4))
    assert fired.sum() == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning": None}, "pair"),
        ({"learning": LearningConfig(rule="sdsp")}, "pair"),
        ({"learning": LearningConfig(rule="pair", bounds="soft")}, "hard bounds"),
        ({"learning": LearningConfig(rule="pair", trace_bits=3)}, "trace_bits of at least 4"),
        ({"leak": "none"}, "leak"),
        ({"synapse": "exponential"}, "delta"),
        ({"axons": 71}, "axons for 64 pixels"),
    ],
)
def test_other_cores_are_refused_with_what_they_lack(change, message):
    config = dataclasses.replace(patterns.CONFIG, **change)
    with pytest.raises(FitError, match=message):
        patterns.make_design(np.random.default_rng(0), config)


@pytest.mark.parametrize("wrong", [{"patterns": 0}, {"patterns": 9}, {"tests": 0}])
def test_counts_that_make_no_sense_are_refused(wrong, tmp_path):
    with pytest.raises(InputError, match=next(iter(wrong))):
        run_patterns("golden:", tmp_path, **wrong)


# Command line


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["patterns", "--patterns", "1", "--tests", "30"], 0),
        (["learn-digits", "--lessons", "5", "--images", "5", "--rule", "stdp"], 0),
        (["learn-digits", "--rule", "luck"], 1),
    ],
)
def test_commands_report_json_and_an_exit_code(arguments, code, tmp_path, monkeypatch, capsys):
    line = ["spikeloom", "demo", *arguments, "--on", "golden:", "--json", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    assert (ended.value.code or 0) == code
    if code:
        assert "three_factor, stdp" in err
    else:
        assert json.loads(out)["ok"]


# Pictures


@pytest.mark.parametrize("rows", [{}, {"a": np.zeros((63, 2))}, {"a": np.zeros((64, 0))}])
def test_weights_of_another_shape_are_no_pictures(rows, tmp_path):
    with pytest.raises(InputError, match=r"give \(64, neurons\)"):
        learning_plots.weight_images(rows, 8, tmp_path / "x.png")


def test_a_curve_needs_as_many_accuracies_as_samples(tmp_path):
    with pytest.raises(InputError, match="one of each"):
        learning_plots.accuracy_curve([0, 1], [0.1], 0.9, tmp_path / "x.png")
