"""Twins by URL, as pyserial's other users open them: options, threads, and what is refused."""

import threading
import time

import pytest
import serial
import shell_session

import spikeloom
from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl.contract.frames import DELIMITER, Frame, FrameType
from spikeloom.sim.twin.build import BAUD, CLOCK_HZ, build_twin


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    file = tmp_path_factory.mktemp("url") / "net.slm"
    shell_session.make_design().save(file)
    return f"twin://{file}"


@pytest.mark.timeout(290)
def test_one_thread_reads_while_another_one_writes(url):
    hello = Frame(FrameType.SABM, payload=(77).to_bytes(4, "little"))
    received = bytearray()
    with serial.serial_for_url(url, 9600) as port:

        def read():
            while b"\0" not in received:
                received.extend(port.read(1))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        time.sleep(0.2)
        assert not received
        port.write(2 * DELIMITER + hello.to_bytes(77))
        reader.join(30)
        frame = Frame.from_bytes(bytes(received).rstrip(b"\0"), 77)
        assert frame.type == FrameType.UA

        waiting = threading.Thread(target=lambda: received.extend(port.read(1 << 20)), daemon=True)
        waiting.start()
        time.sleep(0.1)
        port.cancel_read()
        waiting.join(10)
        assert not waiting.is_alive()


@pytest.mark.timeout(290)
def test_options_reach_the_twin(url, monkeypatch):
    asked = []

    def build(config, **options):
        asked.append(options)
        return build_twin(config)

    monkeypatch.setattr("spikeloom.sim.urlhandlers.protocol_twin.build_twin", build)
    design = shell_session.make_design()
    with spikeloom.open(f"{url}?baud=1000000&seed=5", design) as board:
        spikes = [[1] * 8] * 9
        assert (board.run(spikes).spikes == GoldenDevice(design).run(spikes).spikes).all()
    with serial.serial_for_url(f"{url}?clock_hz=12000000", timeout=1e-3) as port:
        before = port.now()
        assert port.read(100) == b""
        assert port.now() - before == pytest.approx(1e-3, rel=0.1)
    assert asked == [
        {"baud": 1_000_000, "clock_hz": CLOCK_HZ},
        {"baud": BAUD, "clock_hz": 12_000_000},
    ]


@pytest.mark.parametrize(
    ("query", "match"),
    [
        ("?speed=9600", "speed=9600; there are baud=.*clock_hz=.*seed=1"),
        ("?baud=fast", "baud=fast"),
        ("?seed=", "seed="),
    ],
)
def test_other_options_are_refused(url, query, match):
    with pytest.raises(serial.SerialException, match=match):
        serial.serial_for_url(url + query)


def test_a_missing_file_is_named(tmp_path):
    for name in ("none.slm", "none.toml"):
        with pytest.raises(serial.SerialException, match=name):
            serial.serial_for_url(f"twin://{tmp_path}/{name}")
