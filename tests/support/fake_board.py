"""Test equipment: the gateware's side of the link, in Python, with a line that can be spoiled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator

import numpy as np
from fake_core import FakeCore

from spikeloom.hdl import CoreConfig
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
from spikeloom.hdl.contract.frames import DELIMITER, SEQUENCE_MODULUS, Frame, FrameError, FrameType

Filter = Callable[[bytes], bytes]
Halfwords = Generator[None, int, None]
RETENTION = 1024
"""Halfwords that wait for an acknowledgement before requests wait."""


class FakeBoard(FakeCore):
    """A pyserial-like port with a board behind it.

    The board works only while the host waits in `read`: `appetite` halfwords each time.  Time
    passes only while the host waits in vain.  A host that overruns the window fails at once.

    `to_board` and `to_host` see every piece of bytes on its way and return what arrives.
    """

    def __init__(
        self,
        config: CoreConfig,
        *,
        window: int = 256,
        appetite: int = 100,
        reply_bytes: int = 64,
        build: str = "fake",
    ) -> None:
        super().__init__(config, build)
        self.timeout: float | None = None
        self.to_board: Filter = bytes
        self.to_host: Filter = bytes
        self.closed = False
        self._capacity, self._appetite, self._reply_bytes = window, appetite, reply_bytes
        self._time = 0.0
        self._output = bytearray()
        self._line = bytearray()
        self._connect(0)

    # The port

    def now(self) -> float:
        return self._time

    @property
    def in_waiting(self) -> int:
        return len(self._output)

    def read(self, size: int = 1) -> bytes:
        if not self._output:
            self._work()
        if not self._output:
            assert self.timeout is not None
            self._time += max(self.timeout, 0.01)  # late, as reads may be
        data = bytes(self._output[:size])
        del self._output[:size]
        return data

    def write(self, data: bytes) -> int:
        self._line += self.to_board(data)
        *complete, self._line = self._line.split(DELIMITER)
        for encoded in complete:
            if encoded:
                self._take(bytes(encoded))
        return len(data)

    def close(self) -> None:
        self.closed = True

    # Frames

    def _connect(self, connection: int) -> None:
        self._connection = connection
        self._nr = self._acknowledged = self._head = 0
        self._limit = self._reply_bytes
        self._stream: deque[int] = deque()
        self._reply: list[int] = []  # from the first halfword that was not acknowledged
        self._freed = 0
        self._commands = self._serve()
        next(self._commands)

    def _put(self, kind: FrameType, payload: bytes, ns: int = 0) -> None:
        frame = Frame(kind, ns % SEQUENCE_MODULUS, self._nr % SEQUENCE_MODULUS, payload)
        self._output += self.to_host(frame.to_bytes(self._connection))

    def _put_window(self, kind: FrameType, ns: int = 0) -> None:
        self._freed = 0
        room = self._capacity - 2 * len(self._stream)
        if kind == FrameType.RR and not room:
            kind = FrameType.RNR
        self._put(kind, room.to_bytes(2, "little"), ns)

    def _take(self, encoded: bytes) -> None:
        try:
            frame = Frame.from_bytes(encoded, self._connection)
        except FrameError:
            self.link_counters["bad_frames"] += 1
            return
        if frame.type == FrameType.SABM:
            self._connect(int.from_bytes(frame.payload, "little"))
            self._put_window(FrameType.UA)
            return
        self._acknowledge(frame.nr)
        if frame.type in (FrameType.RR, FrameType.REJ):
            self._limit = min(int.from_bytes(frame.payload, "little"), self._reply_bytes)
            if frame.type == FrameType.REJ:
                self._head = self._acknowledged
                self._put_window(FrameType.RR)
        elif frame.ns != self._nr % SEQUENCE_MODULUS:
            self.link_counters["out_of_sequence"] += 1
            self._put_window(FrameType.REJ, frame.ns)
        else:
            assert len(frame.payload) % 2 == 0
            assert 2 * len(self._stream) + len(frame.payload) <= self._capacity
            self._nr += len(frame.payload) // 2
            self._stream.extend(np.frombuffer(frame.payload, dtype="<u2").tolist())

    def _acknowledge(self, nr: int) -> None:
        done = (nr - self._acknowledged) % SEQUENCE_MODULUS
        assert done <= len(self._reply)
        self._acknowledged += done
        self._head = max(self._head, self._acknowledged)
        del self._reply[:done]

    def _work(self) -> None:
        for _ in range(min(self._appetite, len(self._stream))):
            if len(self._reply) >= RETENTION:
                break
            self._commands.send(self._stream.popleft())
            self._freed += 2
        if self._freed and (not self._stream or self._freed >= self._capacity // 2):
            self._put_window(FrameType.RR)
        while rest := self._reply[self._head - self._acknowledged :]:
            words = rest[: self._limit // 2]
            position, self._head = self._head, self._head + len(words)
            self._put(FrameType.I, np.array(words, dtype="<u2").tobytes(), position)

    # Commands

    def _say(self, *words: int) -> None:
        self._reply += [int(word) for word in words]

    def _say_words(self, *words: int) -> None:
        for word in words:
            self._say(int(word) & 0xFFFF, (int(word) >> 16) & 0xFFFF)

    def _serve(self) -> Halfwords:
        while True:
            opcode = yield
            if opcode == Opcode.READ:
                yield from self._serve_read()
            elif opcode == Opcode.WRITE:
                yield from self._serve_write()
            elif opcode == Opcode.RUN:
                yield from self._serve_run()
            else:
                self._say(Opcode.PROTOCOL_ERROR)
                while True:
                    yield

    def _word(self) -> Generator[None, int, int]:
        low = yield
        return low | (yield) << 16

    def _serve_read(self) -> Halfwords:
        count = yield
        address = yield from self._word()
        self.requests.append(f"READ {address:#x} {count}")
        self._say(Opcode.READ, count)
        status = Status.OK
        for _ in range(count):
            if address in self._mapped:
                self._say_words(self._get(address))
            else:
                status = Status.BAD_ADDRESS
                self._say_words(0)
            address = self._following(address)
        self._say(status)

    def _serve_write(self) -> Halfwords:
        count = yield
        address = yield from self._word()
        self.requests.append(f"WRITE {address:#x} {count}")
        status = Status.OK
        for _ in range(count):
            value = yield from self._word()
            if self._mapped.get(address, False):
                self._set(address, value)
            else:
                status = Status.BAD_ADDRESS
            address = self._following(address)
        self._say(Opcode.WRITE, count)
        self._say_words(self.core.step_number)
        self._say(status)

    def _serve_run(self) -> Halfwords:
        start = yield from self._word()
        steps = yield from self._word()
        self.requests.append(f"RUN {start} {steps}")
        status = Status.OK
        if not self._image:
            status = Status.NO_IMAGE
        elif start != self.core.step_number:
            status = Status.WRONG_START
        else:
            self._rebuild()
        self._said = self.core.step_number
        self._say(Opcode.RUN, status)
        self._say_words(start)
        try:
            yield from self._events(start, steps, status)
        finally:  # a new connection abandons the run, but not what was learned
            self._keep()
        self._say(END)
        self._say_words(self.core.step_number)
        self._say(status)

    def _events(self, start: int, steps: int, status: Status) -> Halfwords:
        """Up to END; and the steps."""
        cursor = start
        later: list[tuple[int, int]] = []
        while (event := (yield)) != END:
            ids = [event] if event <= MAX_ID else []
            if event == BITMAP:
                ids = yield from self._bitmap()
            if status != Status.OK:
                continue
            if event <= MAX_ID or event == BITMAP:
                if steps:
                    later += [(cursor, axon) for axon in ids]
                else:
                    self.core.inject_ids(ids)
            else:
                assert event & ~MAX_ADVANCE == ADVANCE
                assert event & MAX_ADVANCE
                cursor += event & MAX_ADVANCE
                for _ in range(0 if steps else event & MAX_ADVANCE):
                    self._step()
        for t in range(start, start + steps) if status == Status.OK else ():
            self.core.inject_ids([axon for due, axon in later if due == t])
            self._step()

    def _bitmap(self) -> Generator[None, int, list[int]]:
        """Axons of a bitmap, whose halfwords come next."""
        ids: list[int] = []
        for w in range(bitmap_halfwords(self.config.axons)):
            halfword = yield
            ids += [BITMAP_IDS * w + b for b in range(BITMAP_IDS) if halfword >> b & 1]
        return ids

    def _advance_to(self, step: int) -> None:
        while self._said < step:
            n = min(MAX_ADVANCE, step - self._said)
            self._say(ADVANCE | n)
            self._said += n

    def _fired(self) -> np.ndarray:
        """Execute a step; (N,) the spikes that are reported."""
        return self.core.step()[0] & self.core.image.report

    def _step(self) -> None:
        t = self.core.step_number
        neurons = np.flatnonzero(self._fired()).tolist()
        halfwords = [0] * bitmap_halfwords(self.config.neurons)
        for neuron in neurons:
            halfwords[neuron // BITMAP_IDS] |= 1 << neuron % BITMAP_IDS
        if neurons:
            self._advance_to(t)
            self._say(*min(neurons, [BITMAP, *halfwords], key=len))
        if self._monitor_count:
            self._advance_to(t)
            self._say(MONITOR | self._monitor_count)
            self._say_words(*(self._get(a) for a in self._monitors[: self._monitor_count]))
