"""Every code block of README.md and docs/ is run, or says why it is not (tests/support/doc_blocks.py)."""

import pytest
from doc_blocks import PAGES, ROOT, RUN, SHOWN, blocks, commands, faults, run_page

IDS = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_block_names_its_language(page):
    unknown = [
        str(block)
        for block in blocks(page)
        if block.language not in (*RUN, *SHOWN) and not block.language.startswith("{")
    ]
    assert not unknown, "give these blocks a language, and a fence if they have none"


@pytest.mark.timeout(290)
@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_the_blocks_of_a_page_run_in_order(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    run_page(page, lambda: capsys.readouterr().out)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_that_are_not_run_exist(page):
    wrong = [
        f"{block}: {command}: {fault}"
        for block in blocks(page)
        if block.language == "console"
        for command, _ in commands(block)
        for fault in faults(command)
    ]
    assert not wrong


def test_a_block_that_is_wrong_is_found(tmp_path, monkeypatch):
    """Each kind of fault that these tests look for, in a page made for it."""
    monkeypatch.setattr("doc_blocks.ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"

    def only(text):
        page.write_text(text)
        (block,) = blocks(page)
        return block

    assert only("```\nx\n```\n").language == ""
    assert only("text\n\n    indented\n").language == ""
    assert only("<!-- not run: no board -->\n\n```python\nx\n```\n").reason == "no board"
    assert only("<!-- not run: no board -->\n\ntext\n\n```python\nx\n```\n").reason == ""
    with pytest.raises(NameError):
        run_page(only("```python\nx\n```\n").page, str)
    with pytest.raises(AssertionError):
        run_page(only("```python\n>>> 1 + 1\n3\n```\n").page, str)
    with pytest.raises(AssertionError, match="mark it"):
        run_page(only("```console\n$ git status\n```\n").page, str)


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        ("spikeloom cosim net.slm --sneeds 20", "no option --sneeds"),
        ("spikeloom demos digits", "no command demos"),
        ("make teste", "no target teste"),
        ("python examples/none.py", "no file examples/none.py"),
        ("pip install 'spikeloom[every]'", "no extra every"),
        ("rm -r .", "rm is not a program that the docs use"),
    ],
)
def test_a_command_that_does_not_exist_is_found(command, fault):
    assert faults(command) == [fault]
