"""What the site makes of the code itself: docstrings, public names, commands, addresses."""

import sys
from types import SimpleNamespace

import pytest
from doc_blocks import ROOT

import spikeloom
from spikeloom import cli
from spikeloom.hdl.contract.memory_map import COUNTERS, Region, Register

pytest.importorskip("sphinx")


@pytest.fixture(autouse=True, scope="module")
def extensions():
    sys.path.insert(0, str(ROOT / "docs" / "_extensions"))
    yield
    sys.path.pop(0)


def prepared(text):
    from plain_docstrings import finish, prepare

    app, lines = SimpleNamespace(spikeloom_fields={}), text.splitlines()
    prepare(app, "class", "name", None, None, lines)
    middle = "\n".join(lines)
    finish(app, "class", "name", None, None, lines)
    return middle, "\n".join(lines)


def test_items_of_a_section_are_names_with_descriptions():
    text = "Do it.\n\nParameters\n----------\nrate : in Hz; of\n    all inputs.\nx : int\n    A number.\n"
    middle, _ = prepared(text)
    assert "rate\n    in Hz; of\n    all inputs." in middle
    assert "x : int\n    A number." in middle


def test_a_paragraph_behind_a_list_goes_before_the_sections():
    middle, _ = prepared("Do it.\n\nParameters\n----------\nrate : in Hz.\n\nRaises no error.\n")
    assert middle.index("Raises no error.") < middle.index("Parameters")


def test_sections_that_numpydoc_would_drop_are_kept():
    middle, whole = prepared("A block.\n\nMembers\n-------\nstart : pulse.\n")
    assert "Members" not in middle
    assert ":Members:" in whole
    assert "**start**\n        pulse." in whole


def test_markup_outside_of_code_is_escaped():
    middle, _ = prepared("Of |S| spikes, `|S|` are x_ and many `Run`s.")
    assert middle == r"Of \|S\| spikes, `|S|` are x\_ and many `Run`\ s."


def test_every_public_name_has_its_place():
    from python_pages import pages

    made = "".join(pages().values())
    missing = [n for n in spikeloom.__all__ if n[0] != "_" and f":: spikeloom.{n}\n" not in made]
    assert not missing
    assert "spikeloom.hdl" in pages()["rooms.md"]


def test_every_command_is_described():
    from command_pages import command_page

    page = command_page()
    names = [command.name or command.callback.__name__ for command in cli.app.registered_commands]
    assert names
    assert not [name for name in names if f"## `spikeloom {name}`" not in page]
    assert "\b" not in page


def test_the_memory_map_has_every_region_register_and_counter():
    from memory_map_page import memory_map_page

    page = memory_map_page()
    names = [*Region.__members__, *Register.__members__, *COUNTERS]
    assert not [name for name in names if f"`{name}`" not in page]
