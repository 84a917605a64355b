"""Values that were monitored after every step, in the network's unit and as integers."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from ..design.contents import find_monitored
from ..design.design import Design
from ..design.units import conversion
from ..quantise.rounding import Floats, Integers

_LABEL = re.compile(r"(\w+)\[(\d+)\]")


class Monitored(dict[str, Floats]):
    """(steps,) floats by label, "v[3]", in the network's unit, or in seconds.

    Parameters
    ----------
    values : the floats.
    raw : the integers that the core has, by the same labels.

    Attributes
    ----------
    raw : as given.
    """

    def __init__(
        self, values: Mapping[str, Floats] | None = None, raw: Mapping[str, Integers] | None = None
    ) -> None:
        super().__init__(values or {})
        self.raw: dict[str, Integers] = dict(raw or {})

    @classmethod
    def of(cls, design: Design, raw: Mapping[str, Integers]) -> Monitored:
        """From the integers of a core that holds this design."""
        return cls({label: _physical(design, label, values) for label, values in raw.items()}, raw)


def _physical(design: Design, label: str, values: Integers) -> Floats:
    found = _LABEL.fullmatch(label)
    assert found is not None
    state, index = found[1], int(found[2])
    unit = conversion(design, find_monitored(design.config, state).name)
    if unit is None:
        return values.astype(np.float64)
    return unit.to_unit(values, np.full(values.shape, index, dtype=np.int64))
