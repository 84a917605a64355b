"""What a design costs before it is built: clock cycles, resources, energy.

`cycles` and `energy` start from what a device counted; `resources` asks the fitted table of
`spikeloom.boards`, or synthesises.  `energy_figures` has the published energies and their sources.
"""

__all__ = ["cycles", "energy", "energy_figures", "resources"]
