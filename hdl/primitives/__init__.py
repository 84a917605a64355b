"""What blocks of gateware share: signatures and layouts between them, and small parts.

- `bus`, `access`, `decoder`: the bus, access to a block's words, and the way from one to the other.
- `signatures`, `layouts`, `operations`: what blocks hand to each other, and after how many cycles.
- `skid`, `round_robin`, `pipeline`: registers in streams and pipelines, and fair choice.
- `operations`, `lane_chain`: what lanes do, and what is handed along them.
- `arithmetic`, `bits`: the numbers of docs/reference/semantics.md, and tricks with bits.
"""

from .access import AccessSignature, answer_after
from .arithmetic import Decay, TowardZero, saturate
from .bus import BusSignature
from .decoder import Window, decode_bus
from .layouts import record
from .signatures import FiredSignature
from .skid import Skid

__all__ = [
    "AccessSignature",
    "BusSignature",
    "Decay",
    "FiredSignature",
    "Skid",
    "TowardZero",
    "Window",
    "answer_after",
    "decode_bus",
    "record",
    "saturate",
]
