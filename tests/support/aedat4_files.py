"""AEDAT4 files made for a test, byte by byte: flatbuffers with one table each.

Source: the format's description by iniVation, AEDAT 4.0, and the schemas of `aedat`.
"""

import struct

NONE, LZ4, LZ4_HIGH, ZSTD, ZSTD_HIGH = range(5)
MAGIC = b"#!AER-DAT4.0\r\n"
SIZE = '<attr key="size{}" type="int">{}</attr>'


def stream(number, kind="EVTS", size=(4, 3)):
    """The description of a stream."""
    sizes = "".join(SIZE.format(axis, n) for axis, n in zip("XY", size, strict=True))
    info = f'<node name="info">{sizes}</node>' if kind in ("EVTS", "FRME") else ""
    return (
        f'<node name="{number}"><attr key="typeIdentifier" type="string">{kind}</attr>{info}</node>'
    )


def header(streams, compression=NONE):
    text = f'<dv version="2.0"><node name="outInfo">{"".join(streams)}</node></dv>'.encode()
    body = struct.pack("<I4s", 20, b"IOHE")
    body += struct.pack("<5HH", 10, 20, 4, 8, 16, 0)  # where the table's fields are
    body += struct.pack("<iiqI", 12, compression, -1, 4)
    body += struct.pack("<I", len(text)) + text + b"\0" * (8 - len(text) % 8)
    return struct.pack("<I", len(body)) + body


def events(rows):
    """(t, x, y, on) of each event as a packet's content."""
    body = struct.pack("<I4s", 16, b"EVTS")
    body += struct.pack("<3HH", 6, 8, 4, 0)
    body += struct.pack("<iI", 8, 4)
    body += struct.pack("<I", len(rows))
    body += b"".join(struct.pack("<qhh?3x", *row) for row in rows)
    return struct.pack("<I", len(body)) + body


def packet(number, content, compression=NONE):
    if compression in (LZ4, LZ4_HIGH):
        import lz4.frame

        content = lz4.frame.compress(content)
    elif compression in (ZSTD, ZSTD_HIGH):
        import zstandard

        content = zstandard.compress(content)
    return struct.pack("<II", number, len(content)) + content


def write(path, packets, size=(4, 3), compression=NONE):
    """A file with one stream of events; `packets` are lists of (t, x, y, on)."""
    parts = [packet(0, events(rows), compression) for rows in packets]
    path.write_bytes(MAGIC + header([stream(0, size=size)], compression) + b"".join(parts))
    return path
