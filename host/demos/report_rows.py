"""Rows that the reports of all demos end with."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def add_closing_rows(
    table: Table, config: dict[str, Any], files: dict[str, str], seconds: dict[str, float]
) -> None:
    """The core (`CoreConfig.to_dict`), the files that were written, and where the time went."""
    core = f"{config['neurons']} neurons, {config['axons']} axons, {config['lanes']} lanes"
    learning = config.get("learning")
    rule = f", rule {learning['rule']}" if learning else ""
    table.add_row("core", f"{core}, {config['weight_bits']}-bit weights{rule}")
    for name, path in files.items():
        table.add_row(name, path)
    spent = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    table.add_row("time", spent)
