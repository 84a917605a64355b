"""The examples of docs/reference/link.md, byte by byte: by the encoders, and by the simulated chip."""

import inspect
import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from spikeloom.bus import protocol
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.chip.top import IDLE_BEATS, Chip
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
from spikeloom.hdl.contract.frames import (
    DEFAULT_LIMIT,
    DELIMITER,
    MAX_PAYLOAD,
    Frame,
    FrameError,
    FrameType,
)
from spikeloom.hdl.contract.memory_map import COUNTERS
from spikeloom.hdl.link.receiver import Receiver
from spikeloom.hdl.link.transmitter import Transmitter
from spikeloom.hdl.sequencer import ROUND

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "link.md").read_text()
CYCLES_PER_BYTE = 10
"""In both directions: the chip's byte streams as a fast UART would move them."""
PATIENCE = 200
"""Bytes that could have come after which nothing more is expected from the board."""


def blocks(language: str) -> list[str]:
    """Contents of the fenced blocks with this info string."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


CONFIG = CoreConfig.from_toml(blocks("toml")[0])


@dataclass(frozen=True)
class Line:
    """One frame of an example.

    Attributes
    ----------
    source : "host", "board", or "noise": bytes that are no frame.
    description : type, N(S), N(R) and payload, as written.
    data : the bytes on the line.
    """

    source: str
    description: str
    data: bytes


_FRAME = re.compile(r"^(host|board|noise) +(.*)\n((?: +[0-9a-f ]+\n)+)", re.MULTILINE)


def parse(block: str) -> list[Line]:
    """An example: a line for each frame, and its bytes in hexadecimal, indented, below it."""
    assert not _FRAME.sub("", block).strip(), "a line of an example that no test would see"
    return [Line(source, text, bytes.fromhex(dump)) for source, text, dump in _FRAME.findall(block)]


EXAMPLES = [parse(block) for block in blocks("frames")]
SESSION = [line for example in EXAMPLES for line in example]

_WORDS = {
    **{opcode.name: int(opcode) for opcode in Opcode},
    **{status.name: int(status) for status in Status},
    "ADVANCE": ADVANCE,
    "MONITOR": MONITOR,
    "BITMAP": BITMAP,
    "END": END,
}


def halfword(token: str) -> int:
    """A decimal number, or a name of hdl/commands.py, perhaps with an addend."""
    name, _, addend = token.partition("+")
    return _WORDS[name] + int(addend or 0) if name in _WORDS else int(token)


def payload_of(tokens: str) -> bytes:
    """Hexadecimal numbers of eight digits are words, everything else is a halfword."""
    parts = [
        int(token, 16).to_bytes(4, "little")
        if re.fullmatch(r"0x[0-9a-f]{8}", token)
        else halfword(token).to_bytes(2, "little")
        for token in tokens.split()
    ]
    return b"".join(parts)


def frame_of(description: str) -> Frame:
    """`TYPE N(S) N(R) | payload`."""
    head, _, payload = description.partition("|")
    kind, ns, nr = head.split()
    return Frame(FrameType[kind], int(ns), int(nr), payload_of(payload))


def with_connections(session: list[Line]) -> list[tuple[Line, int]]:
    """Each line with the id of the connection that it belongs to."""
    connection, found = 0, []
    for line in session:
        if line.source == "host" and line.description.startswith("SABM"):
            connection = int.from_bytes(frame_of(line.description).payload, "little")
        found.append((line, connection))
    return found


@pytest.mark.parametrize(("line", "connection"), with_connections(SESSION))
def test_bytes_are_what_their_description_says(line: Line, connection: int) -> None:
    if line.source == "noise":
        with pytest.raises(FrameError):
            Frame.from_bytes(line.data.rstrip(DELIMITER), connection)
        return
    frame = frame_of(line.description)
    data = line.data
    if frame.type == FrameType.SABM:  # empty frames come before it
        data = data.lstrip(DELIMITER)
    assert data.hex(" ") == frame.to_bytes(connection).hex(" ")
    assert Frame.from_bytes(data[:-1], connection) == frame


def raster_of(events: list[str]) -> np.ndarray:
    """(steps, A) spikes of the events of a request, END excluded."""
    cursor, spikes = 0, []
    rest = iter(events)
    for event in rest:
        if event.startswith("ADVANCE"):
            cursor += halfword(event) - ADVANCE
        elif event == "BITMAP":
            words = [int(next(rest)) for _ in range(bitmap_halfwords(CONFIG.axons))]
            ids = range(BITMAP_IDS * len(words))
            spikes += [(cursor, k) for k in ids if words[k // BITMAP_IDS] >> k % BITMAP_IDS & 1]
        else:
            spikes.append((cursor, int(event)))
    raster = np.zeros((cursor, CONFIG.axons), dtype=np.bool_)
    for step, axon in spikes:
        raster[step, axon] = True
    return raster


def test_requests_are_those_of_the_host_library() -> None:
    seen = set()
    for line in SESSION:
        if line.source != "host" or not line.description.startswith("I "):
            continue
        opcode, *tokens = line.description.partition("|")[2].split()
        if opcode == "READ":
            request = protocol.read_request(int(tokens[1], 16), int(tokens[0]))
        elif opcode == "WRITE":
            words = np.array([int(token, 16) for token in tokens[2:]], dtype=np.uint32)
            assert len(words) == int(tokens[0])
            request = protocol.write_request(int(tokens[1], 16), words)
        else:
            request = protocol.run_request(int(tokens[0], 16), raster_of(tokens[2:-1]))
        assert request == frame_of(line.description).payload
        seen.add(opcode)
    assert seen == {"READ", "WRITE", "RUN"}


def test_the_simulated_chip_answers_as_written() -> None:
    """The board's bytes, literally, each time before the host goes on."""
    chip = Chip(CONFIG, clock_hz=12_000_000)
    heard = bytearray()

    async def testbench(ctx: Any) -> None:
        async def byte_time(byte: int | None) -> None:
            """A byte to the board, or none, and a byte from it, if it has one."""
            ctx.set(chip.received.valid, byte is not None)
            ctx.set(chip.received.payload, byte or 0)
            ctx.set(chip.sent.ready, 1)
            if ctx.get(chip.sent.valid):
                heard.append(ctx.get(chip.sent.payload))
            await ctx.tick()
            ctx.set(chip.received.valid, 0)
            ctx.set(chip.sent.ready, 0)
            await ctx.tick().repeat(CYCLES_PER_BYTE - 1)

        for source, lines in groupby(SESSION, key=lambda line: line.source == "board"):
            data = b"".join(line.data for line in lines)
            if source:
                waited = 0
                while len(heard) < len(data) and waited < PATIENCE:
                    await byte_time(None)
                    waited += 1
                assert heard.hex(" ") == data.hex(" ")
                heard.clear()
            else:
                for byte in data:
                    await byte_time(byte)
        for _ in range(PATIENCE):
            await byte_time(None)
        assert not heard

    simulator = Simulator(chip)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


def table(heading: str) -> dict[str, list[str]]:
    """Rows of the table whose header begins with `heading`, by their first cell."""
    body = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert body is not None
    rows = [[cell.strip(" `") for cell in row.split("|")[1:-1]] for row in body[1].splitlines()]
    return {first: rest for first, *rest in rows}


def test_codes_are_those_of_the_contract() -> None:
    types = {name: int(cells[0]) for name, cells in table("type").items()}
    assert types == {kind.name: int(kind) for kind in FrameType}
    codes = {name: int(cells[0]) for name, cells in table("status").items()}
    assert codes == {status.name: int(status) for status in Status}
    counters = {cells[0].strip("`") for cells in table("what was wrong").values()}
    assert counters == {name for name in COUNTERS if name.startswith("link_")}


def test_events_are_those_of_the_contract() -> None:
    patterns = [row.replace(" ", "") for row in table("halfword")]
    fixed = [int(re.sub("[xnk]", "0", pattern), 2) for pattern in patterns]
    free = [
        int(re.sub("[xnk]", "1", pattern), 2) - low
        for pattern, low in zip(patterns, fixed, strict=True)
    ]
    assert fixed == [0, ADVANCE, MONITOR, BITMAP, END]
    assert free == [MAX_ID, MAX_ADVANCE, 0xFF, 0, 0]


def test_sizes_are_those_of_the_gateware() -> None:
    def default(block: type, name: str) -> int:
        return int(inspect.signature(block).parameters[name].default)

    def says(pattern: str) -> int:
        found = re.search(pattern, TEXT.replace("\n", " "))
        assert found is not None, pattern
        return int(re.sub(r"\s", "", found[1]))

    assert says(r"its buffer holds ([\d ]+)\.") == default(Receiver, "buffer_bytes")
    assert says(r"\*limit\* says \(([\d ]+) in a new") == DEFAULT_LIMIT
    assert says(r"nothing was added for ([\d ]+) clock") == IDLE_BEATS * ROUND
    assert says(r"the board's ([\d ]+) bytes of output") == default(Transmitter, "buffer_bytes")
    assert says(r"an even number, at most ([\d ]+) \|") == MAX_PAYLOAD
    assert says(r"on by n steps, 1…([\d ]+) \|") == MAX_ADVANCE
    assert says(r"`count` is 1…([\d ]+) consecutive") == protocol.MAX_COUNT


def test_every_document_that_is_named_exists() -> None:
    root = Path(__file__).parents[2]
    names = set(re.findall(r"`((?:hdl|host|sim|docs|tests)/[\w/]+(?:\.\w+)?)", TEXT))
    assert names
    missing = [name for name in names if not (root / name).exists()]
    assert not missing
