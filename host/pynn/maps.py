"""PyNN's connectors for a single source: PyNN 0.13 asks NumPy for what NumPy 2 refuses there."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pyNN.connectors import MapConnector


def for_one_source(connector: Any, size: int) -> Any:
    """The connector, or for a single source one that does the same.

    A column of a connection map is then a number, and PyNN calls `nonzero` on it.
    """
    if size != 1 or not isinstance(connector, MapConnector):
        return connector
    wrapped = copy.copy(connector)
    usual: Callable[..., None] = connector._standard_connect

    def with_arrays(projection: Any, columns: Callable[..., Any], distances: Any = None) -> None:
        def arrays(*mask: Any) -> Iterator[Any]:
            for column in columns(*mask):
                yield column if column is True else np.atleast_1d(column)

        usual(projection, arrays, distances)

    wrapped._standard_connect = with_arrays
    return wrapped
