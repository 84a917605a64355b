"""Test equipment: what stands behind the bus of a board, with the golden model as its core."""

from __future__ import annotations

import numpy as np

from spikeloom.hdl import NO_AXON, CoreConfig, Image, MemoryMap
from spikeloom.hdl.contract.core_config import clog2
from spikeloom.hdl.contract.image import RunningImage
from spikeloom.hdl.contract.memory_map import (
    BUILD_WORDS,
    COUNTERS,
    DESTINATION_AXON_MASK,
    DESTINATION_CORE_SHIFT,
    DESTINATION_DELAY_SHIFT,
    DESTINATION_LAST,
    DESTINATIONS,
    LINK_VERSION,
    MAGIC,
    MAP_VERSION,
    RESET_ALL,
    ROUTE_AXON_MASK,
    ROUTE_DRIVES,
    ROUTE_REPORTS,
    SYNAPSE_REGIONS,
    Identity,
    Region,
    Register,
)
from spikeloom.sim import GoldenCore

READ_ONLY = (Register.CLOCK_HZ, Register.LINE)


class FakeCore:
    """Words by address.  What an image says is kept as written, until a run needs it."""

    def __init__(self, config: CoreConfig, build: str) -> None:
        self.config = config
        self.map = MemoryMap(config)
        self.requests: list[str] = []
        self.link_counters = dict.fromkeys(("bad_frames", "out_of_sequence", "overflows"), 0)
        c, layout = self.config, self.config.layout
        base = Region.IDENTITY.base
        text = np.frombuffer(build.encode().ljust(4 * BUILD_WORDS, b"\0"), dtype="<u4")
        self.identity = {
            base + Identity.MAGIC: MAGIC,
            base + Identity.LINK_VERSION: LINK_VERSION,
            base + Identity.MAP_VERSION: MAP_VERSION,
            base + Identity.DIGEST_LOW: c.digest & 0xFFFFFFFF,
            base + Identity.DIGEST_HIGH: c.digest >> 32,
            **{base + Identity.BUILD + k: int(word) for k, word in enumerate(text)},
        }
        self._mapped: dict[int, bool] = dict.fromkeys(self.identity, False)
        """Mapped addresses, and whether they can be written."""
        for register in Register:
            self._mapped[Region.CONTROL.base + register] = register not in READ_ONLY
        self._mapped |= {Region.COUNTERS.base + k: False for k in range(2 * len(COUNTERS))}
        self._mapped |= {Region.MONITORS.base + k: True for k in range(c.monitors)}
        self._arrivals = {
            self.map.arrivals(slot) + k: (slot, 32 * k)
            for slot in range(c.axonal_delay_slots)
            for k in range(layout.arrival_words)
        }
        self._pending = {}
        if c.delay_slots > 1:
            shape = (layout.accumulators, c.delay_slots, c.neurons)
            self._pending = {self.map.pending(*place): place for place in np.ndindex(shape)}
        self._mapped |= dict.fromkeys((*self._arrivals, *self._pending), True)
        self._rows = {
            name: [
                [self.map.synapse_row(i, name) + w for w in range(field.words_per_row)]
                for i in range(c.axons)
            ]
            for name, field in layout.synapse_fields.items()
        }
        kept = [at for name in self._rows if name != "eligibility" for at in self._all(name)]
        kept += [Region.ROUTES.base + j for j in range(c.neurons)]
        kept += [Region.ROUTES.base + DESTINATIONS + e for e in range(c.route_entries)]
        for field in layout.parameters:
            kept += [self.map.parameter(field.name, j) for j in range(self.map.parameter_entries)]
        kept += [self.map.learning(field.name) for field in layout.learning]
        self._states: dict[int, tuple[str, int]] = {}
        for field in layout.states:
            self._states |= {
                self.map.state(field.name, j): (field.name, j) for j in range(c.neurons)
            }
        for fields, states, size, where in (
            (layout.axon_fields, layout.axon_states, c.axons, self.map.axon_field),
            (layout.neuron_fields, layout.neuron_states, c.neurons, self.map.neuron_field),
        ):
            for field in fields:
                if field in states:
                    self._states |= {where(field.name, k): (field.name, k) for k in range(size)}
                else:
                    kept += [where(field.name, k) for k in range(size)]
        self._mapped |= dict.fromkeys(self._states, True)
        self._mapped |= dict.fromkeys(self._all("eligibility"), True)
        self._mapped |= dict.fromkeys(kept, True)
        self._memory = dict.fromkeys(kept, 0)
        zeros = np.zeros((c.axons, c.neurons), dtype=np.int64)
        self.core = GoldenCore(Image(c, zeros))
        self._image = self._tick = self._monitor_count = 0
        self._monitors = [0] * c.monitors

    def _all(self, name: str) -> list[int]:
        """Addresses of all words of a synapse field."""
        return [address for row in self._rows.get(name, []) for address in row]

    def _synapse_field(self, address: int) -> str:
        return {v.value: k for k, v in SYNAPSE_REGIONS.items()}.get(address >> 28, "")

    def _following(self, address: int) -> int:
        field = self.config.layout.synapse_fields.get(self._synapse_field(address))
        if field is not None:
            bits = clog2(field.words_per_row)
            row, word = divmod(address & 0x0FFF_FFFF, 1 << bits)
            if word == field.words_per_row - 1:
                return self.map.synapse_row(row + 1, field.name)
        return address + 1

    def _array(self, name: str) -> np.ndarray:
        core = self.core
        return {**core.states, **core.axon_states, **core.neuron_states}[name][0]

    def _get(self, address: int) -> int:
        region = address >> 28
        if region == Region.IDENTITY:
            return self.identity[address]
        if region == Region.CONTROL:
            return {
                Register.RESET: 0,
                Register.IMAGE: self._image,
                Register.STEP: self.core.step_number,
                Register.TICK_PERIOD: self._tick,
                Register.MONITOR_COUNT: self._monitor_count,
                Register.CLOCK_HZ: 1_000_000,
                Register.LINE: 0,
            }[Register(address - Region.CONTROL.base)]
        if region == Region.COUNTERS:
            index, high = divmod(address - Region.COUNTERS.base, 2)
            name = list(COUNTERS)[index]
            if name.startswith("link_"):
                value = self.link_counters[name.removeprefix("link_")]
            elif name == "commands":
                value = len(self.requests)
            else:
                value = int(self.core.counters.get(name, [0])[0])
            return value >> 32 * high & 0xFFFFFFFF
        if region == Region.MONITORS:
            return self._monitors[address - Region.MONITORS.base]
        if region == Region.PENDING:
            return int(self.core.pending[0][self._pending[address]]) & 0xFFFFFFFF
        if region == Region.ARRIVALS:
            slot, first = self._arrivals[address]
            bits = self._arriving(slot)[first : first + 32]
            return sum(1 << int(k) for k in np.flatnonzero(bits))
        if region == Region.ELIGIBILITY:
            row, word = self._place(address)
            values = self.core.eligibility[row : row + 1]
            return int(self.map.pack_synapses(values, "eligibility")[0, word])
        if address in self._states:
            name, k = self._states[address]
            return int(self._array(name)[k])
        return self._memory[address]

    def _set(self, address: int, value: int) -> None:
        region = address >> 28
        if region == Region.CONTROL:
            register = Register(address - Region.CONTROL.base)
            if register == Register.RESET:
                self.core.reset()
                if value == RESET_ALL:
                    self._image = self._tick = self._monitor_count = 0
            elif register == Register.IMAGE:
                self._image = value
            elif register == Register.STEP:
                self.core.step_number = value
            elif register == Register.TICK_PERIOD:
                self._tick = value
            else:
                self._monitor_count = value
        elif region == Region.MONITORS:
            self._monitors[address - Region.MONITORS.base] = value
        elif region == Region.ARRIVALS:
            slot, first = self._arrivals[address]
            for k in range(first, min(first + 32, self.config.axons)):
                self._arriving(slot)[k] = value >> (k - first) & 1
        elif region == Region.PENDING:
            self.core.pending[0][self._pending[address]] = value - (value >> 31 << 32)
        elif region == Region.ELIGIBILITY:
            row, word = self._place(address)
            words = self.map.pack_synapses(self.core.eligibility[row : row + 1], "eligibility")
            words[0, word] = value
            self.core.eligibility[row] = self.map.unpack_synapses(words, "eligibility")[0]
        elif address in self._states:
            name, k = self._states[address]
            self._array(name)[k] = value - (value >> 31 << 32)
        else:
            self._memory[address] = value

    def _arriving(self, slot: int) -> np.ndarray:
        """The arrivals of the next step, or of `slot` steps later."""
        return self.core.later_arrivals[0, slot - 1] if slot else self.core.arrivals[0]

    def _place(self, address: int) -> tuple[int, int]:
        """Axon and word of an eligibility."""
        words = self.config.layout.synapse_fields["eligibility"].words_per_row
        return divmod(address & 0x0FFF_FFFF, 1 << clog2(words))

    def _synapses(self, name: str) -> np.ndarray:
        words = np.array([self._memory[at] for at in self._all(name)], dtype=np.uint32)
        return self.map.unpack_synapses(words, name)

    def _signed(self, address: int, signed: bool) -> int:
        value = self._memory[address]
        return value - (value >> 31 << 32) if signed else value

    def _rebuild(self) -> None:
        """Let the golden model run what the memories hold."""
        self.core.image = self.held_image()

    def _destinations(self, first: np.ndarray) -> np.ndarray:
        """(E, 4) destinations, from each neuron's first one to the last."""
        rows = []
        for neuron, entry in enumerate(first):
            while entry != NO_AXON:
                word = self._memory[Region.ROUTES.base + DESTINATIONS + int(entry)]
                core, delay = word >> DESTINATION_CORE_SHIFT & 63, word >> DESTINATION_DELAY_SHIFT
                rows.append((neuron, core, word & DESTINATION_AXON_MASK, delay & 63))
                entry = NO_AXON if word & DESTINATION_LAST else entry + 1
        return np.array(rows, dtype=np.int64).reshape(-1, 4)

    def held_image(self) -> Image:
        """The image that the memories hold."""
        c, layout, where = self.config, self.config.layout, self.map
        entries = range(where.parameter_entries)
        parameters = {
            f.name: np.resize(
                [self._signed(where.parameter(f.name, j), f.signed) for j in entries], c.neurons
            )
            for f in layout.parameters
        }
        routes = np.array([self._memory[Region.ROUTES.base + j] for j in range(c.neurons)])
        drives = routes & ROUTE_DRIVES != 0
        learning = {f.name: self._signed(where.learning(f.name), f.signed) for f in layout.learning}
        rest = {}
        if c.delay_slots > 1:
            rest["delays"] = self._synapses("delay")
        first = np.where(drives, routes & ROUTE_AXON_MASK, NO_AXON)
        if c.route_entries:
            rest["destinations"] = self._destinations(first)
            first = None
        if learning:
            rest["plastic"] = self._synapses("plastic")
        axon_fields = {f.name for f in layout.axon_fields}
        if "tag" in axon_fields:
            rest["axon_tags"] = [self._memory[where.axon_field("tag", i)] for i in range(c.axons)]
            tags = [self._memory[where.neuron_field("tag", j)] for j in range(c.neurons)]
            rest["neuron_tags"] = tags
        if "modulatory" in axon_fields:
            rest["modulatory"] = [
                self._memory[where.axon_field("modulatory", i)] for i in range(c.axons)
            ]
        return RunningImage(
            c,
            self._synapses("weight"),
            parameters,
            first,
            routes & ROUTE_REPORTS != 0,
            learning,
            **rest,
        )

    def _keep(self) -> None:
        """Keep the weights as learned."""
        words = self.map.pack_synapses(self.core.image.weights).ravel()
        self._memory |= zip(self._all("weight"), map(int, words), strict=True)
