"""Parameters of a frozen description, copied, so that it stays what it was described as."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..quantise.arrays import flag, real_array


def own_parameters(description: Any) -> None:
    """Replace a frozen dataclass's arrays and lists by copies, and check its flags.

    A tuple keeps being one, of copies.  Raises `InputError` for arrays that are not of numbers, and
    for fields annotated `bool` that are something else.
    """
    for f in dataclasses.fields(description):
        value = getattr(description, f.name)
        if f.type in ("bool", bool):
            own: Any = flag(f.name, value)
        elif isinstance(value, tuple):
            own = tuple(real_array(f.name, item) for item in value)
        elif isinstance(value, list | np.ndarray):
            own = real_array(f.name, value)
        else:
            continue
        object.__setattr__(description, f.name, own)
