"""`spikeloom miniterm`: the terminal, on a pseudo-terminal of its own, and its filter."""

import itertools
import os
import pty
import select
import subprocess
import sys
import time

import numpy as np
import pytest
import shell_session
from hypothesis import given
from hypothesis import strategies as st
from serial.tools import hexlify_codec

from spikeloom.hdl.contract.frames import DELIMITER, Frame, FrameType
from spikeloom.link.frame_filter import FrameFilter

QUIT = b"\x1d"

frames = st.builds(
    Frame,
    st.sampled_from(FrameType),
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=20),
)


def shown(pieces):
    """What the terminal shows of bytes that come in these pieces."""
    decoder, filter_ = hexlify_codec.IncrementalDecoder(), FrameFilter()
    return "".join(filter_.rx(decoder.decode(piece)) for piece in pieces)


@given(st.lists(frames, max_size=5), st.data())
def test_every_frame_has_a_line_with_its_bytes_and_type(sent, data):
    encoded = [frame.to_bytes(0x1234) for frame in sent]
    stream = b"".join(encoded)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    edges = [0, *cuts, len(stream)]
    lines = shown(stream[a:b] for a, b in itertools.pairwise(edges)).splitlines()
    assert lines == [
        f"{bytes_.hex(' ')}   {frame.type.name}"
        for bytes_, frame in zip(encoded, sent, strict=True)
    ]


@given(st.binary(max_size=40))
def test_garbage_is_shown_whole(noise):
    text = shown([noise, DELIMITER])
    pairs = [
        word for word in text.split() if len(word) == 2 and word not in {t.name for t in FrameType}
    ]
    assert bytes.fromhex("".join(pairs)) == noise + DELIMITER
    assert text.endswith("\n")


class Terminal:
    """A program at a pseudo-terminal of its own."""

    def __init__(self, *command):
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, close_fds=True
        )
        os.close(slave)
        self.text = ""

    def type(self, keys):
        os.write(self._master, keys)

    def expect(self, what, seconds):
        """Wait until this has been shown."""
        end = time.monotonic() + seconds
        while what not in self.text:
            left = end - time.monotonic()
            assert left > 0, f"{what!r} was not shown, but: {self.text}"
            if select.select([self._master], [], [], left)[0]:
                try:
                    self.text += os.read(self._master, 4096).decode(errors="replace")
                except OSError:
                    pytest.fail(f"it ended without {what!r}: {self.text}")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self._master)


def spikeloom(*arguments):
    return [sys.executable, "-c", "from spikeloom.cli import main; main()", *map(str, arguments)]


@pytest.mark.timeout(280)
def test_a_sabm_that_is_typed_is_answered_by_a_ua(tmp_path):
    file = tmp_path / "net.slm"
    shell_session.make_design().save(file)
    terminal = Terminal(*spikeloom("miniterm", f"twin://{file}", "--no-echo"))
    connection = int(np.random.default_rng().integers(1, 1 << 32))
    hello = Frame(FrameType.SABM, payload=connection.to_bytes(4, "little"))
    try:
        terminal.expect("Ctrl+] quits", 240)
        terminal.type((2 * DELIMITER + hello.to_bytes(connection)).hex(" ").encode())
        terminal.expect(" UA", 30)
        answer = next(line for line in terminal.text.splitlines() if line.endswith("UA"))
        encoded = bytes.fromhex(answer.removesuffix("UA")).rstrip(DELIMITER)
        frame = Frame.from_bytes(encoded, connection)
        assert frame.type == FrameType.UA
        terminal.type(QUIT)
        assert terminal.process.wait(20) == 0
    finally:
        terminal.close()


def test_it_needs_a_terminal():
    done = subprocess.run(
        spikeloom("miniterm", "loop://"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "needs a terminal" in done.stderr


def test_any_pyserial_url_is_possible():
    terminal = Terminal(*spikeloom("miniterm", "loop://", "--no-echo"))
    try:
        terminal.expect("Ctrl+] quits", 60)
        terminal.type(b"03 4")
        terminal.type(b"1x 00")
        terminal.expect("03 41 00   (no frame)", 20)
        terminal.type(QUIT)
        assert terminal.process.wait(20) == 0
    finally:
        terminal.close()
