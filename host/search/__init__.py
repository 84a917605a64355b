"""The fewest bits that keep the accuracy of a network on the user's own data.

`samples` has the data and the measure, `fewest_bits` the search, and `rounding_costs` what each kind of
number of each population loses.  `compile(…, samples=…)` begins it.
"""

__all__ = ["samples"]
