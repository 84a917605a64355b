"""Parameters of neurons as they are rounded to a core's integers, and what that gives."""

from __future__ import annotations

import numpy as np

from spikeloom.hdl.contract.errors import FitError

from .rounding import (
    Floats,
    Integers,
    ParameterDeviation,
    decay_constant,
    fading_time_constant,
    longest_time_constant,
    same,
)


class RoundedNeurons:
    """Parameters of N neurons: a neuron's class puts each into the core's format with one call.

    Parameters are named as in the network; `field` is the name in the core, where it is another.

    Attributes
    ----------
    asked : (N,) floats by name, as `Neuron.parameters` gives them.
    scale : (N,) units of the state for one unit of potentials.
    dt : length of a time step in seconds.
    largest : the largest number of the state.
    values : (N,) integers by field.
    realised : what the integers give, (N,) floats by name, of the parameters that were noted.
    deviations : the worst neuron of each parameter that the network uses.
    """

    def __init__(
        self,
        asked: dict[str, Floats],
        scale: Floats,
        dt: float,
        state_bits: int,
        thresholds: Integers | None = None,
    ) -> None:
        self.asked, self.scale, self.dt = asked, scale, dt
        self.largest = (1 << (state_bits - 1)) - 1
        self.values: dict[str, Integers] = {}
        self.realised: dict[str, Floats] = {}
        self.deviations: list[ParameterDeviation] = []
        self._state_bits, self._thresholds = state_bits, thresholds

    def potential(self, name: str, field: str = "", *, noted: bool = True) -> None:
        """Round what has the unit of potentials; `FitError` where the state cannot hold it."""
        field = field or name
        exact = np.rint(self.asked[name] * self.scale)
        if name == "v_threshold" and self._thresholds is not None:
            exact = self._thresholds.astype(np.float64)
        if np.any(np.abs(exact) > self.largest):
            worst = float(np.abs(exact).max())
            raise FitError(
                f"{name} is {worst:.6g} at a scale of {self.scale[np.argmax(np.abs(exact))]:g}, "
                f"more than {self._state_bits} bits hold (±{self.largest}); use a scale of at most "
                f"{0.999 * float(np.min(self.scale)) * self.largest / worst:.4g}, "
                f"or state_bits of {int(worst).bit_length() + 1}"
            )
        self.values[field] = exact.astype(np.int64)
        if noted:
            held = self.values[field]
            if name == "v_threshold" and "above" in self.asked:
                # What fires above a threshold compares with the next unit.
                held = held - (self.asked["above"] > 0)
            got = same(held / self.scale, self.asked[name], 1.0 / self.scale)
            self.note(name, "", self.asked[name], got)

    def limited_potential(self, name: str, field: str) -> None:
        """The same for a number from 0 that may be infinite: the largest that the state holds."""
        asked = self.asked[name]
        exact = np.rint(asked * self.scale)
        self.values[field] = np.minimum(exact, self.largest).astype(np.int64)
        clipped = np.isfinite(asked) & (exact > self.largest)
        got = same(self.values[field] / self.scale, asked, 1.0 / self.scale)
        got = np.where(np.isinf(asked), np.inf, got)
        self.note(name, "", asked, got, int(clipped.sum()))

    def lowest_potential(self, name: str) -> None:
        """The same for a floor, at most 0, which may be −infinity: the smallest that the state holds."""
        asked = self.asked[name]
        exact = np.rint(asked * self.scale)
        self.values[name] = np.maximum(exact, -self.largest - 1.0).astype(np.int64)
        got = same(self.values[name] / self.scale, asked, 1.0 / self.scale)
        self.note(name, "", asked, np.where(exact < -self.largest - 1.0, asked, got))

    def decay(
        self,
        name: str,
        field: str,
        *,
        label: str = "",
        start: Integers | int = 0,
        noted: bool = True,
    ) -> None:
        """Round a time constant in seconds to a decay constant.

        `label` is its name in the report, which has the time constant with which a value of `start`
        fades; without, the one of large values.
        """
        asked = self.asked[name]
        d = self.values[field] = decay_constant(asked, self.dt)
        clipped = np.isfinite(asked) & (asked > longest_time_constant(self.dt))
        if noted:
            realised = fading_time_constant(start, d, self.dt)
            self.note(label or name, "s", asked, realised, int(clipped.sum()))

    def steps(self, name: str, field: str = "") -> None:
        """Round a time in seconds to steps."""
        field = field or name
        self.values[field] = np.rint(self.asked[name] / self.dt).astype(np.int64)
        self.note(name, "s", self.asked[name], self.values[field] * np.float64(self.dt))

    def number(self, name: str, field: str, unit: Floats | float, most: int) -> None:
        """Round a number to multiples of 1/`unit`, 0…`most` of them; others are clipped."""
        exact = np.rint(self.asked[name] * unit)
        self.values[field] = np.clip(exact, 0, most).astype(np.int64)
        clipped = int(np.sum((exact < 0) | (exact > most)))
        with np.errstate(divide="ignore", invalid="ignore"):
            got = np.where(unit == 0, 0.0, self.values[field] / unit)
        self.note(name, "", self.asked[name], got, clipped)

    def note(self, name: str, unit: str, asked: Floats, got: Floats, clipped: int = 0) -> None:
        """Add a line to the report, unless it says that 0 is 0, or infinity infinity."""
        self.realised[name] = got
        if np.all((asked == got) & ((asked == 0) | np.isinf(asked))):
            return
        with np.errstate(invalid="ignore"):
            distance = np.where(asked == got, 0.0, np.abs(got - asked))
        worst = int(np.argmax(np.where(np.isfinite(distance), distance, -1.0)))
        self.deviations.append(
            ParameterDeviation(name, unit, float(asked[worst]), float(got[worst]), clipped)
        )
