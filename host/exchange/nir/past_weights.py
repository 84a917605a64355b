"""Recurrent layers whose input was written as an input of their recurrent weights, as Spyx does."""

from __future__ import annotations

from .flat import Flat
from .shapes import NEURONS

LINEAR = ("Linear", "Affine")


def inputs_past_weights(flat: Flat) -> list[str]:
    """Lead to the neurons what reaches them through their recurrent weights alone; says where.

    By NIR's text input → w_rec ⇄ lif multiplies the input by the recurrent weights, too.  Spyx runs
    input → lif ⇄ w_rec, and writes that.
    """
    notes = []
    for neuron in flat.of(*NEURONS):
        before = flat.before(neuron.name)
        if len(before) != 1 or flat.nodes[before[0]].kind not in LINEAR:
            continue
        (weights,) = before
        inputs = [name for name in flat.before(weights) if name != neuron.name]
        recurrent = (neuron.name, weights) in flat.edges and flat.after(weights) == [neuron.name]
        if not recurrent or not inputs:
            continue
        flat.edges = [
            (a, neuron.name) if b == weights and a in inputs else (a, b) for a, b in flat.edges
        ]
        notes.append(
            f"node {neuron.name!r}: its input was written as one of its recurrent weights "
            f"{weights!r}; it is led to the neurons"
        )
    return notes
