"""The page of the fitted table's errors, from boards/fitted_table.json itself."""

from __future__ import annotations

from spikeloom.boards.families import family_named
from spikeloom.boards.fitted import fitted_table

_TITLES = {
    "luts": "LUTs",
    "flip_flops": "flip-flops",
    "block_rams": "block RAM",
    "period_ns": "clock period",
}


def fitted_table_page() -> str:
    """Markdown of the page."""
    rows = [
        f"| {family_named(family).title} | {_TITLES[name]} | {found['points']} | "
        f"{found['median_error']:.0%} | {found['error']:.0%} |"
        for family, resources in fitted_table()["families"].items()
        for name, found in resources.items()
    ]
    return "\n".join(
        [
            "# Fitted table",
            "",
            "How far the estimates of `boards/fitted_table.json` are from synthesis, and for the",
            "clock period from routing, of configurations that the fit has not seen: random ones of",
            "16 to 512 neurons and axons with 1 to 16 lanes, each left out in turn.",
            "",
            "| family | figure | configurations | error, half of them | error, nine of ten |",
            "|---|---|--:|--:|--:|",
            *rows,
            "",
        ]
    )
