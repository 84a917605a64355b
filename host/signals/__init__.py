"""Numbers to spikes and back: sources of input spikes, encoders and decoders; arrays alone.

`sources` are what `device.run` takes in place of an array, `encode` turns values into rasters and
`decode` rasters into values; `seeds` has the random numbers of all.
"""

__all__ = ["decode", "encode", "seeds", "sources"]
