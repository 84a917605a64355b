"""Signatures between the blocks of a core: walks, sums, spikes, rows, arrivals."""

from __future__ import annotations

from amaranth.hdl import signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import WORD_BITS, clog2
from .layouts import row_layout, row_stride


class WalkSignature(wiring.Signature):
    """Words of U neurons, one per cycle while `active`, as seen from the block that walks.

    No back-pressure: what follows a walk keeps pace.

    Members
    -------
    active : the other members name a word.
    clear : the walk sets all state to 0.
    group, part : of the P neurons of `group`, those of lanes `part·U … part·U + U − 1`.
    slot : of accumulators with delays, how many steps later than this one.
    """

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(
            {
                "active": Out(1),
                "clear": Out(1),
                "group": Out(range(config.layout.groups)),
                "part": Out(range(config.lanes // config.update_units)),
                "slot": Out(range(config.delay_slots)),
            }
        )


class TakeSignature(wiring.Signature):
    """Accumulators that are read and cleared, as seen from the block that takes them.

    Members
    -------
    walk : the word whose accumulators are taken (`WalkSignature`); of a group the other lanes keep
        theirs.
    sums : the group's accumulators, by accumulator and lane, `TAKE_LATENCY` cycles later.  The
        modulator's is the last one.
    """

    def __init__(self, config: CoreConfig) -> None:
        lane_sums = data.ArrayLayout(signed(config.layout.accumulator_bits), config.lanes)
        super().__init__(
            {
                "walk": Out(WalkSignature(config)),
                "sums": In(data.ArrayLayout(lane_sums, config.layout.accumulators)),
            }
        )


class FiredSignature(wiring.Signature):
    """Spikes of a word of U neurons, as seen from the block that updates them.  No back-pressure.

    Members
    -------
    valid : the other members are of a word of this step.
    word : its number.
    mask : who fired, by update unit.
    potentials : as they are stored after the step, by update unit.
    """

    def __init__(self, config: CoreConfig) -> None:
        units = config.update_units
        super().__init__(
            {
                "valid": Out(1),
                "word": Out(range(config.layout.update_words)),
                "mask": Out(units),
                "potentials": Out(data.ArrayLayout(signed(config.state_bits), units)),
            }
        )


class RowReadSignature(wiring.Signature):
    """Words of P synapses of a row, one per cycle, as seen from the block that integrates them.

    No back-pressure: the synapse memory answers `synapse_latency(config)` cycles later.

    Members
    -------
    active : read the word at `address`, which is `group` of `row` (`row_layout`).
    weights, delays : of the word, by lane.
    """

    def __init__(self, config: CoreConfig) -> None:
        groups, lanes = config.layout.groups, config.lanes
        super().__init__(
            {
                "active": Out(1),
                "address": Out(range(row_stride(config) * groups)),
                "group": Out(range(groups)),
                "row": Out(row_layout(config)),
                "weights": In(data.ArrayLayout(signed(config.weight_bits), lanes)),
                "delays": In(data.ArrayLayout(clog2(config.delay_slots), lanes)),
            }
        )


class ScannedSignature(wiring.Signature):
    """Words of the step's arrival bitmap, as seen from the block that empties it.  No back-pressure.

    Members
    -------
    valid : the other members are a word of the bitmap.
    word, bits : its number, and axons `32·word … 32·word + 31`.
    """

    def __init__(self, config: CoreConfig) -> None:
        super().__init__(
            {
                "valid": Out(1),
                "word": Out(range(config.layout.arrival_words)),
                "bits": Out(WORD_BITS),
            }
        )
