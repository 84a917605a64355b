"""Receivers that are broken on purpose: a proof that holds for one of them proves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikeloom.hdl.link import receiver
from spikeloom.hdl.link.receiver import Receiver


@dataclass(frozen=True)
class Mutant:
    """`old` in the receiver's source becomes `new`; the proof `part` has to fail."""

    part: str
    old: str
    new: str

    def source(self) -> str:
        """The broken source; `ValueError` if `old` is not there, or not once."""
        source = Path(str(receiver.__file__)).read_text()
        times = source.count(self.old)
        if times != 1:
            raise ValueError(f"{times} × {self.old!r} in the receiver; mutate another place")
        return source.replace(self.old, self.new)

    def receiver(self) -> Receiver:
        """The broken receiver."""
        package = receiver.__package__
        module: dict[str, Any] = {"__name__": f"{package}.mutant", "__package__": package}
        exec(compile(self.source(), "mutant", "exec"), module)
        broken: Receiver = module["Receiver"]()
        return broken


MUTANTS = {
    "any CRC will do": Mutant("answers", "right.eq(register == crc.GOOD)", "right.eq(1)"),
    "any connection will do": Mutant(
        "crc_0", "crc.begin(self.connection)", "crc.begin(Const(0, crc.WIDTH))"
    ),
    "the CRC skips a bit": Mutant(
        "crc_0", "crc.shift(register, byte[0])", "crc.shift(register, byte[0] & (bits != 1))"
    ),
    "a byte is not waited for": Mutant("decoder", "~valid & (bits <= 1)", "~valid"),
    "a delimiter ends no block": Mutant("decoder", "m.If(delimited)", "m.If(0)"),
    "a delimiter leaves a zero owed": Mutant(
        "decoder", "~delimits & (self.encoded", "(self.encoded"
    ),
    "a delimiter ends no frame": Mutant("decoder", "position.eq(0)", "position.eq(position)"),
    "a full block is followed by a zero": Mutant("decoder", "(self.encoded != 0xFF)", "1"),
    "positions go round": Mutant("decoder", "If(position != _IDENTIFIED)", "If(1)"),
    "lengths go round": Mutant("decoder", "body & ~(over & past[2])", "body"),
    "half a block will do": Mutant("answers", "good.eq(whole & right", "good.eq(right"),
    "a frame may be longer than it says": Mutant(
        "answers", "~past[2] & past[:2].all()", "(past[2] | past[:2].all())"
    ),
    "a frame may be longer than any": Mutant(
        "decoder", "(high < most) | ((high == most) & low.all())", "(high <= most)"
    ),
    "odd lengths will do": Mutant("decoder", ") & low[0]", ")"),
    "any byte makes a name": Mutant("decoder", "named | byte.any()", "1"),
    "any payload is kept": Mutant("decoder", "~past.all() & (kind == FrameType.I)", "~past.all()"),
    "any position will do": Mutant("answers", "number == self.expected", "number == number"),
    "any limit will do": Mutant("answers", " & allowed)", ")"),
    "no connection will do": Mutant("answers", "connected & ~none", "~none"),
    "a full buffer is written": Mutant(
        "buffer", "full.eq(tentative[: len(head)] == head ^ depth)", "full.eq(0)"
    ),
    "bad payload stays": Mutant(
        "buffer", "(tentative, verdict, tail)", "(tentative, Const(0), tail)"
    ),
    "halves of halfwords stay": Mutant("buffer", "odd.eq(0), overflowed.eq(0)", "overflowed.eq(0)"),
    "a new connection fetches from the old": Mutant("buffer", "tentative, fetched)", "tentative)"),
    "bytes change places": Mutant("payload", "Cat(low, byte)", "Cat(byte, low)"),
    "a halfword is handed on twice": Mutant(
        "payload", "valid.eq(fetched & ~taken)", "valid.eq(fetched)"
    ),
    "nobody is waited for": Mutant(
        "payload", "taken.eq(out.valid & out.ready)", "taken.eq(out.valid)"
    ),
    "the buffer is written from its start": Mutant(
        "payload", "write_address.eq(tentative)", "write_address.eq(tentative - tail)"
    ),
}
