"""Code blocks of README.md and docs/: found, run in order page by page, or marked with a reason.

A block that is not to be run has a comment before it, `<!-- not run: needs a serial port -->`.  Its
commands are still checked: they exist, and so do their options and the files of the repository that
they name.
"""

from __future__ import annotations

import doctest
import re
import shlex
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from markdown_it import MarkdownIt

import spikeloom
from spikeloom import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if "generated" not in p.parts),
]
RUN = ("python", "console", "toml")
SHOWN = ("text", "mermaid", "frames")
"""Languages of blocks that are no code; so are Sphinx's directives, ```{name}."""

_MARK = re.compile(r"<!-- not run: (\S.*?) -->\s*\Z", re.DOTALL)
_PROMPT = "$ "
_CHECKER = doctest.OutputChecker()
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_FOREIGN = {"source", "git", "cd", "openFPGALoader", "sudo"}
"""Commands of other programs, which only a reader can try."""


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    Attributes
    ----------
    page, line : where its first line of code is, counted from 1.
    language : of the fence; "" when it names none, or when there is no fence.
    text : the code.
    reason : why it is not run; "" when it is.
    """

    page: Path
    line: int
    language: str
    text: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """All code blocks of a page, in order."""
    found, before = [], ""
    for token in MarkdownIt("commonmark").parse(page.read_text()):
        if token.type in ("fence", "code_block") and token.map is not None:
            mark = _MARK.search(before)
            line = token.map[0] + (2 if token.type == "fence" else 1)
            info = token.info.split()[0] if token.info.strip() else ""
            found.append(Block(page, line, info, token.content, mark[1] if mark else ""))
        if not token.type.endswith(("_open", "_close")):
            before = token.content if token.type == "html_block" else ""
    return found


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Each command of a console block, and the output shown below it."""
    text = block.text.replace("\\\n", " ")
    for part in re.split(rf"^{re.escape(_PROMPT)}", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command.strip(), output


def run_page(page: Path, read_output: Callable[[], str]) -> list[Block]:
    """Run the blocks of a page in the current folder; `read_output` takes what was printed since."""
    names: dict[str, Any] = {"__name__": "__main__"}
    done = [block for block in blocks(page) if block.language in RUN and not block.reason]
    for block in done:
        _RUNNERS[block.language](block, names, read_output)
    return done


def _run_python(block: Block, names: dict[str, Any], read_output: Callable[[], str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", spikeloom.FitWarning)
        if block.text.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(
                block.text, names, str(block), str(block.page), block.line - 1
            )
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            runner.run(test, clear_globs=False)
            names.update(test.globs)
            assert not runner.failures, read_output()
        else:
            code = "\n" * (block.line - 1) + block.text
            exec(compile(code, str(block.page), "exec"), names)


def _run_console(block: Block, names: dict[str, Any], read_output: Callable[[], str]) -> None:
    for command, shown in commands(block):
        words = shlex.split(command, comments=True)
        assert words[0] == "spikeloom", f"{block}: {command!r} is not run by this test; mark it"
        read_output()
        code = run_command(words[1:])
        printed = read_output()
        assert code == 0, f"{block}: {command!r} exits with {code}: {printed}"
        assert not shown or _CHECKER.check_output(shown, printed, _FLAGS), (
            f"{block}: {command!r} prints\n{printed}\ninstead of\n{shown}"
        )


def _write_toml(block: Block, names: dict[str, Any], read_output: Callable[[], str]) -> None:
    """A file, if its first line is a comment with its name."""
    tomllib.loads(block.text)
    name = re.match(r"# (\S+\.toml)\n", block.text)
    if name:
        Path(name[1]).write_text(block.text)


_RUNNERS = {"python": _run_python, "console": _run_console, "toml": _write_toml}


def run_command(arguments: list[str]) -> int:
    """Run `spikeloom` with these arguments in this process; its exit code."""
    before, sys.argv = sys.argv, ["spikeloom", *arguments]
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.argv = before
    return 0


def faults(command: str) -> list[str]:
    """What is wrong with a command that is not run: names of commands, options, targets, files."""
    words = shlex.split(command, comments=True)
    program, arguments = words[0], words[1:]
    if program == "spikeloom":
        return _unknown_options(arguments)
    if program == "make":
        known = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return [f"no target {word}" for word in arguments if word not in known]
    if program in ("python", "pytest"):
        files = [word for word in arguments if re.match(r"\w+/", word) and "out/" not in word]
        return [f"no file {word}" for word in files if not (ROOT / word).exists()]
    if program == "pip":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        wanted = ",".join(re.findall(r"\[([\w,]+)\]", command)).split(",")
        extras = [*project["optional-dependencies"], ""]
        return [f"no extra {name}" for name in wanted if name not in extras]
    return [] if program in _FOREIGN else [f"{program} is not a program that the docs use"]


def _unknown_options(arguments: list[str]) -> list[str]:
    """Commands and options that the command line does not have."""
    at: Any = typer.main.get_command(cli.app)
    options = {"-h", "--help"}
    rest = list(arguments)
    while hasattr(at, "commands"):
        options |= {name for p in at.params for name in p.opts}
        flags = {name for p in at.params if getattr(p, "is_flag", False) for name in p.opts}
        while rest and rest[0].startswith("-"):
            if rest.pop(0) not in {*flags, "-h", "--help"} and rest:
                rest.pop(0)  # the option's value
        if not rest:
            break
        if rest[0] not in at.commands:
            return [f"no command {rest[0]}"]
        at = at.commands[rest.pop(0)]
    options |= {name for p in at.params for name in (*p.opts, *p.secondary_opts)}
    used = [word.split("=")[0] for word in arguments if word.startswith("-") and word != "-"]
    return [f"no option {name}" for name in used if name not in options]
