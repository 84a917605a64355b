"""Networks in NIR, the Neuromorphic Intermediate Representation: read, and written.

A file goes `raw` → `flat` → `shapes` → `signals` → `units` → `timing` → `read`: nodes as they are
written, without nested graphs, with shapes, with linear maps composed, as neurons of ours, with the
steps by which each acts later here, and as a network.  `write` is the way back.
"""

__all__ = ["read", "write"]
