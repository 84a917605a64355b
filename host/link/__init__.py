"""The link: frames over a serial port that lose nothing; HDLC's I, RR and REJ (docs/reference/link).

Others use `link.Link`, what it needs of a port (`port`), pyserial's ports (`serial_port`), and
who owns one (`port_owner`).
"""

__all__ = [
    "frame_filter",
    "link",
    "port",
    "port_owner",
    "serial_port",
]
