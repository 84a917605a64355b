"""NIR fires above the threshold, a core from it on: what a potential equal to the threshold does.

With generic floats no potential ever equals its threshold, and the next larger float is a threshold
for "above".  With integers and other round numbers they do, and rounding for a core would make the
two equal again: then the threshold is raised by as much as no potential can be in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...quantise.rounding import Floats

if TYPE_CHECKING:
    from .units import Unit

MAX_RANGE = 1 << 16
"""Values that lie on a lattice of so many steps, at most, are round."""
FINEST = 1 << 40
SHARE = 2.0**-10
"""Where a leak leaves the lattice, but inputs from rest reach a threshold, it is raised by this share."""
FEW = 16
"""So many different weights, at most, are those of a network made by hand."""


def lattice(values: Floats) -> float | None:
    """The largest power of two, times an integer, that divides all values; None if they are not round."""
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


def raised_threshold(
    unit: Unit, threshold: Floats, rest: Floats, reset: Floats, weights: Floats, *, subtract: bool
) -> Floats:
    """The threshold to be at, for a neuron that fires above; may change the unit's start, too."""
    above = np.nextafter(threshold, np.inf)
    step = lattice(np.concatenate([weights, unit.bias, threshold, rest, reset, unit.start]))
    if step is None:
        return above
    exact = bool(np.all((unit.alpha == 1) | (unit.alpha == 0)) and np.all(unit.beta == 0))
    name = unit.node.name
    if exact and subtract and np.any(unit.alpha == 1):
        # The threshold is also what is subtracted: so the potential begins lower instead.
        unit.start = unit.start - step
        unit.notes.append(
            f"node {name!r} fires above the threshold; all its numbers are multiples of {step:g}, so "
            "it begins that much lower and fires from the threshold on"
        )
        return threshold
    if exact:
        unit.notes.append(
            f"node {name!r} fires above the threshold; all its numbers are multiples of {step:g}, so "
            "that much was added to it"
        )
        return threshold + step
    if not _reaches(weights, threshold - rest):
        return above
    unit.notes.append(
        f"node {name!r} fires above the threshold, and its numbers are round; {SHARE:.1%} were added "
        "to it, so that a potential equal to it does not fire"
    )
    return np.maximum(above, threshold + SHARE * np.abs(threshold))


def _reaches(weights: Floats, heights: Floats) -> bool:
    """Whether one of a few different weights, or the sum of two, is a threshold's height above rest."""
    different = np.unique(weights[weights > 0])
    if len(different) > FEW:
        return False
    sums = np.concatenate([different, np.add.outer(different, different).ravel()])
    return bool(np.isin(heights, sums).any())
