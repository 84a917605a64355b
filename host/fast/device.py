"""The fast model as a device: the golden model's answers, many times faster."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import Image
from spikeloom.sim.fast import FastCore

from ..device.golden import GoldenDevice
from ..device.run import Run
from ..quantise.rounding import Integers


class FastDevice(GoldenDevice):
    """A `FastCore` behind the interface that boards have; the design is loaded from the start.

    Everything is as in the golden model, but compiled.  `run_batch` runs samples in threads, unless
    they learn or have different lengths.
    """

    scheme = "fast:"
    title = "fast model"
    _core: FastCore

    def _make_core(self, image: Image, batch: int = 1) -> FastCore:
        return FastCore(image, batch)

    def _run(self, raster: NDArray[np.bool_], rows: Iterable[NDArray[np.bool_]]) -> Run:
        if rows is not raster:  # in real time, a row at a time
            return super()._run(raster, rows)
        start, before = self._core.step_number, self._counted()
        watched = self._monitors.watched
        fired, values = self._core.run_watched(raster[None], len(raster), watched)
        return self._run_of(start, fired[0], values[0], self._counted_since(before))

    def _run_batch(self, rasters: list[NDArray[np.bool_]]) -> list[Run]:
        image = self._core.image
        together = len({len(raster) for raster in rasters}) == 1
        if not together or image.learning.get("enabled"):
            return super()._run_batch(rasters)
        core = FastCore(image, len(rasters))
        watched = self._monitors.watched
        fired, values = core.run_watched(np.stack(rasters), len(rasters[0]), watched)
        counted = core.counters
        return [
            self._run_of(0, fired[k], values[k], {name: int(n[k]) for name, n in counted.items()})
            for k in range(len(rasters))
        ]

    def _run_of(
        self, start: int, fired: NDArray[np.bool_], values: Integers, counted: dict[str, int]
    ) -> Run:
        """What the host sees of a run: the spikes that are reported."""
        report = self.design.image.report
        assert report is not None
        reported = fired if report.all() else fired & report
        monitored = dict(zip(self._monitors.labels, values, strict=True))
        return Run.of(self.design, start, reported, monitored, counted)
