"""Checks before anything is built: all that an importer would refuse, and whether a chip holds the rest.

`nir_nodes` finds what is refused in a NIR graph, and not the first of it alone; `fit` compares a network
or a design with a board.
"""

from .fit import Fit, fit_design, fit_network

__all__ = ["Fit", "fit_design", "fit_network"]
