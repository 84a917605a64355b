"""CRC-32 as `zlib.crc32` computes it, one byte per clock cycle (combinational)."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Value, ValueLike

from ..contract.frames import CRC_RESIDUE

POLYNOMIAL = 0xEDB88320
WIDTH = 32
GOOD = CRC_RESIDUE ^ 0xFFFFFFFF
"""Register after a body and its CRC."""


def begin(start: Value) -> Value:
    """Register before the first byte, for a starting value of `zlib.crc32`."""
    return ~start


def update(register: Value, byte: Value) -> Value:
    """Register after one more byte; each bit of it is an XOR of register and data bits."""
    bits: list[Value] = list(register)
    for k in range(8):
        feedback = bits[0] ^ byte[k]
        bits = [*bits[1:], Const(0, 1)]
        bits = [b ^ feedback if POLYNOMIAL >> n & 1 else b for n, b in enumerate(bits)]
    return Cat(bits)


def shift(register: Value, bit: ValueLike = 0, feedback: ValueLike = 1) -> Value:
    """Register after one bit: eight of these, lowest bit first, are an `update`, and much smaller.

    Without `feedback` the finished CRC moves on, to have its next byte at the bottom.
    """
    polynomial = Const(POLYNOMIAL, WIDTH)
    return (register >> 1) ^ (polynomial & ((register[0] ^ bit) & feedback).replicate(WIDTH))
