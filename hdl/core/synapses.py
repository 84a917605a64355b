"""The synapse memory: weights, and delays where there are some, of P lanes, one row per axon."""

from __future__ import annotations

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Mux, Signal, signed
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import ceil_div, clog2

STORAGES = ("block", "spram")

_SPRAM_WORDS = 16384
_SPRAM_BITS = 16
_SPRAM_COUNT = 4


class SynapseMemory(wiring.Component):
    """Word `address = group·A + axon` holds the weights of neurons `group·P … group·P + P − 1`.

    Reads and writes never come in the same cycle, so one port is enough for a storage.

    Members
    -------
    read, address : `weights` and `delays` are the word, by lane, `SYNAPSE_LATENCY` cycles later, and
        stay until the next read.
    write, write_lane, write_weight : stores one lane's weight at `address` in this cycle.
    write_delay, write_slots : instead of `write`: stores its delay field.

    Parameters
    ----------
    storage : "block" for block RAM, one bank per lane; "spram" for the single-port RAM of iCE40
        UltraPlus (four blocks of 16384 × 16 bits, writable in nibbles).
    """

    def __init__(self, config: CoreConfig, *, storage: str = "block") -> None:
        if storage not in STORAGES:
            raise ValueError(f"storage is {storage!r}; choose one of {', '.join(STORAGES)}")
        self._lanes = config.lanes
        self._bits = config.weight_bits
        self._delay_bits = clog2(config.delay_slots)
        self._depth = config.axons * config.layout.groups
        self._storage = storage
        if storage == "spram" and self._spram_blocks() > _SPRAM_COUNT:
            raise ValueError(
                f"{config.axons} axons × {config.layout.groups} words of {config.lanes} lanes need "
                f"{self._spram_blocks()} SPRAM blocks; there are {_SPRAM_COUNT}"
            )
        super().__init__(
            {
                "read": In(1),
                "address": In(range(self._depth)),
                "weights": Out(data.ArrayLayout(signed(self._bits), self._lanes)),
                "delays": Out(data.ArrayLayout(self._delay_bits, self._lanes)),
                "write": In(1),
                "write_lane": In(range(self._lanes)),
                "write_weight": In(signed(self._bits)),
                "write_delay": In(1),
                "write_slots": In(self._delay_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Choose the storage; the output register is common."""
        m = Module()
        word = Signal.like(self.weights)
        slots = Signal.like(self.delays)
        reading = Signal()
        m.d.sync += reading.eq(self.read)
        with m.If(reading):
            m.d.sync += [self.weights.eq(word), self.delays.eq(slots)]
        if self._storage == "block":
            self._bank(m, "bank", word, self.write_weight, self.write)
            if self._delay_bits:
                self._bank(m, "delay_bank", slots, self.write_slots, self.write_delay)
        else:
            self._spram(m, word, slots)
        return m

    def _bank(
        self,
        m: Module,
        name: str,
        word: data.View[data.ArrayLayout],
        value: Signal,
        enable: Signal,
    ) -> None:
        for lane in range(self._lanes):
            bank = memory.Memory(shape=value.shape(), depth=self._depth, init=[])
            m.submodules[f"{name}_{lane}"] = bank
            read, write = bank.read_port(), bank.write_port()
            m.d.comb += [
                read.addr.eq(self.address),
                read.en.eq(self.read),
                word[lane].eq(read.data),
                write.addr.eq(self.address),
                write.data.eq(value),
                write.en.eq(enable & (self.write_lane == lane)),
            ]

    @property
    def _nibbles(self) -> tuple[int, int]:
        """What a weight and a delay take: whole nibbles, because writes are masked by nibble."""
        return ceil_div(self._bits, 4), ceil_div(self._delay_bits, 4)

    @property
    def _slot(self) -> int:
        """Bits that a synapse takes."""
        return 4 * sum(self._nibbles)

    def _spram_blocks(self) -> int:
        wide = ceil_div(self._lanes * self._slot, _SPRAM_BITS)
        return wide * ceil_div(self._depth, _SPRAM_WORDS)

    def _spram(
        self, m: Module, word: data.View[data.ArrayLayout], slots: data.View[data.ArrayLayout]
    ) -> None:
        slot = self._slot
        weight_nibbles, delay_nibbles = self._nibbles
        wide = ceil_div(self._lanes * slot, _SPRAM_BITS)
        deep = ceil_div(self._depth, _SPRAM_WORDS)
        address = Signal(14 + (deep - 1).bit_length())
        selected = Signal(range(deep))
        m.d.comb += address.eq(self.address)
        with m.If(self.read):
            m.d.sync += selected.eq(address[14:])

        weight = Cat(self.write_weight.as_unsigned(), Const(0, 4 * weight_nibbles - self._bits))
        synapse = Cat(weight, self.write_slots, Const(0, 4 * delay_nibbles - self._delay_bits))
        repeated = Cat(synapse for _ in range(self._lanes))
        writes = self.write
        field_mask = Const(-1, weight_nibbles)
        if delay_nibbles:
            writes = self.write | self.write_delay
            field_mask = Cat(
                self.write.replicate(weight_nibbles), self.write_delay.replicate(delay_nibbles)
            )
        lane_mask = Cat(
            (self.write_lane == lane).replicate(slot // 4) & field_mask
            for lane in range(self._lanes)
        )
        mask = Signal(wide * _SPRAM_BITS // 4)
        data_in = Signal(wide * _SPRAM_BITS)
        m.d.comb += [mask.eq(lane_mask), data_in.eq(repeated)]
        outputs = []
        for d in range(deep):
            chosen = Signal(name=f"chosen_{d}")
            m.d.comb += chosen.eq(address[14:] == d)
            row = Signal(wide * _SPRAM_BITS, name=f"row_{d}")
            for w in range(wide):
                bits = slice(w * _SPRAM_BITS, (w + 1) * _SPRAM_BITS)
                m.submodules[f"spram_{d}_{w}"] = Instance(
                    "SB_SPRAM256KA",
                    i_CLOCK=ClockSignal("sync"),
                    i_ADDRESS=address[:14],
                    i_DATAIN=data_in[bits],
                    i_MASKWREN=mask[4 * w : 4 * w + 4],
                    i_WREN=writes,
                    i_CHIPSELECT=(self.read | writes) & chosen,
                    i_STANDBY=0,
                    i_SLEEP=0,
                    i_POWEROFF=1,
                    o_DATAOUT=row[bits],
                )
            outputs.append(row)
        line = outputs[0]
        for d in range(1, deep):
            line = Mux(selected == d, outputs[d], line)
        for lane in range(self._lanes):
            first = lane * slot
            m.d.comb += word[lane].eq(line[first : first + self._bits].as_signed())
            first += 4 * weight_nibbles
            m.d.comb += slots[lane].eq(line[first : first + self._delay_bits])
