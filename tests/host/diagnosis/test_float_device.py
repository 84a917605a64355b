"""`float:` runs networks by the equations of the semantics, without rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_networks import random_exact_network, random_float_network, simulate

import spikeloom
from spikeloom import IF, LIF, AdLIF, InputError, LinkError, Network, PairSTDP, Poisson

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.booleans())
def test_it_does_what_the_equations_say(seed, exact):
    network, spikes = (random_exact_network if exact else random_float_network)(seed)
    device = spikeloom.open("float:", network)
    steps = len(next(iter(spikes.values())))
    first = device.run({k: v[:17] for k, v in spikes.items()}).spikes
    rest = device.run({k: v[17:] for k, v in spikes.items()}).spikes
    wanted, margins, _ = simulate(network, spikes, steps)
    found = np.concatenate([first, rest])
    if np.array_equal(found, wanted):
        return
    # Sums in another order may be off by the last bit, where a potential meets its threshold.
    step = np.flatnonzero(np.any(found != wanted, axis=1))[0]
    which = found[step] != wanted[step]
    assert np.all(
        np.abs(margins[step][which]) < 1e-9 * (1 + np.abs(margins[step][which]).max()) + 1e-9
    )


def test_it_is_used_as_a_device_is():
    net = Network()
    cells = net.population("cells", 3, LIF(20e-3, v_threshold=-50.0, v_rest=-65.0))
    net.connect(net.input("eye", 4), cells, 8.0)
    with spikeloom.open("float:", net) as device:
        device.monitor("cells")
        run = device.run({"eye": Poisson(100.0, seed=1)}, steps=50)
        assert run.steps == device.step == 50
        assert run["cells"].any()
        assert run.monitored["v[0]"].min() >= -65.0
        device.reset()
        again = device.run({"eye": Poisson(100.0, seed=1)}, steps=50)
        assert np.array_equal(run.spikes, again.spikes)
        one, other = device.run_batch([{"eye": np.ones((5, 4))}, {"eye": np.zeros((5, 4))}])
        assert one.spikes.sum() > other.spikes.sum() == 0
        assert "floats of" in repr(device)
    with pytest.raises(LinkError, match="closed"):
        device.run(steps=1)


def test_what_it_cannot_run_is_refused():
    net = Network(learning=PairSTDP(w_max=1.0))
    net.population("cells", 1, IF())
    with pytest.raises(InputError, match="no learning rules"):
        spikeloom.open("float:", net)
    net = Network()
    net.population("cells", 1, AdLIF(tau_mem=20e-3, tau_w=50e-3))
    with pytest.raises(InputError, match="'adlif' has no equations"):
        spikeloom.open("float:", net)
    net = Network()
    net.population("cells", 1, IF())
    with pytest.raises(InputError, match="takes a Network"):
        spikeloom.open("float:", spikeloom.compile(net))
    with pytest.raises(InputError, match="no option"):
        spikeloom.open("float:", net, seed=1)
    device = spikeloom.open("float:", net)
    for wrong in ("nope", [5]):
        with pytest.raises(InputError, match=r"no (population|neuron)"):
            device.monitor(wrong)
