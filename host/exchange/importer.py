"""Importers by name and by entry point (`spikeloom.importers`), and the one that knows a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from spikeloom.hdl.contract.errors import DesignError, ForeignNetworkError, InputError
from spikeloom.hdl.contract.registry import Registry, module_of, resolve

from ..design.files import read_file
from .checked import Checked, population_checks, whole_refused
from .imported import Imported


@dataclass(frozen=True, kw_only=True, eq=False)
class Importer:
    """One format.  Each function is itself, or "module:function", which is imported when needed.

    Attributes
    ----------
    name : by which it is chosen, "nir".
    title : what it reads, for people.
    read : `read(path, **options) -> Imported`; raises `ForeignNetworkError` for what it cannot map.
    recognises : `recognises(path, data) -> bool` from the name and the first bytes of a file.
    options : names of the options of `read`, each with a sentence on what it means.
    check : `check(path, **options) -> Checked`, which finds all that `read` would refuse, node by node;
        default: what `read` refuses first.
    """

    name: str
    title: str
    read: Callable[..., Imported] | str
    recognises: Callable[[Path, bytes], bool] | str
    options: tuple[tuple[str, str], ...] = ()
    check: Callable[..., Checked] | str | None = None

    @property
    def module(self) -> str:
        """Name of the module that reads it."""
        return module_of(self.read)

    def part(self, name: str) -> Any:
        """The function "read", "recognises" or "check" itself."""
        return resolve(getattr(self, name))


IMPORTERS: Registry[Importer] = Registry(
    "importer",
    "spikeloom.importers",
    {
        "netx": "spikeloom.exchange.netx.network:NETX",
        "nir": "spikeloom.exchange.nir.read:IMPORTER",
        "superneuromat": "spikeloom.exchange.superneuromat.network:SUPERNEUROMAT",
        "tennlab": "spikeloom.exchange.tennlab.network:TENNLAB",
    },
)
"""Importers by name."""

HEAD_BYTES = 4096
"""So much of a file is shown to `recognises`."""


def importer_of(path: str | Path) -> Importer:
    """The importer that recognises a file; `ForeignNetworkError` names the formats that are known."""
    file = Path(path)
    try:
        head = read_file(file)[:HEAD_BYTES]
    except DesignError as error:
        raise ForeignNetworkError(str(error)) from None
    for name in IMPORTERS:
        if IMPORTERS[name].part("recognises")(file, head):
            return IMPORTERS[name]
    known = ", ".join(f"{name} ({IMPORTERS[name].title})" for name in IMPORTERS)
    raise ForeignNetworkError(
        f"{file} is of no format that is known: {known or 'none'}; name one with format=, or "
        "describe the network with spikeloom.Network"
    )


def import_network(path: str | Path, format: str | None = None, **options: Any) -> Imported:
    """Read another tool's network from a file.

    Parameters
    ----------
    path : the file.
    format : name of an importer; default: the one that recognises the file.
    options : of the importer, such as `dt` and `reset` of NIR.

    Raises
    ------
    ForeignNetworkError : a file of no known format, or what cannot be mapped, with its place.
    InputError : an option that the importer does not have.
    """
    return _chosen(path, format, options).part("read")(Path(path), **options)


def check_network(path: str | Path, format: str | None = None, **options: Any) -> Checked:
    """Find out whether a file can be imported, and all that stands against it, node by node.

    Arguments and errors are those of `import_network`, but what cannot be mapped is in the result.
    """
    try:
        importer = _chosen(path, format, options)
    except ForeignNetworkError as error:
        return Checked(format or "", (whole_refused(str(error)),))
    if importer.check is not None:
        return cast(Checked, importer.part("check")(Path(path), **options))
    try:
        found = importer.part("read")(Path(path), **options)
    except ForeignNetworkError as error:
        return Checked(importer.name, (whole_refused(str(error)),))
    return Checked(importer.name, population_checks(found), found)


def _chosen(path: str | Path, format: str | None, options: dict[str, Any]) -> Importer:
    """The importer for a file; `InputError` for an option that it does not have."""
    importer = importer_of(path) if format is None else IMPORTERS.find(format)
    known = [name for name, _ in importer.options]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(
            f"the importer {importer.name!r} has no option {', '.join(unknown)}; it has "
            f"{', '.join(known) or 'none'}"
        )
    return importer
