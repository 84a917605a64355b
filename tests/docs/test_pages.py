"""Pages of README.md and docs/: width, links, files that they name, and words that they avoid."""

import re
from pathlib import Path

import pytest
from doc_blocks import PAGES, ROOT
from markdown_it import MarkdownIt

IDS = [str(page.relative_to(ROOT)) for page in PAGES]
WIDTH = 100
ROOMS = "benchmarks|boards|docs|examples|hdl|host|sim|tests"
MADE_BY_A_BUILD = ("docs/reference/generated",)

FOREIGN = {
    "can not": "cannot",
    "aloud": "with a warning",
    "in vain": "and discarded",
    "mends": "how to install it",
    "come to an end": "end",
    "came to an end": "ended",
    "who names": "the reader, the host, the process",
    "who sends": "the sender",
    "hand over": "deliver",
    "hands over": "delivers",
    "spoiled": "corrupted",
}
"""Phrases that plain English avoids, and what to write instead."""


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_prose_is_wrapped(page):
    lines = page.read_text().splitlines()
    free = set()
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text()):
        if token.type in ("fence", "table_open") and token.map:
            free |= set(range(*token.map))
    long = [
        f"{page.name}:{number + 1}"
        for number, line in enumerate(lines)
        if len(line) > WIDTH and number not in free and not re.fullmatch(r"!?\[.*\]\(\S+\)", line)
    ]
    assert not long


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_to_files(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)(?:#[\w-]+)?\)", page.read_text())
    there = [page.parent / target for target in targets]
    missing = [
        str(path)
        for path in there
        if not path.exists()
        and not str(path.resolve().relative_to(ROOT)).startswith(MADE_BY_A_BUILD)
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_files_that_are_named_exist(page):
    names = re.findall(rf"`((?:{ROOMS})/[\w/.-]*)`", page.read_text())
    missing = [name for name in names if not (ROOT / name).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_words_are_plain(page):
    text = " ".join(page.read_text().lower().split())
    found = {phrase: better for phrase, better in FOREIGN.items() if phrase in text}
    assert not found


def test_pages_that_the_code_names_exist():
    files = [
        path
        for folder in ROOMS.split("|")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".cpp", ".v", ".toml")
    ]
    named = {
        name
        for path in [*files, ROOT / "Makefile", ROOT / "pyproject.toml"]
        for name in re.findall(r"docs/[\w/-]+\.md", path.read_text())
    }
    assert named
    missing = sorted(name for name in named if not Path(ROOT / name).exists())
    assert not missing
