"""Runs the measurements that take minutes, and writes the page of all figures: `make bench`.

What is measured goes into one file per commit, `results/COMMIT.json`; the page shows of each part the
newest, with its command and commit, and the speed of the models from commit to commit.

    python benchmarks/bench.py               the quick parts, then the page
    python benchmarks/bench.py cycles link   some parts, then the page
    python benchmarks/bench.py --page        the page alone
    python benchmarks/bench.py models --before FOLDER   also the golden model of another checkout
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark_page import PAGE, RESULTS, write_page

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Part:
    """A script that measures.

    Attributes
    ----------
    name, title : on the command line, and on the page.
    script, options : what is run.
    models : it writes JSON, of `model_speed.py`; otherwise it prints Markdown.
    quick : it takes minutes, without synthesis.
    """

    name: str
    title: str
    script: str
    options: tuple[str, ...] = ("--markdown",)
    models: bool = False
    quick: bool = True

    @property
    def command(self) -> str:
        """As a user would type it; where another checkout is has no meaning elsewhere."""
        options = ["FOLDER" if Path(o).is_absolute() else o for o in self.options]
        return " ".join(("python", f"benchmarks/{self.script}", *options))


PARTS = (
    Part("models", "Models beside other simulators", "model_speed.py", (), models=True),
    Part("cycles", "Cycles per step", "cycles_per_step.py"),
    Part("learning", "Cycles per step while learning", "learning_cycles.py"),
    Part(
        "growth",
        "Growth of the fast model",
        "growth.py",
        ("--markdown", "--picture", "docs/images/growth.png"),
    ),
    Part("link", "Link", "link_efficiency.py"),
    Part("twin-flags", "The simulated chip's compiler", "twin_flags.py", quick=False),
    Part("placement", "Placement", "placement_cuts.py", quick=False),
    Part("fabric", "Many cores", "fabric_cycles.py", quick=False),
    Part("learning-resources", "Resources of learning", "learning_resources.py", quick=False),
    Part("fabric-resources", "Resources of many cores", "fabric_resources.py", quick=False),
)


def measure(part: Part) -> dict[str, Any]:
    """Run a part in the folder of the checkout; what it found, with its command."""
    command = [sys.executable, str(HERE / part.script), *part.options]
    if not part.models:
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=HERE.parent
        ).stdout
        return {"title": part.title, "command": part.command, "markdown": shown.strip()}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "models.json"
        subprocess.run([*command, "--json", str(file)], check=True)
        found = json.loads(file.read_text())
    return {"title": part.title, "command": part.command, "workloads": found}


def commit() -> str:
    """The commit that is checked out, shortened; with "+" where files differ from it."""
    command = ["git", "describe", "--always", "--abbrev=8", "--dirty=+", "--exclude=*"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="PART", help=", ".join(p.name for p in PARTS))
    parser.add_argument("--page", action="store_true", help="measure nothing")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="of model_speed.py")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - {part.name for part in PARTS})
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(p.name for p in PARTS)}")
    chosen = [p for p in PARTS if (p.name in given.names if given.names else p.quick)]
    if given.before:
        before = ("--before", str(given.before.resolve()))
        chosen = [replace(p, options=(*p.options, *before)) if p.models else p for p in chosen]
    file = RESULTS / f"{commit().rstrip('+')}.json"
    failed = []
    for part in [] if given.page else chosen:
        print(f"{part.title}: {part.command} ...", flush=True)
        try:
            found = measure(part)
        except subprocess.CalledProcessError as error:
            failed.append(part.name)
            print(error.stderr or error, file=sys.stderr)
            continue
        results = json.loads(file.read_text()) if file.exists() else {"parts": {}}
        results["commit"] = commit()
        results["date"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        results["python"] = platform.python_version()
        results["parts"][part.name] = found
        RESULTS.mkdir(exist_ok=True)
        file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    write_page()
    print(PAGE)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
