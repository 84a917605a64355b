"""How the functions of this room are compiled, and what has to be installed for it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from spikeloom.hdl.contract.errors import MissingToolError

try:
    import numba
    from numba import types
    from numba.extending import intrinsic
except ImportError:
    raise MissingToolError(
        "the fast model is compiled with Numba, which is not installed: "
        "pip install 'spikeloom[fast]'; \"golden:\" runs the same network without it"
    ) from None

# Nothing is allocated in compiled code: without Numba's run time no array is counted at each use,
# which would take most of the time.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}

inlined = numba.njit(forceinline=True, **_OPTIONS)
"""Compiled as a part of each function that calls it, so that constant arguments cost nothing."""

kernel = numba.njit(**_OPTIONS)
"""Compiled as a function of its own."""

entry = numba.njit(nogil=True, cache=True, **_OPTIONS)
"""Called from Python: kept on disk once compiled, and other threads run beside it."""


@intrinsic
def trailing_zeros(context: Any, number: Any) -> Any:
    """How many bits of a uint64 that is not 0 are 0 below the first that is set, an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(*arguments, context.get_constant(types.boolean, True))

    return types.int64(types.uint64), generate


def _version() -> str:
    """A digest of the room's sources.

    Numba keeps what it compiled as long as the file of the entry is the same, and does not look at
    the files of the functions that it calls: entries have this string in their closure instead.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


VERSION = _version()
