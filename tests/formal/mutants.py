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
    "any CRC will do": Mutant("answers", "& (register == crc.GOOD)", ""),
    "any connection will do": Mutant(
        "crc_0", "Mux(byte == FrameType.SABM, 0, self.connection)", "0"
    ),
    "the CRC skips a bit": Mutant(
        "crc_0", "crc.update(start, byte)", "crc.update(start, byte & 0x7F)"
    ),
    "a delimiter ends no block": Mutant(
        "decoder", "left.eq(0), owes_zero.eq(0)", "owes_zero.eq(0)"
    ),
    "a delimiter leaves a zero owed": Mutant(
        "decoder", "left.eq(0), owes_zero.eq(0)", "left.eq(0)"
    ),
    "a delimiter ends no frame": Mutant("decoder", "position.eq(0)", "position.eq(position)"),
    "a full block is followed by a zero": Mutant("decoder", "self.encoded != 0xFF", "1"),
    "positions go round": Mutant("decoder", "position != _LONGEST + 1", "1"),
    "half a block will do": Mutant("answers", "whole\n                & (reg", "(reg"),
    "a frame may be longer than it says": Mutant(
        "answers", "position == length + HEADER_BYTES", "position >= length + HEADER_BYTES"
    ),
    "odd lengths will do": Mutant("answers", "\n                & ~length[0]", ""),
    "any position will do": Mutant("answers", "number == self.expected", "number == number"),
    "any limit will do": Mutant("answers", " & allowed)", ")"),
    "no connection will do": Mutant("answers", "connected & (length != 0)", "length != 0"),
    "a full buffer is written": Mutant("buffer", "filled == depth", "filled == 2 * depth - 1"),
    "bad payload stays": Mutant("buffer", "tentative.eq(tail)", "tentative.eq(tentative)"),
    "halves of halfwords stay": Mutant("buffer", "odd.eq(0), overflowed.eq(0)", "overflowed.eq(0)"),
    "a new connection fetches from the old": Mutant("buffer", "tentative, fetched)", "tentative)"),
    "bytes change places": Mutant("payload", "Cat(low, byte)", "Cat(byte, low)"),
    "a halfword is handed on twice": Mutant(
        "payload", "fetched.eq(~free)", "fetched.eq(level != 1)"
    ),
    "nobody is waited for": Mutant(
        "payload", "free = ~self.halfwords.valid |", "free = ~self.halfwords.ready |"
    ),
    "the buffer is written from its start": Mutant(
        "payload", "write.addr.eq(tentative)", "write.addr.eq(tentative - tail)"
    ),
}
