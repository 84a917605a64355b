"""The parameters of the learning rule: registers, one for each field."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..primitives.access import AccessSignature, answer_after
from ..primitives.bits import as_word
from ..primitives.layouts import record


def parameter_access(config: CoreConfig) -> AccessSignature:
    """Access to parameter `index` of the learning rule."""
    return AccessSignature({"index": range(len(config.layout.learning))})


class LearningParameters(wiring.Component):
    """Written between steps; undefined until then.

    Members
    -------
    values : all fields of `CoreLayout.learning`.
    access : to parameter `index`; done after a cycle.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._fields = config.layout.learning
        super().__init__(
            {
                "values": Out(record(self._fields)),
                "access": In(parameter_access(config)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Registers."""
        m = Module()
        access = self.access
        answer_after(m, access, 1)
        with m.Switch(access.where.index):
            for k, field in enumerate(self._fields):
                with m.Case(k):
                    m.d.comb += access.value.eq(as_word(self.values[field.name], field))
                    with m.If(access.active & access.write):
                        m.d.sync += self.values[field.name].eq(access.data)
        return m
