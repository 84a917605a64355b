"""A running board in a web page: raster, rates, potentials, weights, counters.

`LiveSource` steps a device in parts and keeps what has happened lately; `Runner` gives it a thread
of its own, the only one that touches the device; `PageServer` shows it at an address of this machine.
"""
