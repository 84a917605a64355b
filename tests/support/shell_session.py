"""What is typed in docs/shell.md, and the network there: tests share its twin, compiled once."""

import doctest
import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "shell.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def make_design():
    """The network of the first block, compiled."""
    names = {}
    for example in doctest.DocTestParser().get_examples(BLOCKS[0]):
        exec(compile(example.source, "shell.md", "single"), names)
    return names["design"]
