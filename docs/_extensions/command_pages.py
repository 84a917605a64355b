"""The reference of the command line, from the commands' own help."""

from __future__ import annotations

import re

import typer
from typer.cli import get_docs_for_click

from spikeloom.cli import app


def command_page() -> str:
    """Markdown of one page with every command."""
    root = typer.main.get_command(app)
    text = get_docs_for_click(obj=root, ctx=typer.Context(root), name="spikeloom")
    text = re.sub(r"^\*\*Commands\*\*:\n\n(?:\* .*\n)+", "", text, flags=re.MULTILINE)
    text = text.replace("\b", "")  # a mark of Click: the lines that follow stay as they are
    text = re.sub(
        r"^Examples:\s*\n((?:  .*\n)+)",
        lambda found: "```text\n" + re.sub(r"^  ", "", found[1], flags=re.MULTILINE) + "```\n",
        text,
        flags=re.MULTILINE,
    )
    return text.replace("# `spikeloom`", "# Command line", 1)
