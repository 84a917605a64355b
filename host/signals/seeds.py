"""Random numbers: always from a seed."""

from __future__ import annotations

import operator

import numpy as np

from spikeloom.hdl.contract.errors import InputError


def random_generator(seed: object) -> np.random.Generator:
    """Random numbers from a seed; `InputError` for what is none."""
    try:
        if isinstance(seed, bool | np.bool_):
            raise TypeError
        return np.random.default_rng(operator.index(seed))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"seed is {seed!r}; give an integer from 0 on") from None
