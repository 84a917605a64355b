"""The memory map: every address that host and hardware share.

The bus has 32-bit little-endian words and *word* addresses of 32 bits; the top four bits name a
region, the others are logical (neuron, axon, parameter), never physical banks::

    IDENTITY    which board is this?  Always at address 0.
    CONTROL     registers, see `Register`
    COUNTERS    two words each, low first, see `COUNTERS`
                [CORE_OVERRUNS + k]  of a fabric: ticks that came when core k was not done
    MONITORS    [slot]              bus address whose word is reported after every step
    ROUTES      [j]                 see `ROUTE_*`
                [1 << 16 | e]       e-th destination, see `DESTINATION_*` (cores with route_entries)
    PARAMETERS  [k << 16 | j]       k-th of `CoreLayout.parameters`; j = 0 when shared
    STATES      [k << 16 | j]       k-th of `CoreLayout.states`
    ARRIVALS    [d << 14 | i div 32]  axons with a spike for the next step, or d steps later, bit i mod 32
    SYNAPSES    [i << row_bits | w] w-th word of axon i's row of weights

and in cores that learn::

    AXONS       [k << 16 | i]       k-th of `CoreLayout.axon_fields`
    NEURONS     [k << 16 | j]       k-th of `CoreLayout.neuron_fields`
    LEARNING    [k]                 k-th of `CoreLayout.learning`
    PLASTIC     [i << row_bits | w] w-th word of axon i's row of plastic bits
    ELIGIBILITY [i << row_bits | w] the same of eligibilities

and in cores with delays::

    DELAYS      [i << row_bits | w] w-th word of axon i's row of delay fields
    PENDING     [r << 20 | d << 14 | j]  sum under way to neuron j for the next step, or d steps later,
                                    by receptor (the modulator's is the last one)

In a fabric of several cores, bits `CORE_SHIFT` and up of the part below the region name the core.

Rows are packed as `SynapseField` says; each of the three has its own `row_bits`.  Signed fields
read back sign-extended.  Consecutive words of a block transfer walk along synapse rows without
gaps: the last word of a row is followed by the first of the next.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .core_config import CoreConfig
from .fabric_config import CORE_ADDRESS_BITS
from .image import MAX_CORES, NO_AXON, Image
from .widths import clog2

MAGIC = int.from_bytes(b"SLoo", "little")
LINK_VERSION = 2
MAP_VERSION = 3

REGION_SHIFT = 28
FIELD_SHIFT = 16
"""Position of `k` in PARAMETERS and STATES addresses."""
CORE_SHIFT = CORE_ADDRESS_BITS
CORE_BITS = clog2(MAX_CORES)
"""Where an address names the core of a fabric."""
SLOT_SHIFT = 14
"""Position of `d` in ARRIVALS and PENDING addresses."""
RECEPTOR_SHIFT = 20
"""Position of `r` in PENDING addresses."""


class Region(IntEnum):
    """Top four bits of a bus address."""

    IDENTITY = 0
    CONTROL = 1
    COUNTERS = 2
    MONITORS = 3
    ROUTES = 4
    PARAMETERS = 5
    STATES = 6
    ARRIVALS = 7
    SYNAPSES = 8
    AXONS = 9
    NEURONS = 10
    LEARNING = 11
    PLASTIC = 12
    ELIGIBILITY = 13
    DELAYS = 14
    PENDING = 15

    @property
    def base(self) -> int:
        """First address of the region."""
        return self.value << REGION_SHIFT


SYNAPSE_REGIONS = {
    "weight": Region.SYNAPSES,
    "plastic": Region.PLASTIC,
    "eligibility": Region.ELIGIBILITY,
    "delay": Region.DELAYS,
}
"""Where the `SynapseField`s are."""


class Identity(IntEnum):
    """Words of the identity block.  All but BUILD decide whether host and board fit together."""

    MAGIC = 0
    LINK_VERSION = 1
    MAP_VERSION = 2
    DIGEST_LOW = 3
    DIGEST_HIGH = 4
    BUILD = 8
    """First of BUILD_WORDS words of ASCII text, padded with zeros."""


BUILD_WORDS = 8


class Register(IntEnum):
    """Words of the CONTROL region."""

    RESET = 0
    """Write RESET_STATE or RESET_ALL; the reply comes when the memories are clear."""
    IMAGE = 1
    """Name of the loaded image (`Image.identity`); 0 = none, and RUN is refused."""
    STEP = 2
    """Number of the next step.  May be written, to go on from a snapshot."""
    TICK_PERIOD = 3
    """Clock cycles from tick to tick, at least 2; 0 = steps begin as soon as they can."""
    MONITOR_COUNT = 4
    """MONITORS slots in use."""
    CLOCK_HZ = 5
    """Frequency of the core clock, read-only."""
    LINE = 6
    """Phase step of the UART (`line_rate.phase_step`), in effect when the reply has been sent.  Falls back
    to the board's own when no good frame comes for 0.5…1 s.  Read-only where there is no UART."""


RESET_STATE = 1
"""Clears state, pending spikes, step number and counters; keeps the image."""
RESET_ALL = 2
"""RESET_STATE, and invalidates the image, clears TICK_PERIOD and MONITOR_COUNT."""

COUNTERS: dict[str, int] = {
    "steps": 32,
    "cycles": 48,
    "stalls": 48,
    "synaptic_operations": 48,
    "spikes": 48,
    "clamps": 48,
    "duplicates": 32,
    "unknown": 32,
    "late": 32,
    "overruns": 32,
    "weight_updates": 48,
    "weight_clamps": 48,
    "link_bad_frames": 32,
    "link_out_of_sequence": 32,
    "link_overflows": 32,
    "commands": 32,
    "connections": 32,
}
"""Counters of the COUNTERS region, in order, with their width in bits; they wrap.

steps: executed; cycles: clock cycles inside steps; stalls: clock cycles of runs, between steps, in
which the output could not take what was to be sent; link_bad_frames: wrong CRC, length or form;
link_out_of_sequence: valid, but not the next; link_overflows: valid, but more than the advertised
window.  The others: docs/reference/semantics.md.  Cleared by RESET_STATE, the link_* ones when a connection
is opened, commands (executed) and connections (opened) never: a host that remembers both values can
tell whether an interrupted command was executed."""
CORE_OVERRUNS = 256
"""Offset of the cores' own overruns in COUNTERS; they stop at 2^16 − 1."""
KEPT_COUNTERS = ("commands", "connections")
"""Counters since power-up."""

ROUTE_DRIVES = 1 << 31
"""The neuron drives the axon in the low bits (ROUTE_AXON_MASK)."""
ROUTE_REPORTS = 1 << 30
"""The neuron's spikes are sent to the host."""
ROUTE_AXON_MASK = (1 << 16) - 1
"""In a core with route_entries: the neuron's first destination."""

DESTINATIONS = 1 << 16
"""Offset of the table of destinations in ROUTES."""
DESTINATION_AXON_MASK = (1 << 14) - 1
DESTINATION_DELAY_SHIFT = 16
"""Position of the axonal delay, 6 bits."""
DESTINATION_CORE_SHIFT = CORE_ADDRESS_BITS
"""Position of the core's number, 6 bits."""
DESTINATION_LAST = 1 << 31
"""The neuron has no destinations after this one."""


class MemoryMap:
    """Addresses and word formats of one configuration."""

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.layout = config.layout
        self.parameter_entries = 1 if config.parameters == "shared" else config.neurons

    def counter(self, name: str) -> int:
        """Address of a counter's low word."""
        return Region.COUNTERS.base + 2 * list(COUNTERS).index(name)

    def parameter(self, name: str, neuron: int = 0) -> int:
        """Address of a parameter; with shared parameters only neuron 0 exists."""
        index = [f.name for f in self.layout.parameters].index(name)
        return Region.PARAMETERS.base + (index << FIELD_SHIFT) + neuron

    def state(self, name: str, neuron: int = 0) -> int:
        """Address of a neuron's state."""
        index = [f.name for f in self.layout.states].index(name)
        return Region.STATES.base + (index << FIELD_SHIFT) + neuron

    def axon_field(self, name: str, axon: int = 0) -> int:
        """Address of what an axon has."""
        index = [f.name for f in self.layout.axon_fields].index(name)
        return Region.AXONS.base + (index << FIELD_SHIFT) + axon

    def neuron_field(self, name: str, neuron: int = 0) -> int:
        """Address of what a neuron has to learn with."""
        index = [f.name for f in self.layout.neuron_fields].index(name)
        return Region.NEURONS.base + (index << FIELD_SHIFT) + neuron

    def learning(self, name: str) -> int:
        """Address of a parameter of the learning rule."""
        return Region.LEARNING.base + [f.name for f in self.layout.learning].index(name)

    def synapse_row(self, axon: int, field: str = "weight") -> int:
        """Address of the first word of an axon's row of weights, or of another synapse field."""
        row_bits = clog2(self.layout.synapse_fields[field].words_per_row)
        return SYNAPSE_REGIONS[field].base + (axon << row_bits)

    def pending(self, accumulator: int = 0, slot: int = 0, neuron: int = 0) -> int:
        """Address of a sum that is under way, for the next step or `slot` steps later."""
        part = (accumulator << RECEPTOR_SHIFT) | (slot << SLOT_SHIFT)
        return Region.PENDING.base + part + neuron

    def arrivals(self, slot: int = 0) -> int:
        """Address of the first word of the arrivals for the next step, or `slot` steps later."""
        return Region.ARRIVALS.base + (slot << SLOT_SHIFT)

    def pack_synapses(self, values: NDArray[np.int64], field: str = "weight") -> NDArray[np.uint32]:
        """(rows, N) integers of a synapse field to (rows, words_per_row) bus words."""
        f = self.layout.synapse_fields[field]
        padded = np.zeros((len(values), f.words_per_row * f.per_word), dtype=np.uint64)
        mask = np.uint64((1 << f.slot_bits) - 1)
        padded[:, : self.config.neurons] = values.astype(np.int64).astype(np.uint64) & mask
        shifts = np.arange(f.per_word, dtype=np.uint64) * np.uint64(f.slot_bits)
        lanes = padded.reshape(len(values), -1, f.per_word) << shifts
        return np.bitwise_or.reduce(lanes, axis=2).astype(np.uint32)

    def unpack_synapses(
        self, words: NDArray[np.uint32], field: str = "weight"
    ) -> NDArray[np.int64]:
        """Inverse of `pack_synapses`: bus words, flat or by row, to (rows, N) integers."""
        f = self.layout.synapse_fields[field]
        rows = np.asarray(words, dtype=np.int64).reshape(-1, f.words_per_row, 1)
        values = (rows >> (np.arange(f.per_word) * f.slot_bits)) & ((1 << f.slot_bits) - 1)
        if f.signed:
            values = values - ((values >> (f.slot_bits - 1)) << f.slot_bits)
        return values.reshape(len(rows), -1)[:, : self.config.neurons]

    def pack_routes(self, image: Image) -> NDArray[np.uint32]:
        """(N,) route words of an image."""
        assert image.routes is not None
        assert image.report is not None
        first = image.routes
        if self.config.route_entries:
            drivers = image.destinations[:, 0]
            first = np.full(self.config.neurons, NO_AXON, dtype=np.int64)
            first[drivers[::-1]] = np.arange(len(drivers))[::-1]
        words = np.where(first != NO_AXON, first | ROUTE_DRIVES, 0)
        return (words | np.where(image.report, ROUTE_REPORTS, 0)).astype(np.uint32)

    @staticmethod
    def pack_destinations(image: Image) -> NDArray[np.uint32]:
        """(E,) words of the table of destinations."""
        neuron, core, axon, delay = image.destinations.T
        last = np.append(neuron[1:] != neuron[:-1], True) if len(neuron) else neuron
        words = axon | delay << DESTINATION_DELAY_SHIFT | core << DESTINATION_CORE_SHIFT
        return (words | np.where(last, DESTINATION_LAST, 0)).astype(np.uint32)

    def image_blocks(self, image: Image) -> list[tuple[int, NDArray[np.uint32]]]:
        """The block writes (address, words) that load an image, all but `Register.IMAGE`."""
        blocks = [(Region.ROUTES.base, self.pack_routes(image))]
        if len(image.destinations):
            blocks.append((Region.ROUTES.base + DESTINATIONS, self.pack_destinations(image)))
        for name, values in image.parameters.items():
            words = values[: self.parameter_entries].astype(np.uint32)
            blocks.append((self.parameter(name), words))
        blocks.append((self.synapse_row(0), self.pack_synapses(image.weights).ravel()))
        if self.config.delay_slots > 1:
            blocks.append(
                (self.synapse_row(0, "delay"), self.pack_synapses(image.delays, "delay").ravel())
            )
        if self.config.learning is not None:
            for name, value in image.learning.items():
                blocks.append((self.learning(name), np.array([value]).astype(np.uint32)))
            axon_fields = {f.name for f in self.layout.axon_fields}
            if "tag" in axon_fields:
                blocks.append((self.axon_field("tag"), image.axon_tags.astype(np.uint32)))
                blocks.append((self.neuron_field("tag"), image.neuron_tags.astype(np.uint32)))
            if "modulatory" in axon_fields:
                blocks.append((self.axon_field("modulatory"), image.modulatory.astype(np.uint32)))
            plastic = self.pack_synapses(image.plastic.astype(np.int64), "plastic")
            blocks.append((self.synapse_row(0, "plastic"), plastic.ravel()))
        return blocks
