"""Names that `spikeloom.open` takes in place of a serial port."""

GOLDEN = "golden:"
TWIN = "twin:"
NETLIST = "netlist:"
