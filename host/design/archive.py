"""Archives: TOML metadata and .npy arrays in a zip file, without pickle, compression or times."""

from __future__ import annotations

import io
import json
import math
import re
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.core_config import ConfigError, without_units
from spikeloom.hdl.contract.errors import DesignError
from spikeloom.hdl.contract.neurons import NEURONS
from spikeloom.hdl.contract.rules import RULES

Arrays = dict[str, NDArray[Any]]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAX_MEMBERS = 1000


@dataclass(frozen=True)
class ArchiveKind:
    """One kind of archive: equal contents give equal bytes.  All failures are `DesignError`s.

    Attributes
    ----------
    noun : for messages, "design".
    version : of the format; a reader refuses higher ones.
    save : how to write one, for messages.
    """

    noun: str
    version: int
    save: str

    @property
    def _metadata(self) -> str:
        return f"{self.noun}.toml"

    def pack(self, metadata: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
        """The archive's bytes; metadata are numbers, strings, lists and dicts of such."""
        lines = _toml({"format": self.version, **metadata}, ())
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(zipfile.ZipInfo(self._metadata, _EPOCH), "\n".join(lines))
            for name, array in arrays.items():
                member = io.BytesIO()
                np.save(member, np.ascontiguousarray(array), allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue())
        return buffer.getvalue()

    @contextmanager
    def unpack(self, data: bytes, name: str) -> Iterator[tuple[dict[str, Any], Arrays]]:
        """Metadata and arrays; what goes wrong while they are used means damage as well."""
        try:
            members = _unzip(data)
            metadata = tomllib.loads(members.pop(self._metadata).decode())
            version = metadata["format"]
            if type(version) is int and version > self.version:
                raise DesignError(
                    f"{name} has format {version}, written by a newer SpikeLoom; "
                    f"this one reads up to {self.version}: pip install --upgrade spikeloom"
                )
            _check_parts(metadata.get("core", {}), name)
            _check_parts(metadata.get("placement", {}).get("core", {}), name)
            arrays = {
                member.removesuffix(".npy"): _array(member, content)
                for member, content in members.items()
            }
            yield metadata, arrays
        except DesignError:
            raise
        except (
            Exception
        ) as error:  # decoders and constructors raise anything for what makes no sense
            raise DesignError(
                f"{name} is not a SpikeLoom {self.noun}, or is damaged ({_reason(error)}); "
                f"save it again with {self.save}"
            ) from None


def _check_parts(core: Mapping[str, Any], name: str) -> None:
    """Raise `DesignError` for a neuron model or a rule that this process does not know, or many units."""
    try:
        without_units(core)
    except ConfigError as error:
        raise DesignError(f"{name}: {error}; compile the network again") from None
    learning = core.get("learning") or {}
    for what, part, known in (
        ("neuron model", core.get("neuron_model"), NEURONS),
        ("learning rule", learning.get("rule"), RULES),
    ):
        if isinstance(part, str) and part not in known:
            raise DesignError(
                f"{name} needs the {what} {part!r}; known are {', '.join(known)}. If it is your "
                "own, import the file that registers it and open this from Python, or give the "
                "file to the command: spikeloom --plugin FILE.py"
            )


def narrow(array: NDArray[Any], bits: int) -> NDArray[Any]:
    """Integers in the least of 8, 16 and 32 bits that holds signed numbers of `bits`."""
    return np.asarray(array, dtype="i1" if bits <= 8 else "<i2" if bits <= 16 else "<i4")


def group(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Arrays under a common prefix, as members of an archive."""
    return {prefix + name: array for name, array in arrays.items()}


def grouped(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Inverse of `group`: those under the prefix."""
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error.args[0]!r} in it"
    return str(error) or type(error).__name__


def _unzip(data: bytes) -> dict[str, bytes]:
    """Contents of all members, each checked against its CRC-32; sizes are looked at first."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > _MAX_MEMBERS:
            raise ValueError(f"it has {len(members)} parts, at most {_MAX_MEMBERS} are read")
        for member in members:
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > len(data):
                raise ValueError(f"{member.filename} is compressed, which no archive here is")
        names = [member.filename for member in members]
        if len(set(names)) < len(names):
            raise ValueError("it has two parts of one name")
        return {name: archive.read(name) for name in names}


def _array(name: str, content: bytes) -> NDArray[Any]:
    """One .npy file; its header has to say as many bytes as there are."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError(f"{name} is of version {version} of NumPy's format, not 1.0")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError(f"{name} has Python objects, which are not read")
    if math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        raise ValueError(f"{name} should be {shape} of {dtype}, and has another number of bytes")
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))


def _toml(table: dict[str, Any], path: tuple[str, ...]) -> list[str]:
    """Lines of a TOML table: its values first, then the tables in it."""
    nested = {key: value for key, value in table.items() if isinstance(value, dict)}
    lines = [f"{_key(k)} = {_value(v)}" for k, v in table.items() if k not in nested]
    for key, value in nested.items():
        inner = (*path, key)
        lines += ["", f"[{'.'.join(map(_key, inner))}]", *_toml(value, inner)]
    return lines


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    raise DesignError(f"an archive cannot hold {value!r}; use numbers, strings, lists and dicts")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _string(text)


def _string(text: str) -> str:
    # JSON strings are TOML strings, but for one control character that JSON need not escape.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
