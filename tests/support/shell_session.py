"""What is typed in docs/tutorials/shell-session.md, and its network: tests share the compiled twin."""

import doctest
import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "tutorials" / "shell-session.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def make_design():
    """The network of the first block, compiled."""
    names = {}
    for example in doctest.DocTestParser().get_examples(BLOCKS[0]):
        exec(compile(example.source, "shell-session.md", "single"), names)
    return names["design"]
