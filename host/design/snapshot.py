"""Snapshots: everything that decides what a core does next, taken from one device, for any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import DesignError, InputError, WrongBoardError

from ..device.device import Device
from .archive import ArchiveKind, Arrays, group, grouped, narrow, read_file, write_file
from .design import Design
from .state_formats import check_flags, check_state, check_step, pending_format, state_formats

FORMAT = 2
"""Version of the archive; a reader refuses higher ones."""

_ARCHIVE = ArchiveKind("snapshot", FORMAT, "Snapshot.save")
_PARAMETER, _STATE = "parameters/", "states/"
_UNDER_WAY = ("delays", "pending", "later_arrivals")
"""Parts that only cores with delays have."""


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
    of the design, whose image `image_identity` names.

    Parameters
    ----------
    config : the core.
    image_identity : `Image.identity` of the loaded design.
    step : number of the next step.
    weights : (A, N) integers, as learned.
    parameters : (N,) integers by name.
    states : by name, as `Device.read_state` gives them.
    arrivals : (A,) bool, the axons that have a spike for the next step.
    learning : parameters of the learning rule by name; empty in a core without one.
    plastic : (A, N) bool, which synapses learn.
    delays : (A, N) integers, the delay fields of the synapses.
    pending : (K, D, N) integers, sums under way, as `Device.read_pending` gives them; default 0.
    later_arrivals : (axonal_delay_slots − 1, A) bool, spikes for the steps after the next one; default
        none.

    Raises `ImageError` for what the core can not hold, `DesignError` when something is missing.
    """

    config: CoreConfig
    image_identity: int
    step: int
    weights: NDArray[np.int64]
    parameters: dict[str, NDArray[np.int64]]
    states: dict[str, NDArray[np.int64]]
    arrivals: NDArray[np.bool_]
    learning: dict[str, int] = field(default_factory=dict)
    plastic: NDArray[np.bool_] = None  # type: ignore[assignment]
    delays: NDArray[np.int64] = None  # type: ignore[assignment]
    pending: NDArray[np.int64] = None  # type: ignore[assignment]
    later_arrivals: NDArray[np.bool_] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        c, formats = self.config, state_formats(self.config)
        for what, needed, there in (
            ("state", formats, self.states),
            ("parameter", [f.name for f in c.layout.parameters], self.parameters),
            ("learning parameter", [f.name for f in c.layout.learning], self.learning),
        ):
            wrong = sorted(set(needed) ^ set(there))
            if wrong:
                raise DesignError(
                    f"the snapshot is of another core: {what} {', '.join(wrong)} does not match; "
                    f"it needs {', '.join(needed) or 'none'}"
                )
        image = Image(
            c,
            self.weights,
            self.parameters,
            learning=self.learning,
            plastic=self.plastic,
            delays=self.delays,
        )
        self.weights, self.parameters = image.weights, image.parameters
        self.delays = image.delays
        pending = 0 if self.pending is None else self.pending
        if c.delay_slots > 1:
            self.pending = check_state(pending_format(c), pending)
        elif self.pending is not None:
            raise DesignError("the snapshot has sums under way, but its core has no delays")
        later = 0 if self.later_arrivals is None else self.later_arrivals
        shape = (c.axonal_delay_slots - 1, c.axons)
        self.later_arrivals = check_flags("later arrivals", later, shape)
        self.learning, self.plastic = image.learning, image.plastic
        self.states = {name: check_state(f, self.states[name]) for name, f in formats.items()}
        self.arrivals = check_flags("arrivals", self.arrivals, (c.axons,))
        self.step = check_step(self.step)

    def __repr__(self) -> str:
        c = self.config
        rule = f", rule {c.learning.rule}" if c.learning else ""
        return f"<snapshot before step {self.step}: {c.axons} axons, {c.neurons} neurons{rule}>"

    @classmethod
    def take(cls, device: Device) -> Snapshot:
        """Read a snapshot from a device, whose design must be the one that it holds."""
        config, layout = device.design.config, device.design.config.layout
        rest: dict[str, Any] = {}
        if config.learning is not None:
            rest["learning"] = {f.name: device.read_learning(f.name) for f in layout.learning}
            rest["plastic"] = device.read_plastic()
        if config.delay_slots > 1:
            rest |= {"delays": device.read_delays(), "pending": device.read_pending()}
        if config.axonal_delay_slots > 1:
            rest["later_arrivals"] = device.read_later_arrivals()
        return cls(
            config,
            device.design.image.identity,
            device.step,
            device.read_weights(),
            {f.name: device.read_parameter(f.name) for f in layout.parameters},
            {name: device.read_state(name) for name in state_formats(config)},
            device.read_arrivals(),
            **rest,
        )

    def check(self, device: Device) -> None:
        """Raise `WrongBoardError` or `DesignError` unless it can be restored on `device`."""
        self.check_design(device.design)

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

    def restore(self, device: Device) -> None:
        """Write the snapshot to a device; when that is cut short, restore it again."""
        self.check(device)
        device.write_weights(self.weights)
        for name, values in self.parameters.items():
            device.write_parameter(name, values)
        if self.config.learning is not None:
            for name, value in self.learning.items():
                device.write_learning(name, value)
            device.write_plastic(self.plastic)
        for name, values in self.states.items():
            device.write_state(name, values)
        device.write_arrivals(self.arrivals)
        if self.config.delay_slots > 1:
            device.write_delays(self.delays)
            device.write_pending(self.pending)
        if self.config.axonal_delay_slots > 1:
            device.write_later_arrivals(self.later_arrivals)
        device.write_step(self.step)

    # Comparison.

    def parts(self) -> dict[str, NDArray[Any]]:
        """Everything in it by name, parameters first, then in the order in which a step changes it."""
        parts: dict[str, ArrayLike] = {"step": self.step}
        parts |= {f"parameter {name}": values for name, values in self.parameters.items()}
        parts |= {f"learning {name}": value for name, value in self.learning.items()}
        parts["plastic"] = self.plastic
        if self.config.delay_slots > 1:
            parts |= {"delays": self.delays, "pending": self.pending}
        currents = {k: v for k, v in self.states.items() if k.startswith("i")}
        parts |= currents | self.states
        parts |= {"weights": self.weights, "arrivals": self.arrivals}
        parts["later_arrivals"] = self.later_arrivals
        return {name: np.asarray(values) for name, values in parts.items()}

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

        Raises `DesignError` when the file can not be written.
        """
        write_file(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> Snapshot:
        """Read what `save` wrote; `DesignError` for a missing, damaged, foreign or newer file."""
        return cls.from_bytes(read_file(path), str(path))

    def to_bytes(self) -> bytes:
        """The archive: a zip of TOML metadata and .npy arrays, not compressed, without times."""
        metadata = {
            "identity": self.image_identity,
            "digest": f"{self.config.digest:016x}",
            "step": self.step,
            "core": self.config.to_dict(),
            "learning": self.learning,
        }
        arrays: Arrays = {
            "weights": narrow(self.weights, self.config.weight_bits),
            "arrivals": self.arrivals,
            "plastic": self.plastic,
        }
        if self.config.delay_slots > 1:
            arrays["delays"] = np.asarray(self.delays, dtype="u1")
            arrays["pending"] = narrow(self.pending, 32)
        if self.config.axonal_delay_slots > 1:
            arrays["later_arrivals"] = self.later_arrivals
        arrays |= group(_PARAMETER, {k: narrow(v, 32) for k, v in self.parameters.items()})
        arrays |= group(_STATE, {k: narrow(v, 32) for k, v in self.states.items()})
        return _ARCHIVE.pack(metadata, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the archive") -> Snapshot:
        """Inverse of `to_bytes`; `name` is for the message of a `DesignError`."""
        with _ARCHIVE.unpack(data, name) as (metadata, arrays):
            config = CoreConfig.from_dict(metadata["core"])
            if f"{config.digest:016x}" != metadata["digest"]:
                raise ValueError("its configuration is not the one that was saved")
            return cls(
                config,
                int(metadata["identity"]),
                metadata["step"],
                arrays["weights"],
                grouped(_PARAMETER, arrays),
                grouped(_STATE, arrays),
                arrays["arrivals"],
                metadata["learning"],
                arrays["plastic"],
                **{name: arrays[name] for name in _UNDER_WAY if name in arrays},
            )


def as_snapshot(value: object) -> Snapshot:
    """`value`, which must be a snapshot; `InputError` for a file's name or anything else."""
    if not isinstance(value, Snapshot):
        raise InputError(
            f"snapshot is {value!r}; give a Snapshot, from device.snapshot() or Snapshot.load(path)"
        )
    return value
