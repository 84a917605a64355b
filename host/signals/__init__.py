"""Numbers to spikes and back: sources of input spikes, encoders and decoders; arrays alone.

`sources` are what `device.run` takes in place of an array, `encode` turns values into rasters and
`decode` rasters into values; `seeds` has the random numbers of all.  `camera_events` are those of event
cameras, and `event_files` reads them from recordings and data sets.
"""

__all__ = ["camera_events", "decode", "encode", "event_files", "seeds", "sources"]
