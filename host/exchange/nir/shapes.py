"""The shape of every node's input and output, where the file has one reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .flat import PASS, Flat
from .linear_maps import LINEAR, Shape, needed_shape, output_shape, size
from .raw import KINDS, Node

NEURONS = ("Threshold", "I", "IF", "LI", "LIF", "CubaLI", "CubaLIF")
PER_ELEMENT = (*NEURONS, "Scale", "Delay")
"""Kinds whose values are one for each element of the signal, or one for all."""


@dataclass(frozen=True, eq=False)
class Shapes:
    """Shapes by node."""

    inputs: dict[str, Shape]
    outputs: dict[str, Shape]


def own_shape(node: Node) -> Shape:
    """The shape of values that are one for each element; () where all are single numbers."""
    found: Shape = ()
    for key in (*KINDS[node.kind], "v_reset", "w_in"):
        if node.values.get(key) is None:
            continue
        shape = node.numbers(key).shape
        if size(shape) == 1:
            continue
        if size(found) > 1 and size(shape) != size(found):
            raise node.refused(f"{key} has shape {shape}, others of its values {found}")
        found = shape
    return found


def find_shapes(flat: Flat) -> Shapes:
    """The shapes of a graph; what is repaired is noted in it.  Raises `ForeignNetworkError`."""
    _repair_inputs(flat)
    outputs: dict[str, Shape] = {}
    inputs: dict[str, Shape] = {}
    for lonely in (False, True):
        while _one_round(flat, inputs, outputs, lonely):
            pass
    for name, node in flat.nodes.items():
        if name not in outputs:
            raise node.refused(
                "its shape is not known: nothing that feeds it has one, and it states none itself"
            )
        for before in flat.before(name):
            if size(outputs[before]) != size(inputs[name]):
                raise node.refused(
                    f"takes a signal of shape {inputs[name]}, but {before!r} gives one of "
                    f"{outputs[before]}"
                )
        _check_declared(flat, node, inputs.get(name))
    return Shapes(inputs, outputs)


def _one_round(
    flat: Flat, inputs: dict[str, Shape], outputs: dict[str, Shape], lonely: bool
) -> bool:
    """Find what follows from what is known; whether anything did.  `lonely`: single values count."""
    changed = False
    for name, node in flat.nodes.items():
        if name in outputs:
            continue
        known = [outputs[b] for b in flat.before(name) if b in outputs]
        # Of a graph and its feedback, the one with the more dimensions says how they lie.
        given = max(known, key=len) if known else None
        made = _shape_of(flat, node, given, lonely)
        if made is None:
            continue
        inputs[name], outputs[name] = made
        changed = True
    return changed


def _shape_of(
    flat: Flat, node: Node, given: Shape | None, lonely: bool
) -> tuple[Shape, Shape] | None:
    if node.kind == "Input":
        shape = node.shape("shape")
        return None if shape is None else (shape, shape)
    if node.kind in PER_ELEMENT:
        own = own_shape(node)
        if given is None:
            shape = own if size(own) > 1 else ((1,) if lonely else None)
        else:
            shape = _fitting(flat, node, own, given)
        return None if shape is None else (shape, shape)
    needed = needed_shape(node) if node.kind in LINEAR and node.kind != PASS else None
    if (needed is not None and given is not None and size(needed) == size(given)) or given is None:
        given = needed
    if given is None:
        return None
    if needed is not None and size(needed) != size(given):
        raise node.refused(f"takes a signal of shape {needed}; its input has shape {given}")
    return given, output_shape(node, given)


def _fitting(flat: Flat, node: Node, own: Shape, given: Shape) -> Shape:
    """The shape of a node whose values are one for each element, or one for all."""
    if size(own) == size(given):
        return own if len(own) >= len(given) else given
    if size(own) == 1:
        if size(given) > 1 and not node.values.get("_noted"):
            flat.notes.append(f"node {node.name!r} has one value for all {size(given)} elements")
            node.values["_noted"] = True
        return given
    for key in (*KINDS[node.kind], "v_reset", "w_in"):
        if node.values.get(key) is not None and np.ptp(node.numbers(key)) > 0:
            raise node.refused(
                f"has values of shape {own} for a signal of shape {given}, and {key} differs "
                "between them"
            )
    flat.notes.append(
        f"node {node.name!r} has values of shape {own} for a signal of shape {given}; they are all "
        "the same, and stand for all"
    )
    for key in (*KINDS[node.kind], "v_reset", "w_in"):
        if node.values.get(key) is not None:
            node.values[key] = node.numbers(key).ravel()[:1]
    return given


def _repair_inputs(flat: Flat) -> None:
    """Inputs without a shape take that of what they feed, and those with a batch lose it."""
    for node in flat.of("Input"):
        needs = [_need(flat.nodes[name]) for name in flat.after(node.name)]
        wanted = {size(need): need for need in needs if need is not None}
        if len(wanted) != 1:
            continue
        ((count, need),) = wanted.items()
        shape = node.shape("shape")
        if shape is None:
            node.values["shape"] = np.array(need)
        elif size(shape) != count:
            inner = next((shape[k:] for k in range(len(shape)) if size(shape[k:]) == count), None)
            if inner is None:
                raise node.refused(
                    f"has shape {shape}, but feeds {flat.after(node.name)[0]!r}, which takes {need}"
                )
            node.values["shape"] = np.array(inner)
            flat.notes.append(
                f"node {node.name!r} has shape {shape}; what it feeds takes {need}, so the first "
                "dimension is a batch or time, and was left out"
            )


def _need(node: Node) -> Shape | None:
    if node.kind in PER_ELEMENT:
        own = own_shape(node)
        return own if size(own) > 1 else None
    return needed_shape(node) if node.kind in LINEAR and node.kind != PASS else None


def _check_declared(flat: Flat, node: Node, shape: Shape | None) -> None:
    """Ports and outputs state a shape, too; where the nodes around them agree, it counts for nothing."""
    if node.kind not in ("Output", PASS) or shape is None:
        return
    declared = node.shape("shape")
    if declared is None or size(declared) == size(shape):
        return
    batch = any(size(declared[k:]) == size(shape) for k in range(len(declared)))
    if node.kind == PASS or batch:
        flat.notes.append(
            f"node {node.name!r} states the shape {declared}; the signal through it has {shape}"
        )
        return
    raise node.refused(f"has shape {declared}, but is given a signal of shape {shape}")
