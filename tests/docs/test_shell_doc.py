"""The session in docs/tutorials/shell-session.md: every answer is as shown."""

import doctest

import pytest
from shell_session import BLOCKS


@pytest.mark.timeout(290)
def test_the_session_is_as_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    examples = doctest.DocTestParser().get_doctest(
        "\n".join(BLOCKS), {}, "shell-session.md", None, 0
    )
    assert len(examples.examples) > 30
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(examples, clear_globs=False)
    assert runner.failures == 0, capsys.readouterr().out
    assert capsys.readouterr().err == ""
