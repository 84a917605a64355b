"""What each lane keeps of axons and neurons: copies of their traces, tags and gains."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.learning_config import SCALING_BITS, TAG_BITS
from ..contract.widths import clog2
from ..memories import BlockMemory, TwinMemory
from ..primitives.lane_chain import LaneChain
from ..primitives.layouts import record


def record_count(config: CoreConfig) -> int:
    """Places for records: as many as the larger of the two numbers of axons and neurons, padded."""
    return max(config.layout.groups, config.layout.axon_groups) * config.lanes


def states_layout(config: CoreConfig) -> data.StructLayout:
    """States of an axon and of a neuron with the same number, side by side."""
    layout = config.layout
    return data.StructLayout(
        {"axon": record(layout.axon_states), "neuron": record(layout.neuron_states)}
    )


class RecordPort(wiring.Signature):
    """What is written into the copies of all lanes, and read from one, as seen from `Records`.

    No back-pressure.  What is written is in all lanes P + 1 cycles later.

    Members
    -------
    index : of axon and neuron.
    write, states : both states (`states_layout`).
    read, read_index, word : both states, `BLOCK_LATENCY` cycles later.  Meanwhile no lane may read.
    write_tag, of_axon, tag : the tag of one of the two, where there are tags.
    write_gain, gain : the neuron's scaling factor, where the rule scales.
    """

    def __init__(self, config: CoreConfig) -> None:
        assert config.learning is not None
        members: dict[str, Any] = {
            "index": Out(range(record_count(config))),
            "write": Out(1),
            "states": Out(states_layout(config)),
            "read": Out(1),
            "read_index": Out(range(record_count(config))),
            "word": In(states_layout(config)),
        }
        if config.learning.stochastic:
            members |= {"write_tag": Out(1), "of_axon": Out(1), "tag": Out(TAG_BITS)}
        if config.learning.format.scales:
            members |= {"write_gain": Out(1), "gain": Out(signed(SCALING_BITS))}
        super().__init__(members)


class LaneRecords:
    """Generates the copies of all lanes; as the synapse comes, there is the record of its other end.

    In a row that is a neuron, in a column an axon.

    Attributes
    ----------
    states, tags, gains : by lane; None where there are none.
    low : the low bits of the other end's number by lane, with the address.
    """

    def __init__(self, m: Module, config: CoreConfig, chain: LaneChain, op: Any, port: Any) -> None:
        assert config.learning is not None
        layout, count = states_layout(config), record_count(config)
        self.low = chain.mirrored(op.low, None, "record_low")
        high = chain.along(op.record, "record")
        index = chain.along(port.index, "record_index")
        addresses: list[Value] = [Cat(low, h) for low, h in zip(self.low, high, strict=True)]
        # While something is written into the first lane's copy, the second's may be read.
        reader = min(1, len(addresses) - 1)
        read = list(addresses)
        read[reader] = Mux(port.read, port.read_index, read[reader])
        words = _copies(m, "states", read, index, chain, port.write, port.states.as_value(), count)
        m.d.comb += port.word.eq(words[reader])
        self.states = [data.View(layout, word) for word in words]
        self.tags: list[Value] | None = None
        if config.learning.stochastic:
            of_axon = chain.along(port.of_axon, "of_axon")
            post = chain.along(op.post, "record_post")
            places = clog2(count)
            self.tags = _copies(
                m,
                "tags",
                [Cat(_padded(a, places), b) for a, b in zip(addresses, post, strict=True)],
                [Cat(_padded(a, places), b) for a, b in zip(index, of_axon, strict=True)],
                chain,
                port.write_tag,
                port.tag,
                2 << places,
            )
        self.gains: list[Value] | None = None
        if config.learning.format.scales:
            words = _copies(m, "gains", addresses, index, chain, port.write_gain, port.gain, count)
            self.gains = [word.as_signed() for word in words]


def _padded(address: Value, bits: int) -> Value:
    return (
        Cat(address[:bits], (address & 0)[: bits - len(address)])
        if bits > len(address)
        else address[:bits]
    )


def _copies(
    m: Module,
    name: str,
    read: list[Value],
    written: list[Value],
    chain: LaneChain,
    write: Value,
    word: Value,
    depth: int,
) -> list[Value]:
    """The words of a memory in each lane, `BLOCK_LATENCY` cycles after their addresses."""
    writes, words = chain.along(write, f"{name}_write"), chain.along(word, f"{name}_word")
    found: list[Value] = []
    for p in range(0, len(read), 2):
        # Nothing is read while records change, so two lanes may share a memory.
        shared = p + 1 < len(read)
        memory = (TwinMemory if shared else BlockMemory)(len(words[p]), depth)
        m.submodules[f"{name}_{p}"] = memory
        m.d.comb += [
            memory.write.eq(writes[p]),
            memory.write_address.eq(written[p]),
            memory.write_word.eq(words[p]),
        ]
        if isinstance(memory, TwinMemory):
            m.d.comb += [memory.read_addresses[k].eq(read[p + k]) for k in range(2)]
            found += [memory.words[k] for k in range(2)]
        else:
            m.d.comb += memory.read_address.eq(read[p])
            found.append(memory.word)
    return found
