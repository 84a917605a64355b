"""NIR fires above the threshold, and by subtraction takes the threshold itself.

`IF(above=True)` is the same in a core to within one of its units: it compares with the next unit, and
subtracts that.  Where a potential has no leak, units of a subtraction add up; then one that lies on a
lattice of round numbers begins one step of the lattice lower, and fires from the threshold on.
"""

from __future__ import annotations

import numpy as np

from ...quantise.rounding import Floats

MAX_RANGE = 1 << 16
"""Values that lie on a lattice of so many steps, at most, are round."""
FINEST = 1 << 40


def lattice(values: Floats) -> float | None:
    """The largest number that divides all values without a rest; None if they are not round."""
    values = np.abs(values[values != 0])
    if not len(values):
        return 1.0
    scaled = values * FINEST / 2.0 ** np.ceil(np.log2(values.max()))
    whole = np.rint(scaled)
    if np.any(whole != scaled):
        return None
    unit = int(np.gcd.reduce(whole.astype(np.int64)))
    if whole.max() / unit > MAX_RANGE:
        return None
    return float(values.max() / whole.max() * unit)
