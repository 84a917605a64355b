"""Names that `spikeloom.open` takes in place of a serial port."""

GOLDEN = "golden:"
FLOAT = "float:"
TWIN = "twin:"
NETLIST = "netlist:"
