"""Design spaces: sweeps over many workers, cached results, Pareto fronts as table and page.

`space` says what is varied, `target` holds the user's function, `point` runs it at one point (on a
worker), `cache` keeps results by digest, `workers` starts or finds Dask workers, `sweep` does all of
it; `results` and `front` are what comes out, `page` draws it.
"""

__all__ = ["front", "results", "space", "sweep"]
