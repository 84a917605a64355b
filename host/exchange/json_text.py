"""Networks that are JSON: a file, or what was read from one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikeloom.hdl.contract.errors import DesignError, ForeignNetworkError, shown

from ..design.files import read_file


def json_object(source: Any, what: str) -> Mapping[str, Any]:
    """The object that a file has, or that was given.

    Parameters
    ----------
    source : a mapping, or the path of a file.  `Infinity` and `NaN` are read as numbers.
    what : "a SuperNeuroMAT network", for messages.

    Raises
    ------
    ForeignNetworkError : a file that cannot be read or is no JSON, or JSON that is no object.
    """
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, str | os.PathLike):
        raise ForeignNetworkError(f"{shown(source)} is not {what}; give an object or a file")
    path = Path(source)
    try:
        text = read_file(path).decode("utf-8")
        found = json.loads(text)
    except DesignError as error:
        raise ForeignNetworkError(str(error)) from None
    except UnicodeDecodeError as error:
        raise ForeignNetworkError(f"{path} is no JSON: byte {error.start} is no text") from None
    except json.JSONDecodeError as error:
        raise ForeignNetworkError(
            f"{path} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    except (RecursionError, ValueError) as error:
        raise ForeignNetworkError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, Mapping):
        raise ForeignNetworkError(
            f"{path} is not {what}: it holds {type(found).__name__}, no object"
        )
    return found
