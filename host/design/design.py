"""A design: a core's configuration and image, the names that the user gave to things, and their places."""

from __future__ import annotations

import html
import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig, FabricConfig, Image
from spikeloom.hdl.contract.errors import DesignError, InputError, shown

from ..display.html import never_raise, weights_html
from ..quantise.reports import QuantisationReport
from .archive import ArchiveKind, Arrays, group, grouped, narrow
from .files import read_file, write_file
from .placement import Placement

FORMAT = 5
"""Version of the archive; a reader refuses higher ones."""
_SAME_IDENTITY = 5
"""The first version whose identity is this one's: it depends on what a configuration can say."""

_LONGEST_STEP = 1e6
"""Seconds."""
_ARCHIVE = ArchiveKind("design", FORMAT, "Design.save")
_PARAMETER, _PLACEMENT, _REPORT = "parameters/", "placement/", "quantisation/"
_LEARNING = ("plastic", "modulatory", "axon_tags", "neuron_tags")


@dataclass(eq=False, repr=False)
class Design:
    """CoreConfig + Image, with the populations that they came from.

    A network that is placed on many cores is described as one large core all the same: `placement`
    alone says where its parts are.  Designs are equal when their archives are.

    Attributes
    ----------
    config, image : the core and its contents; of a placed network, one core that would hold it all.
    inputs : axon range of each input population.
    populations : neuron range of each neuron population.
    dt : length of a time step in seconds.
    scale : (N,) floats, state units per unit of the network: a neuron's potential in the user's
        unit is `v / scale`.  Default: 1.
    report : what quantisation cost; None where nothing was quantised.
    rest : (N,) floats, what the user calls the potential 0, in the user's unit.  Default: 0.
    mirrors : (K, 2) axons of inputs, and further axons that hear the same spikes.  Default: none.
    placement : the cores of a fabric that it is on; None for a single core.
    """

    config: CoreConfig
    image: Image
    inputs: dict[str, slice] = field(default_factory=dict)
    populations: dict[str, slice] = field(default_factory=dict)
    dt: float = 1e-3
    scale: NDArray[np.float64] = None  # type: ignore[assignment]
    report: QuantisationReport | None = None
    placement: Placement | None = None
    rest: NDArray[np.float64] = None  # type: ignore[assignment]
    mirrors: NDArray[np.int64] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        scale = np.ones(self.config.neurons) if self.scale is None else np.asarray(self.scale)
        right = scale.dtype.kind in "iuf" and scale.shape == (self.config.neurons,)
        if not (right and np.all(np.isfinite(scale)) and np.all(scale > 0)):
            raise DesignError(
                f"scale has dtype {scale.dtype} and shape {scale.shape}; "
                f"give {self.config.neurons} finite numbers above 0"
            )
        self.scale = scale.astype(np.float64)
        if isinstance(self.dt, bool) or not isinstance(self.dt, int | float | np.number):
            raise DesignError(f"dt is {self.dt!r}; give seconds")
        if not 0 < self.dt <= _LONGEST_STEP:
            raise DesignError(f"dt is {self.dt!r}; give seconds above 0, at most {_LONGEST_STEP:g}")
        self.rest = _rest(self.rest, self.config.neurons)
        self.mirrors = _mirrors(self.mirrors, self.config.axons)
        _check_ranges("inputs", self.inputs, self.config.axons, "axons")
        _check_ranges("populations", self.populations, self.config.neurons, "neurons")
        if self.placement is not None:
            self.placement.check(self.config)

    @property
    def identity(self) -> int:
        """32-bit check of everything but the report, never 0; a board keeps it as the loaded name.

        It covers the image, where it is placed, names and their places, time step, scales and rests:
        what a process has to agree on with another one, to use a board that the other has loaded.
        """
        placed = self.placement.identity if self.placement else 0
        crc = zlib.crc32(np.array([self.image.identity, placed], dtype="<u4").tobytes())
        meaning = [
            list(_ends(self.inputs, self.config.axons).items()),
            list(_ends(self.populations, self.config.neurons).items()),
            float(self.dt),
        ]
        crc = zlib.crc32(json.dumps(meaning).encode(), crc)
        for values, kind in ((self.scale, "<f8"), (self.rest, "<f8"), (self.mirrors, "<i8")):
            crc = zlib.crc32(np.ascontiguousarray(values, dtype=kind).tobytes(), crc)
        return crc or 1

    @property
    def chip(self) -> CoreConfig | FabricConfig:
        """What a board for this design is generated from: its core, or the fabric that it is placed on."""
        return self.placement.fabric if self.placement else self.config

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Design) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    @never_raise
    def __repr__(self) -> str:
        return f"<{describe_design(self)}>"

    @never_raise
    def _repr_html_(self) -> str:
        return design_html(self)

    def save(self, path: str | Path) -> None:
        """Write one archive, by convention named *.slm; equal designs give equal bytes.

        Raises `DesignError` when the file cannot be written.
        """
        write_file(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> Design:
        """Read what `save` wrote.

        Raises `DesignError` for a missing, damaged or foreign file, and for one that a newer
        SpikeLoom wrote.
        """
        return cls.from_bytes(read_file(path), str(path))

    def to_bytes(self) -> bytes:
        """The archive: a zip of TOML metadata and .npy arrays, not compressed, without times."""
        image = self.image
        metadata = {
            "identity": self.identity,
            "dt": self.dt,
            "core": self.config.to_dict(),
            "inputs": _ends(self.inputs, self.config.axons),
            "populations": _ends(self.populations, self.config.neurons),
            "report": self.report.to_dict() if self.report else {},
        }
        arrays = {
            "weights": narrow(image.weights, self.config.weight_bits),
            "routes": np.asarray(image.routes, dtype="<i4"),
            "report": np.asarray(image.report),
            "scale": np.asarray(self.scale, dtype="<f8"),
        }
        if self.report is not None:
            arrays |= group(_REPORT, self.report.arrays())
        if np.any(self.rest):
            arrays["rest"] = np.asarray(self.rest, dtype="<f8")
        if len(self.mirrors):
            arrays["mirrors"] = np.asarray(self.mirrors, dtype="<i4")
        if self.config.learning is not None:
            metadata["learning"] = image.learning
            arrays |= {"plastic": image.plastic, "modulatory": image.modulatory}
            for name in ("axon_tags", "neuron_tags"):
                arrays[name] = np.asarray(getattr(image, name), dtype="<u2")
        if self.config.delay_slots > 1:
            arrays["delays"] = np.asarray(image.delays, dtype="u1")
        if self.config.route_entries:
            arrays["destinations"] = np.asarray(image.destinations, dtype="<i4")
        if self.placement is not None:
            metadata["placement"], where = self.placement.to_archive()
            arrays |= group(_PLACEMENT, where)
        arrays |= group(_PARAMETER, {k: narrow(v, 32) for k, v in image.parameters.items()})
        return _ARCHIVE.pack(metadata, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the archive") -> Design:
        """Inverse of `to_bytes`; `name` is for the message of a `DesignError`."""
        with _ARCHIVE.unpack(data, name) as (metadata, arrays):
            return cls._assemble(metadata, arrays)

    @classmethod
    def _assemble(cls, metadata: dict[str, Any], arrays: Arrays) -> Design:
        config = CoreConfig.from_dict(metadata["core"])
        rest: dict[str, Any] = {}
        if config.learning is not None:
            rest = {"learning": metadata["learning"]}
            rest |= {name: arrays[name] for name in _LEARNING}
        rest |= {name: arrays[name] for name in ("delays", "destinations") if name in arrays}
        image = Image(
            config,
            arrays["weights"],
            grouped(_PARAMETER, arrays),
            arrays["routes"],
            arrays["report"],
            **rest,
        )
        ranges = {
            kind: {name: _slice(ends) for name, ends in metadata[kind].items()}
            for kind in ("inputs", "populations")
        }
        scale = np.broadcast_to(arrays["scale"], (config.neurons,))
        report = None
        if metadata["report"]:
            report = QuantisationReport.from_dict(metadata["report"], grouped(_REPORT, arrays))
        placement = None
        if "placement" in metadata:
            where = grouped(_PLACEMENT, arrays)
            placement = Placement.from_archive(metadata["placement"], where)
        more: dict[str, Any] = {k: arrays[k] for k in ("rest", "mirrors") if k in arrays}
        design = cls(config, image, ranges["inputs"], ranges["populations"], metadata["dt"], scale,
                     report, placement, **more)  # fmt: skip
        if metadata["format"] >= _SAME_IDENTITY and design.identity != metadata["identity"]:
            raise ValueError("its contents are not those that were saved")
        return design


def blank_design(config: CoreConfig) -> Design:
    """A design without synapses: a core to look at."""
    return Design(config, Image(config, np.zeros((config.axons, config.neurons), dtype=np.int64)))


def _check_ranges(kind: str, ranges: dict[str, slice], size: int, unit: str) -> None:
    """Raise `DesignError` for names that are none, and ranges that the core does not have."""
    for name, where in ranges.items():
        if not isinstance(name, str):
            raise DesignError(f"{kind} has the name {name!r}; give text")
        begin, end, step = where.indices(size)
        given = tuple(x for x in (where.start, where.stop) if x is not None)
        if step != 1 or begin > end or any(not 0 <= x <= size for x in given):
            raise DesignError(
                f"{kind} {name!r} is {unit} {where.start}…{where.stop}, "
                f"but the core has {unit} 0…{size - 1}"
            )


def _rest(values: object, neurons: int) -> NDArray[np.float64]:
    """Potentials at rest; raises `DesignError` for what are none."""
    rest = np.zeros(neurons) if values is None else np.asarray(values)
    if not (rest.dtype.kind in "iuf" and rest.shape == (neurons,) and np.all(np.isfinite(rest))):
        raise DesignError(
            f"rest has dtype {rest.dtype} and shape {rest.shape}; give {neurons} finite numbers"
        )
    return rest.astype(np.float64)


def _mirrors(values: object, axons: int) -> NDArray[np.int64]:
    """Pairs of an axon and another that hears the same; raises `DesignError` for what are none."""
    pairs = np.zeros((0, 2), dtype=np.int64) if values is None else np.asarray(values)
    right = pairs.dtype.kind in "iu" and pairs.ndim == 2 and pairs.shape[1] == 2
    if not (right and np.all((pairs >= 0) & (pairs < axons))):
        raise DesignError(
            f"mirrors has dtype {pairs.dtype} and shape {pairs.shape}; give pairs of axons 0…{axons - 1}"
        )
    return pairs.astype(np.int64)


def _slice(ends: list[int]) -> slice:
    begin, end = ends
    if type(begin) is not int or type(end) is not int:
        raise ValueError(f"a range is {ends!r}, not two integers")
    return slice(begin, end)


def _ends(ranges: dict[str, slice], size: int) -> dict[str, list[int]]:
    return {name: list(where.indices(size)[:2]) for name, where in ranges.items()}


def describe_config(config: CoreConfig) -> str:
    """A core in half a sentence."""
    learning = f", learning by {config.learning.rule}" if config.learning else ""
    return (
        f"{config.axons} axons × {config.neurons} neurons, {config.weight_bits}-bit weights, "
        f"{config.state_bits}-bit states, {config.lanes} lane{'s' * (config.lanes != 1)}{learning}"
    )


def describe_names(design: Design) -> str:
    """Inputs and populations in half a sentence."""
    kinds = ((design.inputs, design.config.axons), (design.populations, design.config.neurons))
    parts = [
        ", ".join(f"{name} ({len(range(*where.indices(size)))})" for name, where in ranges.items())
        for ranges, size in kinds
    ]
    return " → ".join(part for part in parts if part)


def describe_design(design: Design) -> str:
    """A design in a sentence."""
    names = describe_names(design)
    synapses = int(np.count_nonzero(design.image.weights))
    core = describe_config(design.config)
    if design.placement is not None:
        fabric = design.placement.fabric
        core += f", on {fabric.columns} × {fabric.rows} cores of {fabric.core.neurons} neurons"
    return (
        f"Design{f' {names}' if names else ''}: {core}; {synapses} synapses, "
        f"steps of {design.dt * 1e3:g} ms, image {design.identity:08x}"
    )


def design_html(design: Design) -> str:
    """A sentence, and a map of the weights."""
    title = "weights, from axon to neuron"
    return (
        f"<p>{html.escape(describe_design(design))}</p>{weights_html(design.image.weights, title)}"
    )


def as_design(value: object) -> Design:
    """`value`, which must be a design; `InputError` for a file's name, a network or anything else."""
    if isinstance(value, Design):
        return value
    if isinstance(value, str | Path):
        hint = f"; a saved design is read by Design.load({str(value)!r})"
    elif hasattr(value, "connect"):
        hint = ", from compile(network)"
    else:
        hint = ", from compile(network) or Design.load(path)"
    raise InputError(f"design is {shown(value)}; give a Design{hint}")
