"""Event recordings and data sets: AEDAT4 files, and what yields pairs of events and a label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import InputError, MissingToolError

from .camera_events import MICROSECONDS, CameraEvents


def read_aedat4(
    path: str | Path, *, stream: int | None = None, start: float | None = None
) -> CameraEvents:
    """Read the events of an AEDAT4 file, which cameras of iniVation write.

    Parameters
    ----------
    path : the file; compressed ones, too.
    stream : number of the stream in the file; default: the one stream of events.
    start : time in microseconds at which step 0 begins; default: that of the first event.

    Raises
    ------
    InputError : no such file, a damaged one, or one without such a stream.
    MissingToolError : `aedat` is not installed.
    """
    try:
        import aedat
    except ImportError:
        raise MissingToolError(
            "AEDAT4 files are read with aedat: pip install 'spikeloom[events]'"
        ) from None
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {file}")
    decoder = _guarded(file, lambda: aedat.Decoder(str(file)))
    streams = decoder.id_to_stream()
    kinds = {number: found["type"] for number, found in streams.items()}
    if stream is None:
        events = [number for number, kind in kinds.items() if kind == "events"]
        if len(events) != 1:
            raise InputError(
                f"{file} has {len(events)} streams of events; choose one with stream=, of {kinds}"
            )
        (stream,) = events
    elif kinds.get(stream) != "events":
        raise InputError(f"stream {stream!r} of {file} has no events; its streams are {kinds}")
    parts = [
        packet["events"]
        for packet in _packets(file, decoder)
        if packet["stream_id"] == stream and "events" in packet
    ]
    names = ("t", "x", "y", "on")
    columns = [np.concatenate([part[name] for part in parts]) if parts else np.zeros(0, "u8")
               for name in names]  # fmt: skip
    kinds_of = [("t", "i8"), ("x", "i8"), ("y", "i8"), ("on", "?")]
    array = np.zeros(len(columns[0]), dtype=kinds_of)
    for name, column in zip(names, columns, strict=True):
        array[name] = column
    found = streams[stream]
    return CameraEvents.of(array, (int(found["width"]), int(found["height"])), start=start)


def from_tonic(
    dataset: Iterable[tuple[Any, Any]],
    *,
    sensor: tuple[int, int] | None = None,
    limit: int | None = None,
    time_unit: float = MICROSECONDS,
) -> tuple[list[CameraEvents], NDArray[Any]]:
    """The samples of a data set of `tonic`, or of anything that yields pairs of events and a label.

    Parameters
    ----------
    dataset : as the user has it; tonic itself is not imported.
    sensor : (width, height) in pixels; default: the data set's `sensor_size`.
    limit : so many samples; default: all.
    time_unit : seconds of a unit of the events' times.

    Returns
    -------
    Events of each sample, which begin with its first event, and (samples,) labels.

    Raises `InputError` for what is no such data set, or for events that do not fit the sensor, with
    the number of the sample.
    """
    if sensor is None:
        size = getattr(dataset, "sensor_size", None)
        if size is None:
            raise InputError("the data set has no sensor_size; give sensor=(width, height)")
        sensor = (int(size[0]), int(size[1]))
    samples: list[CameraEvents] = []
    labels: list[Any] = []
    for number, pair in enumerate(islice(_pairs(dataset), limit)):
        try:
            events, label = pair
        except (TypeError, ValueError):
            raise InputError(f"sample {number} is no pair of events and a label") from None
        try:
            samples.append(CameraEvents.of(events, sensor, time_unit=time_unit))
        except InputError as error:
            raise InputError(f"sample {number}: {error}") from None
        labels.append(label)
    return samples, np.asarray(labels)


def _pairs(dataset: Any) -> Iterator[Any]:
    """The samples of what can be indexed, as data sets of tonic can, or iterated over."""
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__"):
        return (dataset[k] for k in range(len(dataset)))
    try:
        return iter(dataset)
    except TypeError:
        raise InputError(f"{dataset!r} yields no samples") from None


def _packets(file: Path, decoder: Any) -> Iterator[dict[str, Any]]:
    while True:
        packet = _guarded(file, lambda: next(decoder, None))
        if packet is None:
            return
        yield packet


def _guarded(file: Path, read: Any) -> Any:
    """What `read` gives; an `InputError` for whatever the decoder raises."""
    try:
        return read()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # its panics are no Exception
        raise InputError(f"{file} cannot be read as AEDAT4; is it damaged? ({error})") from None
