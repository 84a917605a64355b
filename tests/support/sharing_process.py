"""Test equipment: a process that owns /dev/fake, with a board behind it."""

import signal
import sys
import time

from designs import CONFIG, DESIGN
from fake_board import FakeBoard

import spikeloom
from spikeloom.link import serial_port

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started this may ignore it
serial_port.serial.serial_for_url = lambda *_, **__: FakeBoard(CONFIG, build="of another process")
board = spikeloom.open("/dev/fake", DESIGN)
board.run(steps=3)
print("ready", flush=True)
while True:
    try:
        if "run" in sys.argv:
            board.run(steps=200)
        else:
            time.sleep(0.01)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        if "run" in sys.argv:
            board.reset()
            sys.argv.remove("run")
