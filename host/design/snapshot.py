"""Snapshots: everything that decides what a core does next, taken from one device, for any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import DesignError, InputError, WrongBoardError, shown

from .archive import ArchiveKind, Arrays, narrow
from .contents import Content, Kind, check_step, contents, find, of_kind
from .design import Design
from .files import read_file, write_file

FORMAT = 3
"""Version of the archive; a reader refuses higher ones."""
_SAME_DIGEST = 3
"""The first version whose digest is this one's: it depends on what a configuration can say."""

_ARCHIVE = ArchiveKind("snapshot", FORMAT, "Snapshot.save")
_NUMBERS: Kind = "learning parameter"
_PREFIXES: dict[Kind, str] = {
    "synapses": "",
    "under way": "",
    "parameter": "parameters/",
    "state": "states/",
}
"""Where the archive has the arrays of each kind."""


@dataclass(frozen=True)
class Difference:
    """The first element in which a named part of two snapshots differs; `ours`, `theirs` are its values.

    `index` is (neuron,), (axon,), (axon, neuron), or () for single numbers; of what is under way it is
    (accumulator, steps, neuron) and (steps, axon), with the steps after the next one in `later_arrivals`.
    """

    name: str
    index: tuple[int, ...]
    ours: int
    theirs: int
    count: int
    """How many elements of this part differ."""

    def __str__(self) -> str:
        more = f", the first of {self.count}" if self.count > 1 else ""
        return f"{self.where}: {self.ours} and {self.theirs}{more}"

    @property
    def where(self) -> str:
        """The element, as `weights[3, 4]`."""
        return self.name + (f"[{', '.join(map(str, self.index))}]" if self.index else "")


@dataclass(eq=False, repr=False)
class Snapshot:
    """The whole state of a core between two steps.  Validated at construction.

    Counters are not part of it: they decide nothing.  Routes, tags and modulatory axons stay those
    of the design, whose image `image_identity` names.  `snapshot["weights"]` is one of its values.

    Parameters
    ----------
    config : the core.
    image_identity : `Image.identity` of the loaded design.
    step : number of the next step.
    values : all contents of the core by name, as `Device.read` gives them
        (`spikeloom.design.contents`).  What is under way may be left out: nothing is, then.

    Raises
    ------
    ImageError : values that the core cannot hold.
    DesignError : something is missing, or the core does not have it.
    """

    config: CoreConfig
    image_identity: int
    step: int
    values: dict[str, NDArray[Any]]

    def __post_init__(self) -> None:
        table = contents(self.config)
        given = {n: np.zeros((), np.int64) for n, c in table.items() if c.kind == "under way"}
        given |= self.values
        wrong = sorted(set(table) ^ set(given))
        if wrong:
            raise DesignError(
                f"the snapshot is of another core: {', '.join(wrong)} does not match; "
                f"it needs {', '.join(table)}"
            )
        self.values = {name: content.check(given[name]) for name, content in table.items()}
        self.step = check_step(self.step)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """A copy of what has this name; `InputError` lists the names."""
        return self.values[find(contents(self.config), name).name].copy()

    def __iter__(self) -> Iterator[str]:
        """The names of all contents."""
        return iter(self.values)

    @property
    def weights(self) -> NDArray[np.int64]:
        """(A, N) integers, as learned; a copy."""
        return self["weights"]

    def replaced(self, **values: ArrayLike) -> Snapshot:
        """The same, with other values of these names."""
        new = {**self.values, **{name: np.asarray(value) for name, value in values.items()}}
        return Snapshot(self.config, self.image_identity, self.step, new)

    def __repr__(self) -> str:
        c = self.config
        rule = f", rule {c.learning.rule}" if c.learning else ""
        return f"<snapshot before step {self.step}: {c.axons} axons, {c.neurons} neurons{rule}>"

    def check_design(self, design: Design) -> None:
        """Raise `WrongBoardError` or `DesignError` unless it is of this design."""
        ours, theirs = self.config.to_dict(), design.config.to_dict()
        different = [
            f"{name} = {ours.get(name)!r} (there {theirs.get(name)!r})"
            for name in ours | theirs
            if ours.get(name) != theirs.get(name)
        ]
        if different:
            raise WrongBoardError(
                f"the snapshot is of another core, with {', '.join(different)}; "
                "restore it on a device of the same configuration"
            )
        if self.image_identity != design.image.identity:
            raise DesignError(
                f"the snapshot is of another network: image {self.image_identity:08x}, the device "
                f"has {design.image.identity:08x}; load the design that it was taken with"
            )

    # Comparison.

    def parts(self) -> dict[str, NDArray[Any]]:
        """Everything in it by name, in the order in which a step changes it.

        First what no step changes; then currents, other states, weights, and what is under way.
        """
        order = {"parameter": 0, "learning parameter": 1, "synapses": 2, "state": 4, "under way": 6}
        exceptions = {"pending": 2, "weights": 5}

        def rank(content: Content) -> int:
            if content.kind == "state" and content.name.startswith("i"):
                return 3
            return exceptions.get(content.name, order[content.kind])

        table = sorted(contents(self.config).values(), key=rank)
        return {"step": np.asarray(self.step)} | {c.name: self.values[c.name] for c in table}

    def differences(self, other: Snapshot) -> Iterator[Difference]:
        """The first difference in each part; raises `WrongBoardError` for another configuration."""
        other = as_snapshot(other)
        if self.config != other.config:
            raise WrongBoardError("the snapshots are of different cores; they have no common parts")
        theirs = other.parts()
        for name, values in self.parts().items():
            different = np.argwhere(values != theirs[name])
            if len(different):
                where = tuple(int(k) for k in different[0])
                yield Difference(
                    name, where, int(values[where]), int(theirs[name][where]), len(different)
                )

    def first_difference(self, other: Snapshot) -> Difference | None:
        """The first of `differences`, or None when the snapshots are equal."""
        return next(self.differences(other), None)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Snapshot)
            and (self.config, self.image_identity) == (other.config, other.image_identity)
            and self.first_difference(other) is None
        )

    __hash__ = None  # type: ignore[assignment]

    # The archive.

    def save(self, path: str | Path) -> None:
        """Write one archive, by convention named *.sls; equal snapshots give equal bytes.

        Raises `DesignError` when the file cannot be written.
        """
        write_file(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> Snapshot:
        """Read what `save` wrote; `DesignError` for a missing, damaged, foreign or newer file."""
        return cls.from_bytes(read_file(path), str(path))

    def to_bytes(self) -> bytes:
        """The archive: a zip of TOML metadata and .npy arrays, not compressed, without times."""
        parts = {kind: of_kind(self.config, kind) for kind in _PREFIXES}
        metadata = {
            "identity": self.image_identity,
            "digest": f"{self.config.digest:016x}",
            "step": self.step,
            "core": self.config.to_dict(),
            "learning": {n: int(self.values[n]) for n in of_kind(self.config, _NUMBERS)},
        }
        arrays: Arrays = {}
        for kind, prefix in _PREFIXES.items():
            for name, content in parts[kind].items():
                if content.name == "later_arrivals" and not self.values[name].size:
                    continue  # a core without axonal delays has none in its archive
                arrays[prefix + name] = self._narrow(content)
        # Cores without learning have always had them in their archives.
        arrays.setdefault("plastic", np.zeros_like(self.values["weights"], dtype=np.bool_))
        return _ARCHIVE.pack(metadata, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the archive") -> Snapshot:
        """Inverse of `to_bytes`; `name` is for the message of a `DesignError`."""
        with _ARCHIVE.unpack(data, name) as (metadata, arrays):
            config = CoreConfig.from_dict(metadata["core"])
            same = f"{config.digest:016x}" == metadata["digest"]
            if metadata["format"] >= _SAME_DIGEST and not same:
                raise ValueError("its configuration is not the one that was saved")
            values = {name: np.asarray(n) for name, n in metadata["learning"].items()}
            for key, array in arrays.items():
                values[key.rpartition("/")[2]] = array
            if config.learning is None:
                values.pop("plastic", None)
            return cls(config, int(metadata["identity"]), metadata["step"], values)

    def _narrow(self, content: Content) -> NDArray[Any]:
        """The values in as few bytes as their format needs."""
        values = self.values[content.name]
        if content.flags:
            return values
        if content.name == "delays":
            return values.astype("u1")
        return narrow(values, self.config.weight_bits if content.name == "weights" else 32)


def as_snapshot(value: object) -> Snapshot:
    """`value`, which must be a snapshot; `InputError` for a file's name or anything else."""
    if not isinstance(value, Snapshot):
        raise InputError(
            f"snapshot is {shown(value)}; give a Snapshot, from device.snapshot() or Snapshot.load(path)"
        )
    return value
