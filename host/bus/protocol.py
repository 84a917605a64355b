"""Commands and spike events as bytes: `spikeloom.hdl.contract.commands`, spoken by the host.

Pure functions and one incremental decoder, on NumPy arrays of 16-bit halfwords: a million events
are encoded or decoded in tens of milliseconds.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.commands import (
    ADVANCE,
    BITMAP,
    BITMAP_IDS,
    END,
    MAX_ADVANCE,
    MAX_ID,
    MONITOR,
    Opcode,
    Status,
    bitmap_halfwords,
)
from spikeloom.hdl.contract.errors import LinkError

MAX_COUNT = 0xFFFF
"""Words that one READ or WRITE moves, at most."""
READ_EXTRA, WRITE_REPLY = 3, 5
"""Halfwords of a READ reply beside its values, and of a whole WRITE reply."""

_RUN_HEAD, _RUN_TAIL = 4, 3
_ADVANCE_MASK = ~MAX_ADVANCE & 0xFFFF
_MONITOR_MASK = 0xFF00

Halfwords = NDArray[np.uint16]


def to_halfwords(data: bytes) -> Halfwords:
    """Little-endian bytes, an even number of them, to halfwords."""
    return np.frombuffer(data, dtype="<u2").astype(np.uint16, copy=False)


def split_words(words: NDArray[np.uint32]) -> Halfwords:
    """(n,) 32-bit words to (2·n,) halfwords, low ones first."""
    return np.ascontiguousarray(words, dtype="<u4").view("<u2")


def join_words(halfwords: Halfwords) -> NDArray[np.uint32]:
    """Inverse of `split_words`."""
    return np.ascontiguousarray(halfwords, dtype="<u2").view("<u4").astype(np.uint32)


def _word(halfwords: Halfwords) -> int:
    return int(halfwords[0]) | int(halfwords[1]) << 16


def _bytes(*parts: int | Halfwords) -> bytes:
    return np.concatenate([np.atleast_1d(part) for part in parts]).astype("<u2").tobytes()


def _pair(word: int) -> Halfwords:
    return np.array([word & 0xFFFF, word >> 16], dtype=np.uint16)


def _check_count(count: int) -> None:
    if not 1 <= count <= MAX_COUNT:
        raise ValueError(f"{count} words in one command; 1…{MAX_COUNT} are possible")


def read_request(address: int, count: int) -> bytes:
    """READ `count` words from `address` on, 1 ≤ count ≤ MAX_COUNT."""
    _check_count(count)
    return _bytes(Opcode.READ, count, _pair(address))


def write_request(address: int, words: NDArray[np.uint32]) -> bytes:
    """WRITE (n,) words from `address` on, 1 ≤ n ≤ MAX_COUNT."""
    _check_count(len(words))
    return _bytes(Opcode.WRITE, len(words), _pair(address), split_words(words))


def run_request(start: int, raster: NDArray[np.bool_], *, live: bool = False) -> bytes:
    """RUN a (steps, A) bool raster from step `start` on; `live` leaves the pace to the board."""
    steps = len(raster) if live else 0
    return _bytes(Opcode.RUN, _pair(start), _pair(steps), encode_events(raster))


def encode_events(raster: NDArray[np.bool_]) -> Halfwords:
    """Events of a (steps, A) bool raster, each step as ids or as a bitmap, whichever is shorter.

    The cursor ends `steps` further on; END included.
    """
    axons = raster.shape[1]
    if axons > MAX_ID + 1:
        raise ValueError(f"{axons} axons; events name at most {MAX_ID + 1}")
    spikes = np.count_nonzero(raster, axis=1)
    bitmap = 1 + bitmap_halfwords(axons)
    steps = np.flatnonzero(spikes)
    full, rest = np.divmod(np.diff(steps, prepend=0, append=len(raster)), MAX_ADVANCE)
    moves = full + (rest > 0)
    sizes = np.append(np.minimum(spikes[steps], bitmap), 1)  # END is one more
    begins = np.cumsum(moves + sizes) - sizes
    events = np.full(int(begins[-1]) + 1, ADVANCE | MAX_ADVANCE, dtype=np.uint16)
    events[begins[rest > 0] - 1] = ADVANCE | rest[rest > 0]
    events[-1] = END

    dense = spikes > bitmap
    ids = np.flatnonzero(raster & ~dense[:, None]) % axons
    listed = ~dense[steps]
    counts = sizes[:-1][listed]
    firsts = np.cumsum(counts) - counts
    events[np.arange(len(ids)) + np.repeat(begins[:-1][listed] - firsts, counts)] = ids
    at = begins[:-1][~listed]
    events[at] = BITMAP
    events[at[:, None] + np.arange(1, bitmap)] = _pack(raster[dense])
    return events


def _pack(rows: NDArray[np.bool_]) -> Halfwords:
    """(n, ids) bool to the (n, halfwords) of bitmaps."""
    padded = np.zeros((len(rows), BITMAP_IDS * bitmap_halfwords(rows.shape[1])), dtype=np.bool_)
    padded[:, : rows.shape[1]] = rows
    return np.packbits(padded, axis=1, bitorder="little").view("<u2")


def _unpack(halfwords: Halfwords) -> NDArray[np.bool_]:
    """Inverse of `_pack`, with the padding."""
    octets = np.ascontiguousarray(halfwords, dtype="<u2").view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little").view(np.bool_)


class RunReply:
    """Decodes the reply to a RUN, fed piece by piece as it arrives.

    Parameters
    ----------
    start, steps : what the RUN asked for.
    neurons : N; ids from N on raise `LinkError`, as does everything that is no reply to this RUN.
    monitors : number of words that the board reports after every step.

    Attributes
    ----------
    spikes : (steps, N) bool.
    monitored : (steps, monitors) int64, sign-extended.
    reported : (steps,) bool, steps whose monitored words have come.
    done : the reply is complete; then `status` and `step`, the number of the next step, are known.
    """

    def __init__(self, start: int, steps: int, neurons: int, monitors: int = 0) -> None:
        self.start = start
        self.spikes = np.zeros((steps, neurons), dtype=np.bool_)
        self.monitored = np.zeros((steps, monitors), dtype=np.int64)
        self.reported = np.zeros(steps, dtype=np.bool_)
        self.done = False
        self.status = Status.OK
        self.step = start
        self._bitmap = bitmap_halfwords(neurons)
        self._cursor = 0
        self._began = False
        self._ended = False
        self._pending: Halfwords = np.zeros(0, dtype=np.uint16)

    @property
    def cursor(self) -> int:
        """Steps of this run that the board has left behind."""
        return self._cursor

    def feed(self, halfwords: Halfwords) -> None:
        """Take the next halfwords; raises `LinkError` when they do not follow the protocol."""
        pending = np.concatenate([self._pending, halfwords]) if len(self._pending) else halfwords
        if not self._began and len(pending):
            pending = self._head(pending)
        if self._began and not self._ended:
            pending = pending[self._events(pending) :]
        if self._ended and len(pending) >= _RUN_TAIL:
            self._tail(pending)
            pending = pending[_RUN_TAIL:]
        if self.done and len(pending):
            raise LinkError(f"{len(pending)} halfwords came after the end of a reply")
        self._pending = pending

    def _head(self, words: Halfwords) -> Halfwords:
        check_opcode(int(words[0]), Opcode.RUN)
        if len(words) < _RUN_HEAD:
            return words
        self.status = to_status(int(words[1]))
        if self.status == Status.OK and _word(words[2:]) != self.start:
            raise LinkError(f"the board began at step {_word(words[2:])}, not {self.start}")
        self._began = True
        return words[_RUN_HEAD:]

    def _tail(self, words: Halfwords) -> None:
        self.step = _word(words)
        self.status = self.status or to_status(int(words[2]))
        self.done = True
        if self.monitored.shape[1] and self.status == Status.OK and not self.reported.all():
            missing = self.start + int(np.argmin(self.reported))
            raise LinkError(f"no monitored values came for step {missing}")

    def _events(self, words: Halfwords) -> int:
        """Take events up to END or the last complete one; returns how many halfwords they were."""
        monitors, bitmaps, stop = self._find_blocks(words)
        body = words[:stop]
        values_at = monitors[:, None] + 1 + np.arange(2 * self.monitored.shape[1])
        bits_at = bitmaps[:, None] + 1 + np.arange(self._bitmap)
        is_event = np.ones(stop, dtype=np.bool_)
        is_event[values_at] = False
        is_event[bits_at] = False

        is_advance = is_event & (body & _ADVANCE_MASK == ADVANCE)
        cursor = self._cursor + np.cumsum(np.where(is_advance, body & MAX_ADVANCE, 0), dtype=int)
        is_id = is_event & (body <= MAX_ID)
        steps, neurons = cursor[is_id], body[is_id]
        marked = np.concatenate([steps, cursor[monitors], cursor[bitmaps]])
        if len(marked) and marked.max() >= len(self.spikes):
            raise LinkError(f"an event for step {self.start + int(marked.max())}, after the end")
        if len(neurons):
            self._check_neuron(int(neurons.max()))

        self.spikes[steps, neurons] = True
        if len(bitmaps):
            found = _unpack(body[bits_at])
            self._check_neuron(int(np.flatnonzero(found.any(axis=0)).max(initial=0)))
            # One after the other, because a step may have several.
            for step, row in zip(cursor[bitmaps], found[:, : self.spikes.shape[1]], strict=True):
                self.spikes[step] |= row
        if len(monitors):
            values = join_words(body[values_at].ravel()).view(np.int32)
            self.monitored[cursor[monitors]] = values.reshape(len(monitors), -1)
            self.reported[cursor[monitors]] = True
        if stop:
            self._cursor = int(cursor[-1])
        return stop + self._ended

    def _check_neuron(self, neuron: int) -> None:
        if neuron >= self.spikes.shape[1]:
            raise LinkError(f"a spike of neuron {neuron}, which the core does not have")

    def _find_blocks(self, words: Halfwords) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """Positions of the MONITOR and BITMAP events, and of END or of the first incomplete event."""
        size = self.monitored.shape[1]
        specials = np.flatnonzero(words >= MONITOR)
        positions, following = specials.tolist(), words[specials].tolist()
        monitors: list[int] = []
        bitmaps: list[int] = []
        stop, k = len(words), 0
        while k < len(positions):
            at, word = positions[k], following[k]
            if word == END:
                self._ended = True
                stop = at
                break
            if word == BITMAP:
                found, length = bitmaps, self._bitmap
            elif word & _MONITOR_MASK == MONITOR:
                found, length = monitors, 2 * size
            else:
                raise LinkError(f"{word:#06x} is no event")
            if found is monitors and word & ~_MONITOR_MASK != size:
                raise LinkError(f"{word & ~_MONITOR_MASK} monitored words came instead of {size}")
            if at + length >= len(words):
                stop = at
                break
            found.append(at)
            k = bisect_left(positions, at + 1 + length, lo=k + 1)
        return np.array(monitors, dtype=np.int64), np.array(bitmaps, dtype=np.int64), stop


def check_opcode(got: int, expected: Opcode) -> None:
    """Raise `LinkError` unless a reply begins with the opcode of its request."""
    if got == Opcode.PROTOCOL_ERROR:
        raise LinkError("the board did not understand a request")
    if got != expected:
        raise LinkError(
            f"a reply begins with {got:#06x} instead of {expected.name} ({expected:#x})"
        )


def to_status(value: int) -> Status:
    """Status word of a reply; an unknown one raises `LinkError`."""
    try:
        return Status(value)
    except ValueError:
        raise LinkError(f"unknown status {value} from the board") from None
