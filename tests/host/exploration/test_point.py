"""One point, as a worker runs it: what is kept, and by whom."""

from pathlib import Path

from sweep_space import calls

from spikeloom.exploration.cache import Results
from spikeloom.exploration.point import Task, run_task
from spikeloom.exploration.target import Target

FILE = Path(__file__).parents[2] / "support" / "sweep_space.py"


def task(tmp_path, token, name="recorded", **arguments):
    begun = tmp_path / "begun"
    begun.mkdir(exist_ok=True)
    given = arguments or {"k": 3, "folder": str(begun)}
    return Task(Target.of(f"{FILE}:{name}"), given, {}, "digest", str(tmp_path / "out"), token)


def test_a_worker_that_sees_the_folder_keeps_its_result_and_does_not_compute_it_again(tmp_path):
    results = Results(tmp_path / "out")
    token = results.create()
    found = run_task(task(tmp_path, token))
    assert found["figures"] == {"square": 9, "minus": -3}
    assert results.read("digest") == found
    assert run_task(task(tmp_path, token)) == found
    assert calls(tmp_path / "begun") == {3: 1}


def test_a_worker_with_another_folder_of_this_name_leaves_it_alone(tmp_path):
    results = Results(tmp_path / "out")
    results.create()
    found = run_task(task(tmp_path, "token of another machine"))
    assert found["figures"]["square"] == 9
    assert results.read("digest") is None


def test_failures_are_not_kept(tmp_path):
    results = Results(tmp_path / "out")
    token = results.create()
    assert "failed" in run_task(task(tmp_path, token, "partly", k=2))
    assert results.read("digest") is None
    assert "refused" in run_task(task(tmp_path, token, "partly", k=1))
    assert results.read("digest") is not None
