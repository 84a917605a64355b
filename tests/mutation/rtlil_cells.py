"""The cells of a flat module in RTLIL, as text: enough to cut it at its registers and memories."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_STATE = ("$dff", "$memrd_v2")
_DROPPED = ("$meminit_v2", "$scopeinfo")


@dataclass(frozen=True)
class Cell:
    """A cell: its type and name, parameters and connections as they stand in the text."""

    type: str
    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)


def cells(text: str) -> Iterator[Cell | str]:
    """Of RTLIL, in order: each cell, and each line outside of cells."""
    lines = iter(text.splitlines())
    for line in lines:
        begins = re.match(r"\s+cell (\S+) (\S+)$", line)
        if begins is None:
            yield line
            continue
        cell = Cell(*begins.groups())
        for inner in lines:
            words = inner.split(maxsplit=2)
            if words[0] == "end":
                break
            values = cell.parameters if words[0] == "parameter" else cell.connections
            values[words[-2] if words[1] != "signed" else words[1]] = words[-1]
        yield cell


Bits = frozenset[tuple[str, int]]
"""Bits of registers, by the name that `cut` gives them."""


def cut(text: str, own: Bits = frozenset(), side: str = "") -> str:
    """Combinational RTLIL: what registers and memories hold becomes inputs, what they get, outputs.

    Of a memory's ports, what has no effect while they are not enabled is zero.  All registers have to
    be `$dff` cells.  Ports are named by cells, so that they are the same in all mutants of a chip:
    a register named r has the input `state_r` and the output `next_r`.

    Parameters
    ----------
    own : bits of registers that may hold something else on the other side; what they get is no output.
    side : "gold" or "gate": these bits are of the input `own_gold_r` or `own_gate_r`; both have both.
    """
    lines: list[str] = []
    ports = _Ports(own, side)
    number = 1 + max((int(n) for n in re.findall(r" (?:in|out)put (\d+) ", text)), default=0)
    for item in cells(text):
        if isinstance(item, str):
            if not re.match(r"\s*(memory|attribute) ", item):
                lines.append(item)
        elif item.type in _STATE or item.type == "$memwr_v2":
            ports.add(item)
        elif item.type not in _DROPPED:
            lines.append(f"  cell {item.type} {item.name}")
            lines += [f"    parameter {name} {value}" for name, value in item.parameters.items()]
            lines += [f"    connect {name} {value}" for name, value in item.connections.items()]
            lines.append("  end")
    end = max(k for k, line in enumerate(lines) if line == "end")
    return "\n".join([*lines[:end], *ports.declared(number), *lines[end:], ""])


class _Ports:
    """The inputs and outputs in place of registers and memories."""

    def __init__(self, own: Bits, side: str) -> None:
        self._own, self._side = own, side
        self._wires: list[tuple[str, int, str]] = []
        self._connections: list[str] = []

    def add(self, cell: Cell) -> None:
        """The ports for a cell."""
        name = re.sub(r"[^A-Za-z0-9_]", "_", cell.name)
        width, c = int(cell.parameters["\\WIDTH"]), cell.connections
        if cell.type == "$dff":
            self._register(name, width, c["\\D"], c["\\Q"])
            return
        address = int(cell.parameters["\\ABITS"])
        enables = c["\\EN"]
        if cell.type == "$memrd_v2":
            self._input(f"\\read_{name}", width, c["\\DATA"])
            self._masked(name, "address", address, c["\\ADDR"], enables, 1)
        else:
            self._output(f"\\enables_{name}", width, enables)
            self._masked(name, "address", address, c["\\ADDR"], enables, width)
            self._masked(name, "data", width, c["\\DATA"], enables, width)

    def _register(self, name: str, width: int, following: str, held: str) -> None:
        own = [bit for bit in range(width) if (name, bit) in self._own]
        state, output = f"\\state_{name}", f"\\next_{name}"
        if not own:
            self._input(state, width, held)
            self._output(output, width, following)
            return
        mine, gets = f"\\held_{name}", f"\\gets_{name}"
        self._wires += [(mine, width, ""), (gets, width, "")]
        self._wires += [(state, width, "input"), (output, width, "output")]
        self._wires += [(f"\\own_{side}_{name}", width, "input") for side in ("gold", "gate")]
        self._connections += [f"  connect {held} {mine}", f"  connect {gets} {following}"]
        for bit in range(width):
            source, sink = (f"\\own_{self._side}_{name}", "1'0") if bit in own else (state, "")
            self._connections += [
                f"  connect {mine} [{bit}] {source} [{bit}]",
                f"  connect {output} [{bit}] {sink or f'{gets} [{bit}]'}",
            ]

    def _masked(self, name: str, what: str, width: int, value: str, enables: str, of: int) -> None:
        """An output that is zero where the enables are: each bit for itself, or all together."""
        output = f"\\{what}_{name}"
        self._wires.append((output, width, "output"))
        if what == "address":
            self._cell("$mux", name, what, {"WIDTH": width}, {
                "A": f"{width}'{'0' * width}", "B": value,
                "S": self._any(name, enables, of), "Y": output,
            })  # fmt: skip
        else:
            self._cell("$and", name, what, _binary(width), {"A": value, "B": enables, "Y": output})

    def _any(self, name: str, enables: str, width: int) -> str:
        wire = f"\\any_{name}"
        self._wires.append((wire, 1, ""))
        parameters = {"A_SIGNED": 0, "A_WIDTH": width, "Y_WIDTH": 1}
        self._cell("$reduce_or", name, "any", parameters, {"A": enables, "Y": wire})
        return wire

    def _cell(
        self, kind: str, name: str, what: str, parameters: dict[str, int], wires: dict[str, str]
    ) -> None:
        self._connections += [
            f"  cell {kind} \\cell_{what}_{name}",
            *(f"    parameter \\{k} {v}" for k, v in parameters.items()),
            *(f"    connect \\{k} {v}" for k, v in wires.items()),
            "  end",
        ]

    def _input(self, name: str, width: int, value: str) -> None:
        self._wires.append((name, width, "input"))
        self._connections.append(f"  connect {value} {name}")

    def _output(self, name: str, width: int, value: str) -> None:
        self._wires.append((name, width, "output"))
        self._connections.append(f"  connect {name} {value}")

    def declared(self, number: int) -> list[str]:
        """Lines of RTLIL; ports are numbered from `number`."""
        lines = []
        for name, width, direction in sorted(self._wires):
            port = f" {direction} {number}" if direction else ""
            number += bool(direction)
            lines.append(f"  wire width {width}{port} {name}")
        return [*lines, *self._connections]


def _binary(width: int) -> dict[str, int]:
    signed = {"A_SIGNED": 0, "B_SIGNED": 0}
    return signed | {"A_WIDTH": width, "B_WIDTH": width, "Y_WIDTH": width}
