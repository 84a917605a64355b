"""A COBS encoder before the specification: what was encoded is decoded, whatever came before it."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value, ValueLike
from harness import FREE, Harness
from line_spec import LineSpec


class EncoderHarness(Harness):
    """Claim: after a delimiter, from any state, the specification decodes exactly the encoded bytes.

    Parameters
    ----------
    size : bytes before encoding, all of any value; at most 253, one COBS block.  It takes size + 3
        cycles to send them, between two delimiters and with a code byte.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def build(self, m: Module) -> None:
        """A byte in each cycle; the specification does nothing without one."""
        m.submodules[FREE + "spec"] = spec = LineSpec()
        raw = [self.constant(f"raw_{n}", 8) for n in range(self._size)]
        line = Array([Const(0, 8), *self._encoded(raw), Const(0, 8)])
        sent = Signal(range(len(line) + 1))
        m.d.sync += sent.eq(sent + (sent != len(line)))
        m.d.comb += [spec.strobe.eq(sent != len(line)), spec.byte.eq(line[sent])]
        self.claim("empty", (sent != 2) | spec.empty)
        for n, byte in enumerate(raw):
            decoded = spec.decodes & (spec.decoded == byte) & (spec.count == n)
            self.claim(f"byte_{n}", (sent != n + 2) | decoded)
        whole = spec.ends & (spec.left == 0) & (spec.count == self._size)
        self.claim("whole", (sent != len(line) - 1) | whole)

    def _encoded(self, raw: list[Signal]) -> list[Value]:
        """Each zero, and one in front, says how far the next one is; that of the last is the end."""
        distance: ValueLike = Const(1, 8)
        encoded: list[Value] = []
        for n, byte in reversed(list(enumerate(raw))):
            is_zero = self.named(f"zero_{n}", byte == 0)
            encoded.insert(0, self.named(f"encoded_{n}", Mux(is_zero, distance, byte)))
            distance = self.named(f"distance_{n}", Mux(is_zero, 1, distance + 1)[:8])
        return [self.named("code", distance), *encoded]
