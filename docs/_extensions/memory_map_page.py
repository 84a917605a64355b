"""The reference page of the memory map, from `hdl/contract/memory_map.py` itself."""

from __future__ import annotations

import inspect
from enum import IntEnum

from sphinx.pycode import ModuleAnalyzer

from spikeloom.hdl.contract import memory_map
from spikeloom.hdl.contract.memory_map import (
    COUNTERS,
    LINK_VERSION,
    MAP_VERSION,
    Identity,
    Region,
    Register,
)


def _descriptions() -> dict[tuple[str, str], str]:
    """What the source says below each constant, by class ("" for the module) and name."""
    docs = ModuleAnalyzer.for_module(memory_map.__name__).find_attr_docs()
    return {place: " ".join(lines).strip() for place, lines in docs.items()}


def _table(head: str, rows: list[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows]) + "\n"


def _members(kind: type[IntEnum], base: int, said: dict[tuple[str, str], str]) -> str:
    return _table(
        "| address | name | |",
        [
            f"| `0x{base + member.value:08x}` | `{name}` | {said.get((kind.__name__, name), '')} |"
            for name, member in kind.__members__.items()
        ],
    )


def memory_map_page() -> str:
    """Markdown of the page."""
    said = _descriptions()
    overview = inspect.getdoc(memory_map) or ""
    counters = [
        f"| `0x{Region.COUNTERS.base + 2 * k:08x}` | `{name}` | {bits} |"
        for k, (name, bits) in enumerate(COUNTERS.items())
    ]
    return f"""# Memory map

Version {MAP_VERSION}, for link version {LINK_VERSION}. This page is generated from
`spikeloom.hdl.contract.memory_map`, the only place where addresses are defined.
`spikeloom info FILE` prints the addresses of one configuration.

```text
{overview}
```

## Identity

{_members(Identity, Region.IDENTITY.base, said)}
## Control registers

{_members(Register, Region.CONTROL.base, said)}
## Counters

{_table("| address | name | bits |", counters)}
{said.get(("", "COUNTERS"), "")}

## Regions

{_table("| first address | region |", [f"| `0x{r.base:08x}` | `{r.name}` |" for r in Region])}"""
