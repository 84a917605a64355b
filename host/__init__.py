"""SpikeLoom: spiking networks from Python to FPGA, with hardware and model equal bit for bit."""
