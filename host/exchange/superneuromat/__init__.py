"""Networks of SuperNeuroMAT, exactly: its objects, and its JSON.

`network` maps one, `record` reads it, `chains` folds chains of hidden neurons into delays.
"""

__all__ = ["network"]
