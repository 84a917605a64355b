"""Networks of other tools: one module for each format, which reads it into a `Network`.

`importer` finds the format of a file; `imported` is what an import gives.  No framework is imported
before a network of its format is, and none is needed to read a file.
"""

__all__ = ["ann", "ann_layers", "ann_result", "checked", "checking", "imported", "importer", "nir"]
