"""From program text to microcode.

A line is a label, an instruction, or both; `#` begins a comment::

    next_word:  decrement length -> length
                if no_carry goto transferred
                while sending                       # a jump to itself
                load word.low put send
                flags running pass

- An operand is a name of the data memory; `=` and a name or a number, a constant, for which the memory
  has a halfword; `[x]` or `[x].1`, where X says; or `request`, `word.low`, `word.high`, `spike`.
- `-> name` writes the result.  An instruction has one address, so that where the operand is of the
  memory, too, it is the same one.
- `put name` is a `Put`; `pulse name`, by itself or behind a jump, a `Pulse`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .instruction import (
    ADDRESS_BITS,
    SHORTHANDS,
    TARGET_BITS,
    Condition,
    Flag,
    Operation,
    Pulse,
    Put,
    Source,
    encode,
)

WRITE_SLOTS = 3
"""Instructions from one that writes a halfword to the first one that can read it."""
INDEX_SLOTS = 2
"""The same of X."""

_SOURCES = {
    "request": Source.REQUEST,
    "word.low": Source.WORD_LOW,
    "word.high": Source.WORD_HIGH,
    "spike": Source.SPIKE,
}
_LINE = re.compile(r"(?:(?P<label>\w+):)?\s*(?P<operation>\w+)?(?P<arguments>[^#]*?)\s*(?:#.*)?$")
_SUFFIXES = ("->", "put")
_JUMP = re.compile(r"^(?P<condition>\w+)\s+goto\s+(?P<target>\w+)(?P<tail>.*)$")
_INDEXED = re.compile(r"^\[x\](?:\.(?P<offset>\d))?$")


class ProgramError(ValueError):
    """A program text that means nothing, or asks for what the machine cannot do."""


@dataclass
class Line:
    """An instruction: its fields, and the label that is its target."""

    text: str
    fields: dict[str, int] = field(default_factory=dict)
    target: str | None = None


class Assembler:
    """Takes program texts one after the other; then `words` is the microcode.

    Parameters
    ----------
    variables : addresses in the data memory.
    symbols : numbers that constants may be.
    first_constant : address of the first constant; the others follow.
    """

    def __init__(
        self, variables: Mapping[str, int], symbols: Mapping[str, int], first_constant: int
    ) -> None:
        self._variables, self._symbols = variables, symbols
        self._first_constant = first_constant
        self.constants: list[int] = []
        """What the data memory holds from `first_constant` on."""
        self.labels: dict[str, int] = {}
        """Where each label is."""
        self._lines: list[Line] = []

    def add(self, text: str) -> None:
        """Append a program text.

        Raises
        ------
        ProgramError : with the line.
        """
        for raw in text.splitlines():
            match = _LINE.match(raw.strip())
            if match is None:
                raise ProgramError(f"{raw.strip()!r} is not a line of a program")
            label = match["label"]
            if label is not None:
                if label in self.labels:
                    raise ProgramError(f"the label {label} is there twice")
                self.labels[label] = len(self._lines)
            if match["operation"] is not None:
                line = Line(raw.strip())
                try:
                    self._parse(line, match["operation"], match["arguments"].strip())
                except (KeyError, ValueError) as error:
                    raise ProgramError(f"{line.text!r}: {error}") from error
                self._lines.append(line)

    def words(self) -> list[int]:
        """The microcode, after checks that no instruction reads what is still on its way.

        Raises
        ------
        ProgramError : with the line.
        """
        found = []
        for number, line in enumerate(self._lines):
            self._check(number)
            fields = dict(line.fields)
            if line.target is not None:
                if line.target not in self.labels:
                    raise ProgramError(f"{line.text!r}: no line has the label {line.target}")
                target = self.labels[line.target]
                if target >> TARGET_BITS:
                    raise ProgramError(f"{line.text!r}: {target} is too far")
                fields["address"] = target & ((1 << ADDRESS_BITS) - 1)
                fields["far"] = target >> ADDRESS_BITS
            found.append(encode(fields))
        return found

    def _parse(self, line: Line, operation: str, arguments: str) -> None:
        here = f"_line_{len(self._lines)}"
        if operation == "flags":
            line.fields["pulse"] = Pulse.FLAGS
            line.fields["address"] = sum(1 << Flag[name.upper()] for name in arguments.split())
        elif operation == "while":
            self.labels[here] = len(self._lines)
            self._jump(line, arguments, here, "")
        elif operation == "goto":
            target, _, tail = arguments.partition(" ")
            self._jump(line, "always", target, tail)
        elif operation == "if":
            match = _JUMP.match(arguments)
            if match is None:
                raise ValueError("a jump is `if CONDITION goto LABEL`")
            self._jump(line, match["condition"], match["target"], match["tail"])
        elif operation == "pulse":
            line.fields.update(pulse=Pulse[arguments.upper()])
        else:
            self._compute(line, operation, arguments)

    def _jump(self, line: Line, condition: str, target: str, tail: str) -> None:
        line.fields.update(condition=Condition[condition.upper()])
        line.target = target
        pulse = tail.strip().removeprefix("pulse ").strip()
        if pulse:
            line.fields["pulse"] = Pulse[pulse.upper()]

    def _compute(self, line: Line, operation: str, arguments: str) -> None:
        fields = line.fields
        if operation in SHORTHANDS:
            fields["operation"], source = SHORTHANDS[operation]
        else:
            fields["operation"], source = Operation[operation.upper()], Source.MEMORY
        operand, *rest = arguments.split() if arguments else [""]
        if operand in _SUFFIXES:
            operand, rest = "", [operand, *rest]
        suffixes = dict(zip(rest[::2], rest[1::2], strict=True))
        if not suffixes.keys() <= set(_SUFFIXES):
            raise ValueError(f"after the operand come {', '.join(_SUFFIXES)}")
        to = suffixes.get("->")
        if operand in _SOURCES:
            fields["source"] = _SOURCES[operand]
        elif operand:
            fields["source"] = source
            self._address(line, operand)
        if to is not None:
            if operand and operand not in _SOURCES and operand != to:
                raise ValueError(f"one address only, but it reads {operand} and writes {to}")
            self._address(line, to)
            fields["write"] = 1
        if "put" in suffixes:
            fields["put"] = Put[suffixes["put"].upper()]

    def _address(self, line: Line, name: str) -> None:
        indexed = _INDEXED.match(name)
        if indexed is not None:
            line.fields.update(indexed=1, address=int(indexed["offset"] or 0))
        elif name.startswith("="):
            line.fields["address"] = self._constant(name[1:])
        else:
            line.fields["address"] = self._variables[name]

    def _constant(self, text: str) -> int:
        sign, name = (-1, text[1:]) if text.startswith("-") else (1, text)
        number = self._symbols[name] if name in self._symbols else int(name, 0)
        value = sign * number & 0xFFFF
        if value not in self.constants:
            self.constants.append(value)
        return self._first_constant + self.constants.index(value)

    def _check(self, number: int) -> None:
        text, line = self._lines[number].text, self._lines[number].fields
        counts, goes_on = line.get("source") == Source.COUNT, True
        for distance in range(1, min(WRITE_SLOTS, number + 1)):
            before = self._lines[number - distance].fields
            if counts and "condition" in before:
                raise ProgramError(f"{text!r} counts, although a jump may have been taken")
            goes_on = goes_on and before.get("condition") != Condition.ALWAYS
            if not goes_on:
                continue
            if distance < INDEX_SLOTS and line.get("indexed") and before.get("put") == Put.X:
                raise ProgramError(f"{text!r}: X is not there yet")
            same = all(line.get(k, 0) == before.get(k, 0) for k in ("address", "indexed"))
            if (counts or line.get("source") == Source.MEMORY) and before.get("write") and same:
                raise ProgramError(
                    f"{text!r} reads what was written {distance} instructions before, "
                    f"not {WRITE_SLOTS}"
                )
