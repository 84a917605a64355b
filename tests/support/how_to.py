"""Pages of docs/how-to/ that are followed in a folder outside the repository, by processes of their own."""

import doctest
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "how-to"
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Page:
    """The code blocks of one page: files (their first line is a comment with their name), and commands."""

    def __init__(self, name):
        self._text = (FOLDER / name).read_text()

    def blocks(self, language):
        return re.findall(rf"^```{language}\n(.*?)^```$", self._text, re.DOTALL | re.MULTILINE)

    def write_files(self, folder):
        """Write the page's files; returns their names."""
        names = []
        for text in self.blocks("python"):
            name = re.match(r"# (\S+\.py)\n", text)
            assert name, "a block of Python that is no file"
            (folder / name[1]).write_text(text)
            names.append(name[1])
        return names

    def run_commands(self, folder):
        """Run all commands in order, and compare what they print with what is shown; how many ran."""
        done = 0
        for block in self.blocks("console"):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                printed = self.run(shlex.split(command), folder)
                assert not shown or doctest.OutputChecker().check_output(shown, printed, _FLAGS)
                done += 1
        return done

    def install(self, folder, package):
        """Files of an installed package with the module of this name and the page's entry point."""
        (announcement,) = self.blocks("toml")
        points = tomllib.loads(announcement)["project"]["entry-points"]
        info = folder / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [
            line
            for group, entries in points.items()
            for line in (f"[{group}]", *(f"{name} = {part}" for name, part in entries.items()))
        ]
        (info / "entry_points.txt").write_text("\n".join(lines))
        self.write_files(folder)

    @staticmethod
    def run(command, folder, *, ok=True, **environment):
        """Run `python` or `spikeloom` of this environment; what it prints, errors included."""
        programs = {
            "python": [sys.executable],
            "spikeloom": [str(Path(sys.executable).with_name("spikeloom"))],
        }
        done = subprocess.run(
            [*programs[command[0]], *command[1:]],
            cwd=folder,
            env={**os.environ, "COLUMNS": "100", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done.stdout + (done.stderr if not ok else "")
