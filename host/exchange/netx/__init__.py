"""Networks of lava-dl: the HDF5 of netx, whose numbers are those of Loihi.

`network` maps one, `layers` reads it, `convolution` makes synapses of kernels.
"""

__all__ = ["network"]
