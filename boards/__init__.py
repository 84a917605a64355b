"""Boards: definitions, bitstreams, resource estimates, and netlists for simulation.

The names are listed in `__init__.pyi`. Each is imported when it is first used: definitions are read
without gateware and tools.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
