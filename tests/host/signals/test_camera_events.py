"""Events of cameras: every event is in the spike where it belongs, or counted, or refused."""

import aedat4_files
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spikeloom
from spikeloom import IF, CameraEvents, InputError, Network, from_tonic, read_aedat4
from spikeloom.hdl.contract.errors import RoundingWarning

SENSOR = 6, 5
DTYPE = [("t", "i8"), ("x", "i2"), ("p", "i1"), ("y", "u2")]


@st.composite
def recordings(draw, least=0):
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 20_000), st.integers(0, SENSOR[0] - 1), st.sampled_from([-1, 1]),
                st.integers(0, SENSOR[1] - 1),
            ),
            min_size=least, max_size=60,
        )
    )  # fmt: skip
    return np.array(rows, dtype=DTYPE)


def reference(array, dt_us, start=0):
    """{(step, channel, y, x)} of all events, one by one."""
    return {(int(t - start) // dt_us, int(p == 1), int(y), int(x)) for t, x, p, y in array}


@given(recordings(), st.integers(100, 5000))
def test_each_event_is_in_its_step(array, dt_us):
    found = CameraEvents.of(array, SENSOR, start=0)
    binned = found.binned(dt_us * 1e-6)
    wanted = reference(array, dt_us)
    spikes = binned.spikes.reshape(-1, 2, SENSOR[1], SENSOR[0])
    assert {tuple(map(int, at)) for at in np.argwhere(spikes)} == wanted
    assert binned.duplicates == len(array) - len(wanted)
    assert (binned.events, len(found), found.size) == (len(array), len(array), 60)


@given(recordings(least=1), st.permutations(["x", "y", "t", "p"]), st.booleans())
def test_the_order_of_fields_and_of_events_does_not_matter(array, order, renamed):
    names = {"t": "timestamp", "p": "polarity"} if renamed else {}
    other = np.zeros(len(array), dtype=[(names.get(n, n), array.dtype[n]) for n in order])
    for name in order:
        other[names.get(name, name)] = array[name]
    other = other[np.random.default_rng(0).permutation(len(other))]
    plain = np.stack([array[name] for name in order], axis=1)
    wanted = CameraEvents.of(array, SENSOR).binned(1e-3).spikes
    assert np.array_equal(CameraEvents.of(other, SENSOR).binned(1e-3).spikes, wanted)
    columns = CameraEvents.of(plain, SENSOR, order="".join(order))
    assert np.array_equal(columns.binned(1e-3).spikes, wanted)


@given(recordings(least=1), st.integers(1, 4))
def test_cuts_and_coarser_pixels(array, factor):
    events = CameraEvents.of(array, SENSOR, start=0)
    coarse = events.downsample(factor)
    assert (coarse.width, coarse.height) == (-(-6 // factor), -(-5 // factor))
    wanted = {(s, c, y // factor, x // factor) for s, c, y, x in reference(array, 1000)}
    shape = (-1, 2, coarse.height, coarse.width)
    assert {
        tuple(map(int, at)) for at in np.argwhere(coarse.binned(1e-3).spikes.reshape(shape))
    } == wanted
    part = events.crop(1, 2, 3, 2)
    inside = {(s, c, y - 2, x - 1) for s, c, y, x in reference(array, 1000)
              if 1 <= x < 4 and 2 <= y < 4}  # fmt: skip
    spikes = part.binned(1e-3).spikes.reshape(-1, 2, 2, 3)
    assert {tuple(map(int, at)) for at in np.argwhere(spikes)} == inside
    assert len(part) + part.left_out == len(array)
    early, late = events.between(0, 7e-3), events.between(7e-3, 1.0)
    assert len(early) + len(late) == len(array)
    both = np.zeros((21, 60), bool)
    for cut, first in ((early, 0), (late, 7)):
        rows = cut.binned(1e-3).spikes
        both[first : first + len(rows)] |= rows
    assert np.array_equal(both[: len(events.binned(1e-3).spikes)], events.binned(1e-3).spikes)


@given(recordings())
def test_polarities(array):
    events = CameraEvents.of(array, SENSOR, start=0)
    both = events.binned(1e-3).spikes.reshape(-1, 2, 30)
    steps = len(both)
    for which, wanted in (("merged", both.any(axis=1)), ("off", both[:, 0]), ("on", both[:, 1])):
        chosen = events.polarities(which)
        assert (chosen.channels, chosen.size) == (1, 30)
        assert np.array_equal(chosen.binned(1e-3, steps).spikes, wanted)
    assert len(events.polarities("on")) + len(events.polarities("off")) == len(array)
    assert events.polarities("on").left_out == len(events.polarities("off"))


def test_what_is_left_stays_in_its_step():
    """Step 0 is that of the first event of the recording, whatever is cut away."""
    array = np.array([(7000, 0, 1, 0), (9500, 5, -1, 4)], dtype=DTYPE)
    events = CameraEvents.of(array, SENSOR)
    for cut in (events.crop(5, 4, 1, 1), events.polarities("off"), events.between(0.0, 1.0)):
        assert np.argwhere(cut.binned(1e-3).spikes)[-1][0] == 2
    assert np.argwhere(events.between(2e-3, 1.0).binned(1e-3).spikes)[0][0] == 0


def test_a_run_takes_them_as_input():
    rows = [(5000, 1, 1, 0), (5100, 1, 1, 0), (8000, 5, -1, 4)]
    events = CameraEvents.of(np.array(rows, dtype=DTYPE), SENSOR)
    net = Network(dt=1e-3)
    eye, cells = net.input("eye", events.size), net.population("cells", 60, IF())
    net.connect(eye, cells, "one_to_one", weight=1.0)
    shared = pytest.warns(RoundingWarning, match="1 of 3 events are in a step")
    with spikeloom.open("golden:", spikeloom.compile(net)) as device, shared:
        run = device.run({"eye": events})
    assert np.argwhere(run["cells"]).tolist() == [[0, 30 + 1], [3, 4 * 6 + 5]]
    assert run.steps == events.length(1e-3) == 4
    assert repr(events) == "<CameraEvents 3 events of 6 × 5 pixels, both, 0.003 s>"
    with pytest.raises(InputError, match="need 60 inputs"):
        events.raster(30, 4, 1e-3)
    with pytest.raises(InputError, match="the run has 2 steps"):
        events.binned(1e-3, 2)


def test_times_in_another_unit():
    array = np.array([(0.5, 0, 0, 1), (2.25, 1, 0, 0)], dtype=[(n, "f8") for n in "txyp"])
    events = CameraEvents.of(array, SENSOR, time_unit=1.0, start=0.0)
    assert np.argwhere(events.binned(0.25).spikes).tolist() == [[2, 30], [9, 1]]
    assert events.seconds == 2.25


def array_of(**changes):
    array = np.array([(0, 0, 1, 0), (10, 5, -1, 4)], dtype=[(n, "f8") for n in "txpy"])
    for name, value in changes.items():
        array[name][1] = value
    return array


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CameraEvents.of(array_of(x=6), SENSOR), r"event 1 has x = 6, .* 6 × 5 .*1 of 2"),
        (lambda: CameraEvents.of(array_of(y=-1), SENSOR), "event 1 has y = -1"),
        (lambda: CameraEvents.of(array_of(x=1.5), SENSOR), "event 1 has x = 1.5; pixels are whole"),
        (lambda: CameraEvents.of(array_of(x=np.nan), SENSOR), "not finite"),
        (lambda: CameraEvents.of(array_of(t=np.inf), SENSOR), "t of the events"),
        (lambda: CameraEvents.of(array_of(p=2), SENSOR), "p of the events has other values"),
        (lambda: CameraEvents.of(array_of(), 5), "give .width, height."),
        (lambda: CameraEvents.of(array_of(), (0, 5)), "width of the sensor is 0"),
        (lambda: CameraEvents.of(array_of(), SENSOR, start=5), "event 0 is at 0.0, before start"),
        (lambda: CameraEvents.of(array_of(), SENSOR, time_unit=0), "time_unit is 0"),
        (lambda: CameraEvents.of(np.zeros((3, 4)), SENSOR), "say what its columns are"),
        (lambda: CameraEvents.of(np.zeros((3, 3)), SENSOR, order="xytp"), r"shape \(3, 3\)"),
        (lambda: CameraEvents.of(np.zeros(2, [("x", int)]), SENSOR), "none of y for y"),
        (lambda: CameraEvents.of(array_of(), SENSOR).crop(4, 0, 3, 3), "columns 4…6"),
        (lambda: CameraEvents.of(array_of(), SENSOR).downsample(0), "factor is 0"),
        (lambda: CameraEvents.of(array_of(), SENSOR).polarities("up"), "polarity is 'up'"),
        (lambda: CameraEvents.of(array_of(), SENSOR).between(2, 1), "is no time"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


COMPRESSIONS = [aedat4_files.NONE, aedat4_files.LZ4, aedat4_files.ZSTD]


@pytest.mark.parametrize("compression", COMPRESSIONS, ids=["none", "lz4", "zstd"])
def test_aedat4_files(tmp_path, compression):
    packets = [[(1_600_000_000_000_000, 1, 2, True)], [],
               [(1_600_000_000_002_500, 3, 0, False), (1_600_000_000_002_500, 0, 1, True)]]  # fmt: skip
    file = aedat4_files.write(tmp_path / "rec.aedat4", packets, (4, 3), compression)
    events = read_aedat4(file)
    assert (events.width, events.height, len(events)) == (4, 3, 3)
    found = np.argwhere(events.binned(1e-3).spikes).tolist()
    assert found == [[0, 12 + 2 * 4 + 1], [2, 3], [2, 12 + 4]]
    late = read_aedat4(file, start=1_600_000_000_000_000 - 1000)
    assert late.length(1e-3) == 4


def test_damaged_and_other_files_are_refused(tmp_path):
    file = tmp_path / "rec.aedat4"
    with pytest.raises(InputError, match="there is no file"):
        read_aedat4(file)
    file.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(InputError, match="cannot be read as AEDAT4"):
        read_aedat4(file)
    whole = aedat4_files.write(file, [[(0, 1, 1, True)] * 9]).read_bytes()
    for end in (20, len(whole) - 5):
        file.write_bytes(whole[:end])
        with pytest.raises(InputError, match="cannot be read as AEDAT4"):
            read_aedat4(file)
    two = [aedat4_files.stream(0), aedat4_files.stream(1), aedat4_files.stream(2, "IMUS")]
    rows = [aedat4_files.packet(k, aedat4_files.events([(k, k, 1, True)])) for k in (0, 1)]
    file.write_bytes(aedat4_files.MAGIC + aedat4_files.header(two) + b"".join(rows))
    with pytest.raises(InputError, match="2 streams of events; choose one"):
        read_aedat4(file)
    assert read_aedat4(file, stream=1).x.tolist() == [1]
    with pytest.raises(InputError, match=r"stream 2 .* has no events"):
        read_aedat4(file, stream=2)
    aedat4_files.write(file, [[(0, 4, 1, True)]])
    with pytest.raises(InputError, match="event 0 has x = 4"):
        read_aedat4(file)


class DataSet:
    """What data sets of tonic are, as far as it matters."""

    sensor_size = (*SENSOR, 2)

    def __init__(self, samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, k):
        return self.samples[k]


def test_data_sets_of_tonic():
    array = np.array([(3, 1, 500, True), (2, 0, 900, False)],
                     dtype=[("x", "i2"), ("y", "i2"), ("t", "i8"), ("p", "?")])  # fmt: skip
    data = DataSet([(array, 7), (array[:1], 2), (array[:0], 1)])
    samples, labels = from_tonic(data)
    assert labels.tolist() == [7, 2, 1]
    assert [len(s) for s in samples] == [2, 1, 0]
    assert (samples[0].width, samples[0].height) == SENSOR
    assert [len(s) for s in from_tonic(data, limit=1)[0]] == [2]
    assert from_tonic(iter(data.samples), sensor=(4, 2))[1].tolist() == [7, 2, 1]
    for broken, message in (
        (DataSet([(array, 7), 3]), "sample 1 is no pair"),
        (DataSet([(array_of(x=9), 7)]), "sample 0: event 1 has x"),
    ):
        with pytest.raises(InputError, match=message):
            from_tonic(broken)
    with pytest.raises(InputError, match="no sensor_size"):
        from_tonic([(array, 7)])
    with pytest.raises(InputError, match="yields no samples"):
        from_tonic(3, sensor=(4, 2))
