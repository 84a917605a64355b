"""The parameters of the learning rule: registers, one for each field."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..primitives.bits import as_word
from ..primitives.layouts import record


class LearningParameters(wiring.Component):
    """Written between steps; undefined until then.

    Members
    -------
    values : all fields of `CoreLayout.learning`.
    access, access_write, access_index, access_data, access_done, access_value : bus access; done one
        cycle after `access` rises.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._fields = config.layout.learning
        super().__init__(
            {
                "values": Out(record(self._fields)),
                "access": In(1),
                "access_write": In(1),
                "access_index": In(range(len(self._fields))),
                "access_data": In(32),
                "access_done": Out(1),
                "access_value": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Registers."""
        m = Module()
        m.d.sync += self.access_done.eq(self.access & ~self.access_done)
        with m.Switch(self.access_index):
            for k, field in enumerate(self._fields):
                with m.Case(k):
                    m.d.comb += self.access_value.eq(as_word(self.values[field.name], field))
                    with m.If(self.access & self.access_write):
                        m.d.sync += self.values[field.name].eq(self.access_data)
        return m
