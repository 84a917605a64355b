"""The examples of docs/explanation/learning.md that are whole run, and nothing in them is warned of."""

import re
import warnings
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "explanation" / "learning.md").read_text()


def test_the_first_two_examples_run(capsys):
    first, second, *_ = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(first + second, "docs/explanation/learning.md", "exec"), {})
    *frames, largest, updates = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in frames] == [0, 250, 500, 750, 1000]
    assert len({line.split()[1] for line in frames}) == len(frames)
    assert 0.3 < float(largest.split()[0]) < 0.41
    assert int(updates) > 0
