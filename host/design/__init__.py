"""Designs and snapshots: what is loaded into a core and what it holds, as data and as archives.

`contents` is the one table of what a core holds; `units` turns its integers into a user's units.
"""

__all__ = [
    "contents",
    "design",
    "files",
    "input_raster",
    "names",
    "placement",
    "run_limits",
    "snapshot",
    "spike_files",
    "units",
]
