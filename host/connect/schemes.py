"""Names that `spikeloom.open` takes in place of a serial port."""

GOLDEN = "golden:"
FAST = "fast:"
FLOAT = "float:"
TWIN = "twin:"
NETLIST = "netlist:"

MADE_FOR_DESIGNS = (GOLDEN, FAST, TWIN)
"""Those that need a design, and nothing else, to be opened."""
