"""What is handed from lane to lane."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value

from .operations import banks
from .pipeline import pipeline


class LaneChain:
    """Registers along the lanes: lane p has what lane 0 had p cycles before.

    Parameters
    ----------
    m : module that the registers are in.
    lanes : number of lanes.
    """

    def __init__(self, m: Module, lanes: int) -> None:
        self._m = m
        self.banks = banks(lanes)

    def along(self, value: Value, name: str, delay: int = 0) -> list[Value]:
        """By lane p, `value` as it was `delay + 1 + p` cycles ago."""
        return self._registers(value, name, delay, None)

    def mirrored(self, low: Value, mirror: Value | None, name: str, delay: int = 0) -> list[Value]:
        """The same of `low xor bank` where `mirror` is 1 (None: always), else of `low`."""
        if not len(low):
            return [low for _ in self.banks]
        turns: list[Value] | None = None
        if mirror is not None:
            turns = self.along(mirror, f"{name}_mirror", delay)
        return self._registers(low, name, delay, turns, mirrored=True)

    def _registers(
        self,
        value: Value,
        name: str,
        delay: int,
        turns: list[Value] | None,
        *,
        mirrored: bool = False,
    ) -> list[Value]:
        value = pipeline(self._m, value, delay, f"{name}_early")
        found: list[Value] = []
        for p, bank in enumerate(self.banks):
            if mirrored and p:
                step = bank ^ self.banks[p - 1]
                turned = value ^ step
                if turns is not None:
                    turned = value ^ (turns[p - 1].replicate(len(value)) & step)
                value = turned
            register = Signal(value.shape(), name=f"{name}_{p}")
            self._m.d.sync += register.eq(value)
            value = register
            found.append(register)
        return found
