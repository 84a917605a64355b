"""Habits of the repository that no linter knows: lengths, rooms, and what no file may name."""

import ast
import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_LINES = 400
MAX_MODULES = 14
ROOM_FOLDERS = ("host", "hdl", "sim", "boards")
ONE_MODULE_PER_COMMAND = "host/cli"

# Written so that these lines themselves do not match.
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:root|work|(?:home|Users)/[\w.-]+)/|\b[A-Z]:\\Users\\")
REGISTRY_HOST = re.compile(
    r"py[p]i\.(?:org|python)|python[h]osted\.org|conda\.[a]naconda|registry\.[n]pmjs|crates\.[i]o"
    r"|(?:extra-)?[i]ndex-url|--[i]ndex\b",
    re.IGNORECASE,
)
EXAMPLES = {
    MACHINE_PATH: ["/" + "home/ada/net.slm", "at /" + "root/x", "C:" + r"\Users\ada"],
    REGISTRY_HOST: [
        "https://py" + "pi.org/simple",
        "--extra-index" + "-url=x",
        "files.python" + "hosted.org",
    ],
}


def tracked(*suffixes: str) -> list[Path]:
    """Files that git knows or would add, with one of these suffixes (all without)."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout, so what belongs to the repository is unknown")
    paths = [ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name]
    return [p for p in paths if p.is_file() and (not suffixes or p.suffix in suffixes)]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_inits() -> list[Path]:
    return sorted(path for room in ROOM_FOLDERS for path in (ROOT / room).rglob("__init__.py"))


def public_names(body: list[ast.stmt]) -> set[str]:
    """Names that a module defines or takes from elsewhere, for others to use."""
    names: set[str] = set()
    for statement in body:
        match statement:
            case ast.ImportFrom(module=module) if module != "__future__":
                names |= {alias.asname or alias.name for alias in statement.names}
            case ast.FunctionDef() | ast.ClassDef():
                names.add(statement.name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def test_no_file_is_longer_than_a_reader_can_hold():
    lengths = {name_of(p): len(p.read_text().splitlines()) for p in tracked(".py", ".cpp", ".v")}
    assert len(lengths) > 300
    assert {name: n for name, n in lengths.items() if n > MAX_LINES} == {}


def test_no_folder_has_more_modules_than_a_reader_can_hold():
    modules = [p for p in tracked(".py") if p.name not in ("__init__.py", "__main__.py")]
    counts = Counter(name_of(p.parent) for p in modules)
    rooms = {f: n for f, n in counts.items() if f.split("/")[0] in ("host", "hdl", "sim")}
    assert len(rooms) > 15
    crowded = {f: n for f, n in rooms.items() if n > MAX_MODULES and f != ONE_MODULE_PER_COMMAND}
    assert crowded == {}


@pytest.mark.parametrize("path", room_inits(), ids=name_of)
def test_every_room_says_what_it_is_for_and_what_it_offers(path):
    tree = ast.parse(path.read_text())
    docstring = ast.get_docstring(tree) or ""
    assert len(docstring) > 20, "what is this room for?"
    assert "TODO" not in docstring
    if public_names(tree.body):
        assert "__all__" in {
            name.id
            for statement in tree.body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            for name in ast.walk(target)
            if isinstance(name, ast.Name)
        }


@pytest.mark.parametrize(
    ("pattern", "what"),
    [(MACHINE_PATH, "a path of a machine"), (REGISTRY_HOST, "a registry host")],
    ids=["paths", "hosts"],
)
def test_no_file_names(pattern, what):
    assert all(pattern.search(example) for example in EXAMPLES[pattern])
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{name_of(path)}: {match.group()}" for match in pattern.finditer(text)]
    assert found == [], f"{what} means nothing on another machine"


def test_the_changelog_has_the_version_of_the_package():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[:2] == ["Unreleased", version]


def test_workflows_call_targets_that_exist():
    """What hosted machines run is what a contributor runs."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = set()
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        called |= set(re.findall(r"\bmake ([\w-]+)", workflow.read_text()))
    called |= set(re.findall(r"^make ([\w-]+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    assert {"lint", "test", "wheel"} <= called <= targets
