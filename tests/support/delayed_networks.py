"""Networks of small integers for tests, with delays, also recurrent and double projections."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeloom.network.network import IF, Network

DT = 1e-3


@st.composite
def delayed_networks(draw, longest=5, learning=None, max_size=4, max_projections=6):
    network = Network(dt=DT, learning=learning)
    for k in range(draw(st.integers(0, 2))):
        network.input(f"in{k}", draw(st.integers(1, 3)))
    for k in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, max_size))
        threshold = draw(hnp.arrays(np.int64, size, elements=st.integers(1, 6)))
        bias = draw(hnp.arrays(np.int64, size, elements=st.integers(-1, 2)))
        network.population(f"n{k}", size, IF(v_threshold=threshold, bias=bias))
    sources, targets = list(network), list(network.populations.values())
    pairs = st.tuples(st.sampled_from(sources), st.sampled_from(targets))
    seen = set()
    for source, target in draw(st.lists(pairs, max_size=max_projections)):
        if source.neuron is None and (source, target) in seen:
            continue  # an input has one axon, so one delay to each neuron
        seen.add((source, target))
        shape = (source.size, target.size)
        least = 0 if source.neuron is None else 1
        steps = st.integers(least, least + longest)
        either = st.one_of(st.none(), steps, hnp.arrays(np.int64, shape, elements=steps))
        delay = draw(either)
        axonal = draw(st.integers(0, longest)) if least else 0
        network.connect(
            source,
            target,
            draw(hnp.arrays(np.int64, shape, elements=st.integers(-3, 3))),
            plastic=learning is not None and draw(st.booleans()),
            delay=None if delay is None else delay * DT,
            axonal_delay=axonal * DT,
        )
    return network
