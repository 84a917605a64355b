"""Errors of this back end: of SpikeLoom's family, and of the classes that users of PyNN expect."""

from __future__ import annotations

from pyNN import errors

from spikeloom.hdl.contract.errors import FitError, ForeignNetworkError, InputError


class UnsupportedModelError(ForeignNetworkError, errors.InvalidModelError, NotImplementedError):
    """A cell, synapse, rule or current source that a core has nothing like; the message names it."""


class NetworkTooLargeError(FitError, errors.NoModelAvailableError):
    """Models that one core cannot hold side by side, or delays that it cannot hold."""


class UnsupportedConnectionError(InputError, errors.ConnectionError):
    """Connections that a core cannot hold, or that come too late."""


class ParameterError(InputError, errors.InvalidParameterValueError):
    """A parameter that has no such value, or that cannot be changed while a network runs."""
