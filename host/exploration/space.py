"""What a sweep varies: axes, constants, objectives, and how hardware is judged."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.hdl.contract.core_config import ConfigError
from spikeloom.hdl.contract.errors import InputError, shown
from spikeloom.hdl.contract.toml_file import read_toml

from ..estimate.resources import STAGES
from .cache import digest_of, numerics_digest
from .front import check_objectives
from .target import Target

MAX_POINTS = 1_000_000
_TABLES = ("axes", "constants", "objectives", "hardware")
_KEYS = ("function", "files", "sample", "seed", *_TABLES)
_HARDWARE = ("family", "stage", "board")


@dataclass(frozen=True)
class Space:
    """A design space; validated at construction, `InputError` says what would work.

    Attributes
    ----------
    target : the function that is called at each point, with the values of all axes and constants as
        keyword arguments.
    axes : values by name; all combinations are points.
    objectives : figures by name, "min" or "max".
    constants : further arguments.
    hardware : "family", "stage" and "board", as `spikeloom.estimate.resources` takes them.
    files : names and digests of files that the function reads.
    sample, seed : only so many of the points, at random.
    """

    target: Target
    axes: dict[str, list[Any]]
    objectives: dict[str, str]
    constants: dict[str, Any] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    sample: int | None = None
    seed: int = 0

    @staticmethod
    def of(
        function: Callable[..., Any] | str,
        axes: Mapping[str, Sequence[Any]],
        objectives: Mapping[str, str],
        *,
        constants: Mapping[str, Any] | None = None,
        hardware: Mapping[str, Any] | None = None,
        files: Sequence[str | Path] = (),
        sample: int | None = None,
        seed: int = 0,
        folder: Path | None = None,
    ) -> Space:
        """From a user's arguments, which are checked; files are sought in `folder`."""
        check_objectives(objectives)
        checked = {name: _axis(name, values) for name, values in axes.items()}
        if not checked:
            raise InputError("there are no axes; give some, such as lanes = [1, 2, 4]")
        kept = {name: _plain(name, value) for name, value in (constants or {}).items()}
        both = sorted(set(checked) & set(kept))
        if both:
            raise InputError(f"{', '.join(both)} is both an axis and a constant; leave one out")
        space = Space(
            Target.of(function, folder),
            checked,
            dict(objectives),
            kept,
            _hardware(dict(hardware or {})),
            {str(name): _file_digest((folder or Path()) / name) for name in files},
            sample,
            seed,
        )
        if sample is not None and (type(sample) is not int or sample < 1):
            raise InputError(f"sample is {shown(sample)}; give a number of points, at least 1")
        if space.size > MAX_POINTS and sample is None:
            raise InputError(
                f"the axes have {space.size} combinations; give sample = 1000 to take some at random"
            )
        return space

    @staticmethod
    def from_toml(path: Path) -> Space:
        """Read SPACE.toml; raises `InputError` and `ConfigError` for what is none."""
        table = read_toml(Path(path))
        unknown = sorted(set(table) - set(_KEYS))
        if unknown:
            raise ConfigError(f"{path}: unknown {', '.join(unknown)}; known are {', '.join(_KEYS)}")
        for name in _TABLES:
            if not isinstance(table.get(name, {}), dict):
                raise ConfigError(
                    f"{path}: {name} is {shown(table[name])}; make it a table [{name}]"
                )
        if not isinstance(table.get("function"), str):
            raise ConfigError(f'{path}: there is no function; give function = "FILE.py:NAME"')
        rest = {name: table[name] for name in ("sample", "seed", "files") if name in table}
        return Space.of(
            table["function"],
            table.get("axes", {}),
            table.get("objectives", {}),
            constants=table.get("constants"),
            hardware=table.get("hardware"),
            folder=Path(path).parent,
            **rest,
        )

    @property
    def size(self) -> int:
        """Number of combinations."""
        total = 1
        for values in self.axes.values():
            total *= len(values)
        return total

    def points(self) -> list[dict[str, Any]]:
        """All points, or the sample, in the order of the axes."""
        chosen: Iterator[tuple[Any, ...]] = itertools.product(*self.axes.values())
        if self.sample is not None and self.sample < self.size:
            numbers = set(random.Random(self.seed).sample(range(self.size), self.sample))
            chosen = (values for k, values in enumerate(chosen) if k in numbers)
        return [dict(zip(self.axes, values, strict=True)) for values in chosen]

    def digest(self, point: Mapping[str, Any]) -> str:
        """Of all that the result at a point depends on, as far as SpikeLoom can know it."""
        arguments = {**self.constants, **point}
        return digest_of(
            arguments, self.target.digest, self.files, self.hardware, numerics_digest()
        )


def _axis(name: str, values: object) -> list[Any]:
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
        raise InputError(f"the axis {name} is {shown(values)}; give a list of values")
    plain = [_plain(name, value) for value in values]
    if not plain:
        raise InputError(f"the axis {name} has no values")
    seen = {json.dumps(value) for value in plain}
    if len(seen) < len(plain):
        raise InputError(f"the axis {name} has a value twice")
    return plain


def _plain(name: str, value: Any) -> Any:
    """A value that JSON can hold and a digest can tell apart."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple):
        return [_plain(name, part) for part in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise InputError(
        f"{name} has the value {shown(value)}; give numbers, text, or lists of them, from which the "
        "function makes what it needs"
    )


def _hardware(settings: dict[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(settings) - set(_HARDWARE))
    if unknown:
        raise InputError(
            f"unknown setting of hardware {', '.join(unknown)}; known are {', '.join(_HARDWARE)}"
        )
    stage = settings.get("stage", STAGES[0])
    if stage not in STAGES:
        raise InputError(f"hardware stage is {shown(stage)}; choose {', '.join(map(repr, STAGES))}")
    for name in ("family", "board"):
        if not isinstance(settings.get(name, ""), str):
            raise InputError(f"hardware {name} is {shown(settings[name])}; give a name")
    return settings


def _file_digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
