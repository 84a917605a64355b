"""How a lane changes its synapse: the rule's change is rounded, added, bounded and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from ..contract.core_config import CoreConfig
from ..contract.learning_config import TAG_BITS
from ..memories import BLOCK_LATENCY
from ..primitives.lane_chain import LaneChain
from ..primitives.pipeline import pipeline
from .lane_records import LaneRecords
from .random_numbers import synapse_random
from .rules import Lane, Rule


@dataclass(frozen=True)
class Written:
    """What a lane writes: all of it are registers, `Rule.write_latency` cycles after the synapse came.

    Attributes
    ----------
    word : the new weight, and 1 for plastic; or what the host writes.
    eligibility : the new one, if the rule has them.
    writes_weight, writes_eligibility : whether.
    updated, clamped, state_clamped : to be counted.
    """

    word: Value
    eligibility: Value | None
    writes_weight: Value
    writes_eligibility: Value
    updated: Value
    clamped: Value
    state_clamped: Value


class SynapseChange:
    """Generates the change of each lane.

    Parameters
    ----------
    records : of the lanes.
    parameters : of the rule.
    value : what the host writes into a synapse.
    """

    def __init__(
        self,
        m: Module,
        config: CoreConfig,
        chain: LaneChain,
        op: Any,
        rule: Rule,
        records: LaneRecords,
        parameters: data.View[data.StructLayout],
        value: Value,
    ) -> None:
        self._m, self._config, self._rule, self._records = m, config, rule, records
        self._parameters = parameters
        came, bounded = BLOCK_LATENCY, BLOCK_LATENCY + rule.write_latency - 1
        # Comparing with the bound takes a cycle of its own where ways are long.
        self._wait = rule.wire_stages
        compared = bounded - self._wait
        self._post = chain.along(op.post, "post", came)
        self._sweep = chain.along(op.sweep, "sweep", came)
        self._learn = chain.along(op.learn, "learn", came)
        self._clear = chain.along(op.clear, "clear", bounded)
        self._minus = chain.along(~op.post, "minus", compared - 1)
        self._down = chain.along(~op.post, "down", compared)
        p = parameters
        limit = Cat(Mux(op.post, turned(p.w_max), turned(p.w_min)), Const(1, 1))
        limit = Mux(op.touch, value, limit)
        self._limit = chain.along(limit, "limit", bounded)
        self._bound = self._limit
        if self._wait:
            self._bound = chain.along(limit[: config.weight_bits], "bound", compared)
        self._hash = chain.along(op.hash, "hash", came) if records.tags is not None else None
        self._exists = self._existing(m, chain, op)

    def _existing(self, m: Module, chain: LaneChain, op: Any) -> list[Value]:
        """By lane, as the synapse comes: 0 for padding."""
        c, layout = self._config, self._config.layout
        lanes, found = len(chain.banks), [Const(1)] * len(chain.banks)
        for name, count, groups, mode in (
            ("neurons", c.neurons, layout.groups, ~op.post),
            ("axons", c.axons, layout.axon_groups, op.post),
        ):
            rest = count - (groups - 1) * lanes
            if rest < lanes:
                last = chain.along(
                    mode & (op.record == groups - 1), f"last_{name}", BLOCK_LATENCY - 1
                )
                for k in range(lanes):
                    low = pipeline(m, self._records.low[k], 1, f"low_{name}_{k}")
                    exists = Signal(name=f"exists_{name}_{k}")
                    m.d.sync += exists.eq(~last[k] | (low < rest))
                    found[k] = found[k] & exists
        return found

    def _bound_for(self, down: Value) -> Value:
        """That of the direction in which a weight goes."""
        return Mux(down, turned(self._parameters.w_min), turned(self._parameters.w_max))

    def lane(self, k: int, words: dict[str, Value], hit: Value, host: Value) -> Written:
        """The hardware of lane k.

        Parameters
        ----------
        words : fields of its synapse, and the weight as it is `stored`.
        hit, host : the host touches this synapse, and writes the weight; a cycle before it is written.
        """
        m, c, rule, name = self._m, self._config, self._rule, f"lane_{k}"
        late = rule.write_latency - 1
        states = self._records.states[k]
        random = None
        if self._records.tags is not None and self._hash is not None:
            random = Signal(TAG_BITS, name=f"random_{k}")
            m.d.sync += random.eq(synapse_random(self._hash[k], self._records.tags[k]))
        eligibility = words.get("eligibility")
        change = rule.change(
            m,
            Lane(
                name=name,
                post=self._post[k],
                sweep=self._sweep[k],
                weight=words["weight"],
                eligibility=eligibility,
                axon=states.axon,
                neuron=states.neuron,
                random=None,
                gain=None if self._records.gains is None else self._records.gains[k],
                parameters=self._parameters,
            ),
        )
        wait = rule.change_latency - rule.latency
        amount = pipeline(m, change.amount, wait, f"amount_{k}")
        moves = pipeline(m, change.moves, wait, f"moves_{k}")
        if random is not None:
            random = pipeline(m, random, rule.change_latency - 1, f"random_{k}")
        step = rule.rounded(amount, random)
        stage = rule.change_latency
        own_minus = (
            None if change.minus is None else pipeline(m, change.minus, wait, f"own_minus_{k}")
        )
        if rule.fraction:
            delta = Signal(step.shape(), name=f"delta_{k}")
            m.d.sync += delta.eq(step)
            step, stage = delta, stage + 1
            moves = pipeline(m, moves, 1, f"moves_late_{k}")
            if own_minus is not None:
                own_minus = pipeline(m, own_minus, 1, f"own_minus_late_{k}")

        minus = self._minus[k] if own_minus is None else own_minus
        limit = self._limit[k]
        if own_minus is None:
            down, bound = self._down[k], self._bound[k][: c.weight_bits]
        else:
            down = Signal(name=f"down_{k}")
            sign = step[-1] if step.shape().signed else Const(0)
            m.d.sync += down.eq(minus ^ sign)
            bound = self._bound_for(down)
            late_bound = self._bound_for(pipeline(m, down, self._wait, f"down_late_{k}"))
            limit = Mux(hit, limit, Cat(late_bound, Const(1, 1)))
        stored = words["stored"]
        old = pipeline(m, stored, stage, f"weight_{k}")
        total, past = _bounded_sum(m, k, old, step, minus, bound, down)
        total = pipeline(m, total, self._wait, f"total_late_{k}")
        past = pipeline(m, past, self._wait, f"past_{k}")
        written = Signal(max(len(limit), c.weight_bits + 1), name=f"written_{k}")
        m.d.sync += written.eq(
            Cat(Mux(past | hit, limit[: len(total)], total), limit[len(total) :])
        )

        learns = self._learn[k] & words["plastic"] & self._exists[k]
        learns = pipeline(m, learns, late, f"learns_{k}")
        moves = pipeline(m, moves, late - stage, f"moving_{k}")
        writes, updated, clamped = (
            Signal(name=f"{n}_{k}") for n in ("writes", "updated", "clamped")
        )
        m.d.sync += [
            writes.eq(learns & moves | hit & host),
            updated.eq(learns),
            clamped.eq(learns & moves & past),
        ]
        writes_e = Signal(name=f"writes_e_{k}")
        clearing = pipeline(m, self._clear[k], 1, f"clearing_{k}")
        if eligibility is not None and change.eligibility is not None:
            m.d.sync += writes_e.eq(learns | self._clear[k])
            result = Mux(clearing, 0, change.eligibility)
        else:
            result = None
        return Written(
            written, result, writes, writes_e, updated, clamped, change.state_clamp & updated
        )


def turned(weight: Value) -> Value:
    """A weight as it is stored, unsigned: with the sign bit turned; and back."""
    return Cat(weight[:-1], ~weight[-1])


def _bounded_sum(
    m: Module, k: int, weight: Value, step: Value, minus: Value, limit: Value, down: Value
) -> tuple[Value, Value]:
    """(`weight ± step`, whether it is past the limit), a cycle later, when limit and direction come.

    Weight, limit and sum have their sign bit turned, so that what leaves the weight's own range does
    so by one bit, where the step is no wider than a weight and unsigned.
    """
    bits = len(weight)
    is_signed = step.shape().signed
    extra = 1 if not is_signed and len(step) <= bits else max(bits, len(step) + 1) + 1 - bits
    wide = bits + extra
    # The subtrahend is inverted, and `minus` is the carry into the sum, from a bit below it.
    given = Cat(step, (step[-1] if is_signed else Const(0)).replicate(wide - len(step)))
    total = Signal(wide, name=f"total_{k}")
    before = Cat(minus, weight, Const(0, extra))
    m.d.sync += total.eq((before + Cat(minus, given ^ minus.replicate(wide)))[1 : wide + 1])
    # Below the limit, or not above it: a borrow from the bit below the lowest decides.
    less = (Cat(Const(0, 1), total[:bits]) - Cat(~down, limit))[bits + 1]
    return total[:bits], total[bits:].any() | (less ^ ~down)
